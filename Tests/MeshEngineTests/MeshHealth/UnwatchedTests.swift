import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts
import Testing

@testable import MeshEngine

/// Checks that too few look at, told word by word: nodes that hold each other's reports and hear at
/// once what was told, looked at every five seconds.
struct UnwatchedTests {
    private static func node(_ number: Int) -> NodeID {
        NodeID(Bytes16(high: UInt64(number), low: 0))
    }

    private static func check(_ number: Int) -> UnwatchedCheck {
        guard let name = CheckName("c\(number)") else { preconditionFailure("a fair name") }
        return UnwatchedCheck(
            id: CheckID(Bytes16(high: UInt64(number) << 32, low: 0)), name: name,
            lack: WatchLack(
                owners: 3, quorum: 2, zones: 1, reachable: 1, zonesReached: 1, looking: 1,
                declining: [], silent: []))
    }

    /// Three nodes, each the first owner of some checks.
    private struct Mesh {
        static let parameters = MeshHealthParameters()
        var watches: [SelfWatch]
        var healths: [MeshHealth]
        var reports: [Int: NodeReport] = [:]
        var unwatched: [[Int]] = [[], [], []]
        var alive: Set<Int> = [0, 1, 2]
        var told: (revision: UInt64, state: TargetState)?
        /// What was told, by whoever came first: revision, state, words.
        var words: [String] = []
        var reportCount = 0
        var seconds: Int64 = 0

        init() {
            watches = (0..<3).map { SelfWatch(Self.parameters, id: node($0)) }
            healths = Array(repeating: MeshHealth(Self.parameters), count: 3)
            for number in 0..<3 { restart(number) }
        }

        var now: Instant { .zero + .seconds(seconds) }

        func sight() -> MeshHealth.Sight {
            var sight = MeshHealth.Sight(hasMajority: true, group: alive.sorted().map(node))
            sight.missing = (0..<3).filter { !alive.contains($0) }.map(node)
            sight.reports = reports.sorted { $0.key < $1.key }.map { (node($0), $1) }
            sight.unwatchedKnown = told
            if let told, told.state != .up {
                sight.told = [.init(subject: .unwatchedChecks, node: node(0))]
            }
            return sight
        }

        /// With what the others hold of it, and nothing else.
        mutating func restart(_ number: Int) {
            watches[number] = SelfWatch(Self.parameters, id: node(number))
            watches[number].restore(reports[number] ?? NodeReport([], RecordText("")), now: now)
            healths[number] = MeshHealth(Self.parameters)
        }

        mutating func run(_ span: Int64) {
            let end = seconds + span
            while seconds < end {
                seconds += 5
                for number in alive.sorted() { look(number) }
            }
        }

        private mutating func look(_ number: Int) {
            let sight = sight()
            for step in healths[number].look(at: sight, now: now) {
                let known = told?.revision ?? 0
                switch step {
                case .begins(.unwatchedChecks, _) where told?.state != .down:
                    tell(max(known + 1, sight.unwatched.owed), .down, sight)
                case .grows(.unwatchedChecks, _): tell(sight.unwatched.owed, .down, sight)
                case .ends(.unwatchedChecks) where told?.state != .up:
                    tell(sight.unwatched.highest + 1, .up, sight)
                default: break
                }
            }
            watches[number].note(
                unwatched: unwatched[number].map(check), sight.unwatched,
                name: { "\($0.bytes.high)" }, now: now)
            if let report = watches[number].takeReport(now: now) {
                reports[number] = report
                reportCount += 1
            }
        }

        private mutating func tell(
            _ revision: UInt64, _ state: TargetState, _ sight: MeshHealth.Sight
        ) {
            told = (revision, state)
            let text = sight.unwatched.words(under: revision, missing: "")
            words.append(state == .up ? "\(revision) up" : "\(revision) \(text)")
        }

        /// What was told since the last call.
        mutating func taken() -> [String] {
            defer { words = [] }
            return words
        }
    }

    private static let why = "2 must agree, 1 node can look"

    @Test func `one is told of, ten more an hour later once, and the end once`() {
        var mesh = Mesh()
        mesh.run(60)
        mesh.unwatched[0] = [1]
        mesh.run(300)
        #expect(mesh.taken().isEmpty)
        mesh.run(60)
        #expect(mesh.taken() == ["1 1 check is not watched: c1 (\(Self.why))"])
        mesh.run(3_600)
        #expect(mesh.taken().isEmpty)
        #expect(mesh.reportCount == 1)
        // Two nodes see the growth, one of them a little later.
        mesh.unwatched[1] = Array(10..<16)
        mesh.run(10)
        mesh.unwatched[2] = Array(20..<24)
        mesh.run(290)
        #expect(mesh.taken().isEmpty)
        mesh.run(60)
        let words = mesh.taken()
        #expect(words.count == 1)
        #expect(
            words.first?.hasPrefix(
                "2 11 checks are not watched, 10 since last told: c10, c11, c12") == true)
        #expect(words.first?.hasSuffix(", c1 (\(Self.why))") == true)
        #expect(words.first?.contains("c20") == true)
        mesh.run(3_600)
        #expect(mesh.taken().isEmpty)
        mesh.unwatched = [[], [], []]
        mesh.run(120)
        #expect(mesh.taken() == ["3 up"])
        mesh.run(3_600)
        #expect(mesh.taken().isEmpty)
    }

    @Test func `a set that shrinks, or comes back to what was told, is no news`() {
        var mesh = Mesh()
        mesh.unwatched[0] = [1, 2, 3]
        mesh.run(400)
        #expect(mesh.taken().count == 1)
        for checks in [[1], [1, 2, 3], [3], [2, 3]] {
            mesh.unwatched[0] = checks
            mesh.run(700)
        }
        #expect(mesh.taken().isEmpty)
        #expect(mesh.reportCount == 1)
    }

    @Test func `what follows one by one is told in words five minutes apart`() {
        var mesh = Mesh()
        mesh.unwatched[0] = [1]
        mesh.run(400)
        #expect(mesh.taken().count == 1)
        // Every half minute another one, for half an hour.
        for number in 0..<60 {
            mesh.unwatched[number % 3].append(100 + number)
            mesh.run(30)
        }
        #expect((4...6).contains(mesh.taken().count))
        mesh.run(1_000)
        #expect(mesh.taken().last?.contains("61 checks are not watched") == true)
        mesh.run(3_600)
        #expect(mesh.taken().isEmpty)
    }

    @Test func `a restart repeats nothing, and does not hide what follows`() {
        var mesh = Mesh()
        mesh.unwatched[0] = Array(1...200)
        mesh.run(400)
        #expect(mesh.taken().count == 1)
        #expect(mesh.reports[0]?.unwatched?.marks.count == NodeReport.Unwatched.marksMax)
        #expect(mesh.reports[0]?.unwatched?.unmarked == 72)
        for number in 0..<3 { mesh.restart(number) }
        mesh.run(3_600)
        #expect(mesh.taken().isEmpty)
        mesh.unwatched[0].append(777)
        mesh.run(400)
        let words = mesh.taken()
        #expect(words.count == 1)
        #expect(words.first?.hasPrefix("2 201 checks are not watched, 1 since last told") == true)
    }

    @Test func `the next first owner says what its dead one has said, and no more`() {
        var mesh = Mesh()
        mesh.unwatched[0] = [1, 2]
        mesh.run(400)
        #expect(mesh.taken().count == 1)
        mesh.alive = [1, 2]
        mesh.unwatched[1] = [1, 2]
        mesh.run(3_600)
        #expect(mesh.taken().isEmpty)
        mesh.unwatched[1] = []
        mesh.run(120)
        #expect(mesh.taken() == ["2 up"])
        // What it said has been over since: its return is no news.
        mesh.alive = [0, 1, 2]
        mesh.unwatched[0] = []
        mesh.run(3_600)
        #expect(mesh.taken().isEmpty)
    }

    @Test func `what nobody told before it was well is new when it comes again`() {
        var mesh = Mesh()
        mesh.unwatched[0] = [1]
        mesh.run(400)
        _ = mesh.taken()
        mesh.unwatched[1] = [2]
        mesh.run(305)
        // It is asked for; all who would tell it are away until it is over.
        #expect(mesh.reports[1]?.unwatched?.word == 2)
        let healths = mesh.healths
        mesh.healths = Array(repeating: MeshHealth(Mesh.parameters), count: 3)
        mesh.unwatched[1] = []
        for _ in 0..<4 {
            mesh.run(10)
            mesh.healths = Array(repeating: MeshHealth(Mesh.parameters), count: 3)
        }
        mesh.healths = healths
        mesh.run(600)
        #expect(mesh.taken().isEmpty)
        mesh.unwatched[1] = [2]
        mesh.run(280)
        #expect(mesh.taken().isEmpty)
        mesh.run(120)
        #expect(mesh.taken().count == 1)
    }

    @Test func `one that is told without a node that asked in the last moment is told again`() {
        var mesh = Mesh()
        mesh.unwatched[0] = [1]
        mesh.run(400)
        _ = mesh.taken()
        mesh.unwatched[1] = [2]
        mesh.run(305)
        #expect(mesh.reports[1]?.unwatched?.word == 2)
        // Another says it at once, who has not heard the report.
        mesh.told = (2, .down)
        mesh.run(600)
        #expect(mesh.taken().count == 1)
        mesh.run(3_600)
        #expect(mesh.taken().isEmpty)
    }

    @Test func `a revision out of reach is not heeded`() {
        let lie = NodeReport.Unwatched(
            word: .max, first: .max, count: 1, added: 1, unmarked: 0, marks: [])
        let sight = UnwatchedSight(
            reports: [
                (Self.node(0), NodeReport(.unwatchedChecks, RecordText(""), unwatched: lie))
            ],
            group: [Self.node(0)], known: (3, .down))
        #expect(!sight.isWrong)
        #expect(sight.highest == 3)
    }

    @Test func `the words say how many, who is missing, and the new ones first`() {
        func report(_ word: UInt64, _ count: Int, _ added: Int, _ text: String) -> NodeReport {
            NodeReport(
                .unwatchedChecks, RecordText(text),
                unwatched: NodeReport.Unwatched(
                    word: word, first: 1, count: count, added: added, unmarked: 0, marks: []))
        }
        let sight = UnwatchedSight(
            reports: [
                (Self.node(0), report(1, 3, 3, "old (so)")),
                (Self.node(1), report(2, 5, 2, "new (why)")),
            ],
            group: [Self.node(0), Self.node(1)], known: (1, .down))
        #expect(
            sight.words(under: 2, missing: "x")
                == "8 checks are not watched, 2 since last told; missing: x: new (why), old (so)"
                + " and 6 more")
    }

    @Test func `a lack says what to do something about`() {
        func words(
            reachable: Int = 5, zones: Int = 1, reached: Int = 1, looking: Int = 1,
            declining: [NodeID] = [], silent: [NodeID] = []
        ) -> String {
            WatchLack(
                owners: 3, quorum: 2, zones: zones, reachable: reachable, zonesReached: reached,
                looking: looking, declining: declining, silent: silent
            ).words { "n\($0.bytes.high)" }
        }
        #expect(words(reachable: 1) == "2 must agree, 1 node can look")
        #expect(
            words(declining: [Self.node(7)], silent: (1...5).map(Self.node))
                == "2 must agree, 1 of 3 owners look; n7: no such check; "
                + "n1, n2, n3 and 2 more: no look of late")
        #expect(words(zones: 2, looking: 2) == "needs 2 zones, 1 can look")
    }
}

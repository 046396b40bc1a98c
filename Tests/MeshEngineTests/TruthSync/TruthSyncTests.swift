import MeshCore
import MeshMembership
import Testing

@testable import MeshEngine

@Suite struct TruthSyncTests {
    private let key = Archive.key(1)

    @Test func `each gets what only the other has, and both what they hold together`() {
        var pair = Pair()
        for number in 0..<300 { pair.archives[0].merge(Archive.key(number), [Archive.update(1)]) }
        for number in 200..<500 {
            pair.archives[1].merge(Archive.key(number), [Archive.update(1, 5)])
        }
        pair.force(0)
        #expect(pair.isAgreed)
        #expect(pair.archives[0].dossier(of: Archive.key(250)).count == 2)
        #expect(pair.finished.map(\.openedByUs).sorted { $0 && !$1 } == [true, false])
        #expect(pair.finished.filter(\.openedByUs).map(\.news) == [500])
        #expect(pair.finished.filter { !$0.openedByUs }.map(\.news) == [300])
    }

    @Test func `only buckets that differ are looked into`() {
        var pair = Pair()
        for node in 0..<2 {
            for number in 0..<1_000 {
                pair.archives[node].merge(Archive.key(number), [Archive.update(1)])
            }
        }
        pair.archives[1].merge(key, [Archive.update(1, 5)])
        pair.force(0)
        #expect(pair.isAgreed)
        #expect(pair.byteCount[1] < 1_000)
        #expect(pair.receivedCount == [1, 1])
    }

    @Test(arguments: [0, 1])
    func `who has the lower epoch is taught and does not teach`(ahead: Int) {
        var pair = Pair()
        pair.archives[ahead].merge(key, [Archive.update(3)])
        pair.archives[1 - ahead].merge(key, [Archive.update(2, 1), Archive.update(2, 2)])
        pair.force(0)
        #expect(pair.isAgreed)
        #expect(pair.receivedCount[ahead] == 0)
        #expect(pair.receivedCount[1 - ahead] == 1)
    }

    @Test func `an exchange that was forced ends even where nothing differs`() {
        var pair = Pair()
        pair.force(0)
        #expect(pair.finished.map(\.news) == [0, 0])
        #expect(pair.failed.isEmpty)
    }

    @Test func `a newcomer gets thousands, two thousand at a time`() {
        var pair = Pair()
        for number in 0..<7_000 {
            pair.archives[1].merge(Archive.key(number), [Archive.update(1)])
        }
        pair.force(0)
        #expect((1_500...DossierPacker.keysMax).contains(pair.receivedCount[0]))
        pair.run(seconds: 25)
        #expect(pair.isAgreed)
    }

    @Test func `one who opens to a newcomer gives thousands, two thousand at a time`() {
        var pair = Pair()
        for number in 0..<7_000 {
            pair.archives[0].merge(Archive.key(number), [Archive.update(1)])
        }
        pair.force(0)
        #expect(pair.receivedCount[1] == DossierPacker.keysMax)
        pair.run(seconds: 25)
        #expect(pair.isAgreed)
    }

    @Test func `large dossiers move two mebibytes at a time`() {
        var pair = Pair()
        for number in 0..<800 {
            let updates = (0..<10).map { Archive.update(1, UInt8($0), bytes: 600) }
            pair.archives[1].merge(Archive.key(number), updates)
        }
        pair.force(0)
        #expect(!pair.isAgreed)
        #expect(pair.byteCount[1] < DossierPacker.byteCountMax + 64_000)
        pair.run(seconds: 15)
        #expect(pair.isAgreed)
    }

    @Test func `updates that no datagram holds are exchanged as well`() {
        var pair = Pair()
        for number in 0..<40 {
            pair.archives[1].merge(
                Archive.key(number),
                [Archive.update(1, UInt8(number), bytes: Update.streamedByteCountMax)])
        }
        for _ in 0..<3 { pair.force(0) }
        #expect(pair.isAgreed)
        #expect(pair.failed.isEmpty)
    }

    @Test func `what came before a stream broke is kept`() {
        var pair = Pair()
        for number in 0..<500 {
            pair.archives[1].merge(Archive.key(number), [Archive.update(1, 0, bytes: 600)])
        }
        pair.framesUntilBreak = 6
        pair.force(0)
        #expect(pair.receivedCount[0] > 0 && pair.receivedCount[0] < 500)
        #expect(pair.failed.filter(\.openedByUs).count == 1)
        #expect(pair.finished.filter(\.openedByUs).isEmpty)
        pair.framesUntilBreak = nil
        pair.run(seconds: 6)
        #expect(pair.isAgreed)
    }

    // MARK: When

    @Test func `a difference that lasts a second opens one exchange`() throws {
        var pair = Pair()
        pair.archives[1].merge(key, [Archive.update(1)])
        let start = pair.now
        pair.tellDigest(of: 1, to: 0)
        pair.now = start + .milliseconds(900)
        pair.tellDigest(of: 1, to: 0)
        #expect(pair.opened.isEmpty)
        pair.now = start + .milliseconds(1_500)
        pair.tellDigest(of: 1, to: 0)
        #expect(pair.opened == [pair.now])
        #expect(pair.isAgreed)
        pair.run(seconds: 10)
        #expect(pair.opened.count == 1)
    }

    @Test func `a difference that moves on is talk and no hole`() {
        var pair = Pair()
        for number in 0..<10 {
            pair.archives[1].merge(Archive.key(number), [Archive.update(1)])
            pair.now = pair.now + .milliseconds(500)
            pair.tellDigest(of: 1, to: 0)
        }
        #expect(pair.opened.isEmpty)
        for number in 10..<20 {
            pair.archives[1].merge(Archive.key(number), [Archive.update(1)])
            pair.now = pair.now + .milliseconds(500)
            pair.tellDigest(of: 1, to: 0)
        }
        #expect(!pair.opened.isEmpty, "but nobody has agreed with us for six seconds")
    }

    @Test func `exchanges that change nothing are ever further apart`() {
        var pair = Pair()
        for node in 0..<2 {
            pair.archives[node].merge(key, [Archive.update(1, UInt8(node))])
            pair.archives[node].isStubborn = true
        }
        for _ in 0..<400 {
            pair.now = pair.now + .milliseconds(500)
            pair.tellDigest(of: 1, to: 0)
        }
        let gaps = zip(pair.opened, pair.opened.dropFirst()).map { $1 - $0 }
        #expect(gaps.count > 5 && gaps.count < 12)
        #expect(gaps[0] < .seconds(4))
        #expect(gaps[5] >= .seconds(30))
        #expect(gaps.allSatisfy { $0 < .seconds(33) })

        pair.archives[0].isStubborn = false
        pair.archives[1].merge(Archive.key(2), [Archive.update(1)])
        pair.run(seconds: 40)
        #expect(!pair.archives[0].dossier(of: Archive.key(2)).isEmpty)
    }

    @Test func `one stubborn peer keeps nobody from mending the rest`() {
        var trigger = TruthTrigger()
        var generator = SeededGenerator(seed: 1)
        var now = Instant(nanoseconds: 3_600_000_000_000)
        let (stubborn, other) = (Pair.ids[0], Pair.ids[1])
        var opened: [NodeID: Int] = [:]
        for _ in 0..<400 {
            now = now + .milliseconds(500)
            for node in [stubborn, other] {
                let theirs: UInt64 = node == stubborn ? 7 : 8
                guard
                    trigger.compare(theirs, of: node, with: 1, inStorm: false, now: now, using: &generator)
                else { continue }
                opened[node, default: 0] += 1
                trigger.noteOpened(now: now)
                trigger.noteEnded(with: node, broughtNews: node == other, now: now)
            }
        }
        #expect(opened[stubborn] ?? 0 <= 12)
        #expect(opened[other] ?? 0 >= 50)
    }

    @Test func `an exchange is whole when all has come and no bound left anything out`() {
        var scene = Pair()
        for number in 0..<10 {
            scene.archives[1].merge(Archive.key(number), [Archive.update(1)])
        }
        scene.force(0)
        #expect(scene.wholes == [true])
        var large = Pair()
        for number in 0..<5_000 {
            large.archives[1].merge(Archive.key(number), [Archive.update(1)])
        }
        for _ in 0..<4 { large.force(0) }
        #expect(large.wholes == [false, false, false, true])
    }

    @Test func `a node that is being exchanged with is not asked for a second time`() {
        var sync = TruthSync()
        let now = Instant(nanoseconds: 1_000_000_000)
        sync.force(Pair.ids[0], now: now)
        sync.force(Pair.ids[0], now: now)
        #expect(sync.popEffect() == .open(Pair.ids[0]))
        sync.handle(opened: nil, to: Pair.ids[0], now: now)
        _ = sync.popEffect()
        #expect(sync.popEffect() == nil)
    }

    @Test func `a stream that cannot be opened is told, and the next node has its turn`() {
        var sync = TruthSync()
        let now = Instant(nanoseconds: 1_000_000_000)
        let nodes = (1..<4).map { NodeID(Bytes16(high: UInt64($0), low: 0)) }
        for node in nodes { sync.force(node, now: now) }
        sync.force(nodes[1], now: now)
        #expect(sync.popEffect() == .open(nodes[0]))
        #expect(sync.popEffect() == nil, "one at a time")
        sync.handle(opened: nil, to: nodes[0], now: now)
        #expect(sync.popEffect() == .failed(with: nodes[0], openedByUs: true))
        #expect(sync.popEffect() == .open(nodes[1]))
        sync.handle(opened: StreamID(1), to: nodes[1], now: now)
        #expect(sync.popEffect() == nil)
        var generator = SeededGenerator(seed: 1)
        sync.handle(
            .closed, on: StreamID(1), from: nil, source: Archive(), now: now, using: &generator)
        #expect(sync.popEffect() == .failed(with: nodes[1], openedByUs: true))
        #expect(sync.popEffect() == .open(nodes[2]))
    }

    // MARK: Peers that break the rules

    /// A node that was asked by a peer, or has asked one, up to where the frame of the test comes.
    private struct Scene {
        var sync = TruthSync()
        var archive = Archive()
        var generator = SeededGenerator(seed: 4)
        let now = Instant(nanoseconds: 1_000_000_000)
        let peer = NodeID(Bytes16(high: 9, low: 0))
        let stream = StreamID(1)

        init(opened: Bool) {
            archive.merge(Archive.key(1), [Archive.update(1)])
            guard opened else { return }
            sync.force(peer, now: now)
            sync.handle(opened: stream, to: peer, now: now)
            say(.opened)
        }

        mutating func say(_ event: ForeignStreamEvent, on other: StreamID? = nil) {
            sync.handle(
                event, on: other ?? stream, from: peer, source: archive, now: now,
                using: &generator)
        }
        mutating func say(_ frame: TruthFrame) { say(.frame(kind: frame.kind, body: frame.body)) }

        mutating func effects() -> [TruthSync.Effect] {
            var all: [TruthSync.Effect] = []
            while let effect = sync.popEffect() { all.append(effect) }
            return all
        }
    }

    private static let empty = TruthFrame.buckets(TruthDigest().buckets)
    private static let own = BucketSet([TruthDigest.bucket(of: Archive.key(1))])
    private static let other = BucketSet([(TruthDigest.bucket(of: Archive.key(1)) + 1) % 256])
    private static func dossier(_ number: Int) -> TruthFrame {
        .dossiers([Dossier(key: Archive.key(number), updates: [Archive.update(2)])])
    }
    private static let twice = [DossierSummary](
        repeating: DossierSummary(key: Archive.key(1), epoch: 1, hash: 1), count: 2)

    static let breaches: [(opened: Bool, frames: [TruthFrame])] = [
        (false, [.end]), (false, [.wants([])]), (false, [empty, empty]), (false, [empty, .end]),
        (false, [empty, dossier(1)]), (false, [empty, .wants([]), .wants([])]),
        (false, [empty, .wants([Archive.key(2)])]),
        (false, [empty, .wants([]), dossier(2)]),
        (true, [empty]), (true, [.end]), (true, [.wants([])]), (true, [dossier(1)]),
        (true, [.summaries([], of: own, isLast: true), dossier(2)]),
        (true, [.summaries([], of: own, isLast: true), .summaries([], of: own, isLast: true)]),
        (true, [.summaries([], of: own, isLast: false), .summaries([], of: other, isLast: true)]),
        (true, [.summaries(twice, of: own, isLast: true)]),
        (true, [.summaries(Array(twice.prefix(1)), of: other, isLast: true)]),
        (true, [.summaries([], of: own, isLast: false), .end]),
    ]

    @Test(arguments: breaches)
    func `a frame out of order, or about what was not asked for, ends the stream`(
        opened: Bool, frames: [TruthFrame]
    ) {
        var scene = Scene(opened: opened)
        for frame in frames.dropLast() { scene.say(frame) }
        let before = scene.effects()
        #expect(!before.contains(.close(scene.stream)))
        if let last = frames.last { scene.say(last) }
        let after = scene.effects()
        #expect(after.contains(.close(scene.stream)))
        #expect(!after.contains { if case .received = $0 { true } else { false } })
        #expect(scene.sync.counters.malformed == 1)
        #expect(!scene.sync.owns(scene.stream))
        #expect(scene.sync.openedTo == nil)
    }

    @Test func `a body that cannot be read ends the stream, a later kind does not`() {
        var scene = Scene(opened: false)
        scene.say(Self.empty)
        scene.say(.frame(kind: 99, body: [1, 2, 3]))
        #expect(scene.sync.owns(scene.stream))
        scene.say(.frame(kind: 34, body: [7]))
        #expect(!scene.sync.owns(scene.stream))
    }

    @Test func `a peer has one exchange here, and eight peers have`() {
        var scene = Scene(opened: false)
        scene.say(Self.empty)
        scene.say(.frame(kind: 32, body: Self.empty.body), on: StreamID(2))
        #expect(!scene.sync.owns(StreamID(2)))
        #expect(scene.effects().contains(.close(StreamID(2))))
        for number in 3..<11 as Range<UInt32> {
            scene.sync.handle(
                .frame(kind: 32, body: Self.empty.body), on: StreamID(number),
                from: NodeID(Bytes16(high: UInt64(number) + 100, low: 0)), source: scene.archive,
                now: scene.now, using: &scene.generator)
        }
        #expect(scene.sync.owns(StreamID(9)) && !scene.sync.owns(StreamID(10)))
        #expect(scene.sync.counters.refused == 2)
    }
}

import MeshChecks
import MeshCore
import MeshPlacement
import MeshTestSupport

@testable import MeshVerdicts

/// Several nodes' parts in deciding, wired together on virtual time: messages take a while and get
/// lost by rule, nodes die, start again and are cut off, targets fail for all or for some.
///
/// Seats are in rank order for the first check, so that seat 0 is its first owner.
struct Bench {
    static let cryptography = StubCryptography()
    static let start = Instant(nanoseconds: 1_000_000_000)
    static let wallStart = WallTime(milliseconds: 1_767_225_600_000)

    struct Seat {
        let key: PublicKey
        let node: NodeID
        var zone: Label
        var verdicts: Verdicts
        var isRunning = true
        /// Its process gets no time: nothing is handled, nothing is due.
        var isStalled = false
        var isSettled = true
        var generation: UInt32 = 1
        var side = 0
        var plans: [CheckDefinition]
        var disk: [[UInt8]: [UInt8]] = [:]
        var call = Call()
        /// What this seat believes about the others.
        var reachable: Set<Int> = []
        var forgotten: Set<Int> = []
        /// What it has seen, asked for and said.
        var events: [(at: Instant, event: CheckEvent)] = []
        var looks: [(at: Instant, check: CheckID)] = []
        var signed: [(at: Instant, entry: LogEntry)] = []
        var sent: [(at: Instant, message: VerdictMessage, to: NodeID)] = []
        var hashes: [Bytes16: UInt64] = [:]
    }

    /// A majority being asked for, as the engine's roll call does it.
    struct Call {
        var began: Instant?
        var wantsNext = false
        var heldBegan: Instant?
        var heldUntil = Instant.zero
        var held = false
    }

    enum Parcel {
        case update(Update, from: NodeID?)
        case message(VerdictMessage, from: NodeID)
    }

    enum Happening {
        case parcel(Parcel, to: Int, generation: UInt32, from: Int)
        case signature([UInt8], token: UInt64, at: Int, generation: UInt32)
        case looked(LookToken, CheckID, at: Int, generation: UInt32)
        case called(Int, began: Instant, generation: UInt32)
        case noticed(Int, by: Int, isReachable: Bool)
        case exchange
    }

    let mesh: MeshID
    var parameters = VerdictParameters()
    var seats: [Seat] = []
    var now = Self.start
    var happenings = DeadlineQueue<Happening>()
    var generator: SeededGenerator
    var checks: [CheckDefinition]

    /// How long a message, and a look, take.
    var delay: TimeSpan = .milliseconds(20)
    var lookSpan: TimeSpan = .milliseconds(30)
    /// True for what is lost: whatever the number of tries.
    var loses: (Parcel, _ from: Int, _ to: Int) -> Bool = { _, _, _ in false }
    /// Whether nodes compare what they hold now and then.
    var exchanges = true

    var targets: [CheckID: TargetState] = [:]
    /// What single seats see instead; `nil` hangs.
    var sights: [Int: [CheckID: Observation.Outcome?]] = [:]

    init(
        _ count: Int, zones: [String] = ["eu"], rule: VotingRule = Bench.rule,
        checks checkCount: Int = 1, seed: UInt64 = 1,
        timeout: TimeSpan = .seconds(2)
    ) {
        guard let label = Label("production") else { preconditionFailure("expected a label") }
        let mesh = MeshID(named: label, using: Self.cryptography)
        self.mesh = mesh
        generator = SeededGenerator(seed: seed)
        checks = (0..<checkCount).map {
            Self.check($0 == 0 ? "shop" : "shop \($0)", rule, timeout: timeout, in: mesh)
        }
        let first = checks[0].id
        let keys = (0..<count).map {
            PublicKey(Bytes32(high: .zero, low: Bytes16(high: seed, low: UInt64($0))))
        }.map { ($0, NodeID(of: $0, using: Self.cryptography)) }
            .sorted { Score(of: $0.1, for: first) < Score(of: $1.1, for: first) }
        for (number, (key, node)) in keys.enumerated() {
            let zone = Label(zones[number % zones.count]) ?? label
            seats.append(
                Seat(
                    key: key, node: node, zone: zone,
                    verdicts: Verdicts(
                        id: node, mesh: mesh, generation: 1, parameters: parameters,
                        wallClock: WallClock(reading: Self.wallStart, at: Self.start),
                        cryptography: Self.cryptography, generator: generator.split()),
                    plans: checks, reachable: Set(0..<count)))
        }
        for number in all { begin(number) }
        happenings.schedule(.exchange, at: now + .seconds(1))
    }

    static let rule = VotingRule(confirmations: 3, delay: 1, interval: .seconds(10))

    static func check(
        _ name: String, _ rule: VotingRule, timeout: TimeSpan = .seconds(2), in mesh: MeshID
    ) -> CheckDefinition {
        guard let name = CheckName(name) else { preconditionFailure("expected a name") }
        return CheckDefinition(
            name: name, rule: rule, timeout: timeout, text: Array(name.text.utf8), in: mesh,
            using: cryptography)
    }

    mutating func begin(_ number: Int) {
        act(number) { verdicts, now in
            verdicts.start(now: now)
            verdicts.beginLooking(now: now)
        }
        for item in seats[number].disk.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            act(number) { verdicts, now in
                if item.key.first == UInt8(ascii: "b") {
                    verdicts.restore(birth: item.value, now: now)
                } else {
                    verdicts.restore(certificate: item.value, now: now)
                }
            }
        }
        for other in all { introduce(other, to: number) }
        let plans = seats[number].plans
        act(number) { verdicts, now in
            verdicts.settlePlacement(now: now)
            verdicts.set(plans: plans, now: now)
        }
        if seats[number].isSettled { act(number) { $0.setSettled(true, now: $1) } }
    }

    private mutating func introduce(_ other: Int, to number: Int) {
        guard !seats[number].forgotten.contains(other) else { return }
        let member = VerdictMember(
            id: seats[other].node, key: seats[other].key, zone: seats[other].zone,
            isReachable: other == number || seats[number].reachable.contains(other),
            generation: seats[other].generation)
        act(number) { verdicts, now in verdicts.update(member, now: now) }
    }

    // MARK: What the story says

    var all: Range<Int> { seats.indices }
    var shop: CheckID { checks[0].id }

    mutating func targetFails(_ state: TargetState = .down, check: Int = 0, for some: [Int]? = nil)
    {
        guard let some else {
            targets[checks[check].id] = state
            return
        }
        for seat in some { see(.saw(state, Reason("refused")), at: seat, check: check) }
    }

    mutating func targetRecovers(check: Int = 0) { targets[checks[check].id] = .up }

    /// From now on one seat sees this, whatever the target does; `nil` hangs.
    mutating func see(_ outcome: Observation.Outcome?, at seat: Int, check: Int = 0) {
        sights[seat, default: [:]][checks[check].id] = .some(outcome)
    }

    mutating func seeAsItIs(at seat: Int) { sights[seat] = nil }

    /// Something that one node is told or does.
    mutating func act(_ number: Int, _ body: (inout Verdicts, Instant) -> Void) {
        guard seats[number].isRunning, !seats[number].isStalled else { return }
        body(&seats[number].verdicts, now)
        settle(number)
    }

    mutating func kill(_ number: Int, noticedAfter span: TimeSpan = .seconds(3)) {
        seats[number].isRunning = false
        for other in all where other != number {
            happenings.schedule(.noticed(number, by: other, isReachable: false), at: now + span)
        }
    }

    /// Starts a node again under the next generation, with what was on its disk.
    mutating func restart(_ number: Int, withDisk: Bool = true) {
        seats[number].generation += 1
        if !withDisk { seats[number].disk = [:] }
        seats[number].verdicts = Verdicts(
            id: seats[number].node, mesh: mesh, generation: seats[number].generation,
            parameters: parameters,
            wallClock: WallClock(reading: Self.wallStart, at: Self.start),
            cryptography: Self.cryptography, generator: generator.split())
        seats[number].call = Call()
        seats[number].isRunning = true
        seats[number].hashes = [:]
        begin(number)
        for other in all where other != number {
            happenings.schedule(
                .noticed(number, by: other, isReachable: true), at: now + .milliseconds(200))
        }
    }

    mutating func forget(_ number: Int) {
        for other in all where other != number {
            seats[other].forgotten.insert(number)
            let node = seats[number].node
            act(other) { verdicts, now in
                verdicts.remove(node, now: now)
                verdicts.settlePlacement(now: now)
            }
        }
    }

    /// Ends as one that is asked to: the others do not count it any more.
    mutating func leave(_ number: Int) {
        seats[number].isRunning = false
        forget(number)
        for other in all { seats[other].reachable.remove(number) }
    }

    /// Those who left start again in one instant, with their disks.
    mutating func `return`(_ some: [Int]) {
        for number in some {
            for other in all { seats[other].forgotten.remove(number) }
            seats[number].forgotten.subtract(some)
            seats[number].isRunning = true
        }
        for number in some { restart(number) }
    }

    /// One that was forgotten, or never there, comes (back).
    mutating func join(_ number: Int) {
        for other in all { seats[other].forgotten.remove(number) }
        restart(number, withDisk: false)
    }

    /// A process that gets no time for a while; what is sent to it meanwhile is lost.
    mutating func stall(_ number: Int, for span: TimeSpan) {
        seats[number].isStalled = true
        run(for: span)
        seats[number].isStalled = false
    }

    /// Nodes of different sides hear nothing of one another.
    mutating func cut(_ sides: [[Int]], noticedAfter span: TimeSpan = .seconds(3)) {
        for (side, members) in sides.enumerated() {
            for number in members { seats[number].side = side }
        }
        for one in all {
            for other in all where one != other {
                happenings.schedule(
                    .noticed(other, by: one, isReachable: isReachable(one, other)),
                    at: now + span)
            }
        }
    }

    mutating func heal() { cut([Array(all)], noticedAfter: .milliseconds(500)) }

    func isReachable(_ one: Int, _ other: Int) -> Bool {
        seats[one].isRunning && seats[other].isRunning && seats[one].side == seats[other].side
    }

    mutating func set(_ plans: [CheckDefinition], at seat: Int) {
        seats[seat].plans = plans
        act(seat) { verdicts, now in verdicts.set(plans: plans, now: now) }
    }

    /// The first check under another rule or text, at all or some.
    mutating func redefine(_ rule: VotingRule, at some: [Int]? = nil) {
        let plan = Self.check("shop", rule, in: mesh)
        for seat in some ?? Array(all) { set([plan] + checks.dropFirst(), at: seat) }
    }

    // MARK: What the story asks

    func flip(at seat: Int, check: Int = 0) -> Flip? {
        seats[seat].verdicts.flip(of: checks[check].id)
    }

    func state(at seat: Int, check: Int = 0) -> TargetState? {
        flip(at: seat, check: check)?.state
    }

    /// The state that all who run agree on; `nil` if they do not, or none is certified.
    func state(check: Int = 0) -> TargetState? {
        let states = Set(
            all.filter { seats[$0].isRunning }.map { state(at: $0, check: check) })
        return states.count == 1 ? states.first ?? nil : nil
    }

    func epoch(check: Int = 0) -> UInt32 {
        all.filter { seats[$0].isRunning }.map { flip(at: $0, check: check)?.epoch ?? 0 }.max()
            ?? 0
    }

    /// When this seat learnt each flip of the first check.
    func flips(at seat: Int) -> [(at: Instant, flip: Flip)] {
        seats[seat].events.compactMap { at, event in
            if case .flipped(let flip, _, _) = event, flip.check == shop { (at, flip) } else { nil }
        }
    }

    func events(at seat: Int) -> [CheckEvent] { seats[seat].events.map(\.event) }

    /// Stances signed about the first check, without the one from unknown.
    func stances(at seat: Int) -> [Stance] {
        seats[seat].signed.map(\.entry).filter { $0.check == shop && $0.epoch > 1 }.map(\.stance)
    }

    func standing(of seat: Int, at reader: Int) -> Stance? {
        let verdicts = seats[reader].verdicts
        guard let place = verdicts.book.place(of: shop) else { return nil }
        return verdicts.book[place].board[seats[seat].node]?.entry.stance
    }

    func duty(of seat: Int, check: Int = 0) -> Duty? {
        let verdicts = seats[seat].verdicts
        guard let place = verdicts.book.place(of: checks[check].id),
            let duty = verdicts.book[place].duty
        else { return nil }
        return verdicts.duties.at(duty)
    }

    func owners(at seat: Int = 0) -> [Int] {
        seats[seat].verdicts.owners(of: shop).compactMap { node in
            all.first { seats[$0].node == node }
        }
    }
}

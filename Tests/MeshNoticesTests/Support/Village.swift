import MeshChecks
import MeshCore
import MeshTestSupport

@testable import MeshNotices

/// Several nodes' parts in telling, wired together on virtual time: messages take a while and get
/// lost, nodes are killed, paused and cut off, receivers fail and hang.
struct Village {
    enum Receiver: Sendable {
        case accepts
        case refuses
        case hangs
    }

    /// When a node is to be killed, once.
    enum Trap: Sendable {
        case onClaim
        case onYes
    }

    struct Resident: Sendable {
        var notices: Notices
        var isRunning = true
        var pausedUntil: Instant?
        /// When it was paused, and has not noticed yet.
        var stoppedAt: Instant?
        /// What came in while it was paused.
        var backlog: [Event] = []
        var disk: [[UInt8]: [UInt8]] = [:]
        var generation: UInt32 = 1
        var trap: Trap?
        var contacts: Set<ContactID>
        /// The last that it has learnt of each check, as those who decide hold it.
        var flips: [CheckID: ToldFlip] = [:]
        var side = 0
        var isSettled = true
    }

    /// A request that a receiver has accepted.
    struct Told: Sendable, Hashable {
        var notice: Notice
        var by: Int
        var at: Instant
    }

    enum Event: Sendable {
        case update(Update, from: Int)
        case signature(Signature, SigningToken)
        case stored(StoreToken)
        case delivered(Delivery, DeliveryToken)
        case majority
    }

    enum Happening: Sendable {
        case event(Event, to: Int, generation: UInt32)
        case courier(Update, from: Int, to: Int, triesLeft: Int)
        case gossip(Update, from: Int, to: Int, triesLeft: Int)
        case look(Int)
        case noticed(Int, by: Int, isAlive: Bool)
    }

    static let start = Instant(nanoseconds: 1_000_000_000)
    /// As the node finds it out.
    static let stallMin = TimeSpan.milliseconds(1_500)
    static let wallStart = WallTime(milliseconds: 1_767_225_600_000)

    var residents: [Resident] = []
    var now = Self.start
    var happenings = DeadlineQueue<Happening>()
    var generator: SeededGenerator
    /// Packets lost between nodes, of a hundred.
    var loss = 0
    var delay: TimeSpan = .milliseconds(20)
    var receivers: [ContactID: Receiver] = [:]
    /// Where a receiver does not answer all nodes alike.
    var receiversOfNode: [Int: Receiver] = [:]
    var routes: [CheckID: [Route]]
    let parameters: NoticeParameters
    /// Signatures that are asked for and never come.
    var signaturesLost = 0
    /// Nodes by their ids.
    private var numbers: [NodeID: Int] = [:]
    var told: [Told] = []
    /// Every request that left, whatever became of it.
    var requests: [Notice] = []
    var events: [NoticeEvent] = []
    var claimsSent = 0

    init(
        _ count: Int, routes: [Route] = [Route(contact: Names.oncall, on: .both)], seed: UInt64 = 1,
        contacts: Set<ContactID> = [Names.oncall, Names.chat],
        parameters: NoticeParameters = NoticeParameters()
    ) {
        self.routes = [Names.check: routes]
        self.parameters = parameters
        generator = SeededGenerator(seed: seed)
        for number in 0..<count {
            residents.append(
                Resident(notices: Self.node(number, [], parameters), contacts: contacts))
            numbers[Names.node(number)] = number
            begin(number)
        }
    }

    private static func node(
        _ number: Int, _ restored: [StoredItem], _ parameters: NoticeParameters
    ) -> Notices {
        Notices(
            key: Names.key(number), mesh: Names.mesh, parameters: parameters,
            cryptography: Names.cryptography,
            wallClock: WallClock(reading: wallStart, at: start), restored: restored)
    }

    private mutating func begin(_ number: Int) {
        residents[number].notices.setGeneration(residents[number].generation)
        residents[number].notices.setRoutes(
            routes, contacts: residents[number].contacts, meshCheck: Names.meshCheck, now: now)
        setFooting(number)
        settle(number)
    }

    // MARK: What the story says

    var all: Range<Int> { residents.indices }
    var ladder: [NodeID] { all.map(Names.node) }

    func flip(
        _ epoch: UInt32, _ state: TargetState, from previous: TargetState?,
        birth: Birth = Names.birth, id: FlipID? = nil, owners: Int = 3, isContested: Bool = false
    ) -> ToldFlip {
        ToldFlip(
            check: Names.check, flip: id ?? Names.flip(UInt64(epoch)), birth: birth, epoch: epoch,
            state: state, previous: previous, since: Self.wallStart, reason: Reason("refused"),
            confirmedBy: [Names.node(0)], ladder: ladder, ownerCount: min(owners, residents.count),
            isContested: isContested)
    }

    /// Everybody who runs learns a flip, or only `nodes`.
    mutating func learn(_ flip: ToldFlip, at nodes: [Int]? = nil) {
        for number in nodes ?? Array(all) {
            act(number) { $0.learn(flip, now: $1) }
            guard residents[number].isRunning, residents[number].pausedUntil == nil else {
                continue
            }
            residents[number].flips[flip.check] = flip
        }
    }

    /// Something that one node is told or does. A node that is dead or paused does nothing.
    mutating func act(_ number: Int, _ body: (inout Notices, Instant) -> Void) {
        guard residents[number].isRunning, residents[number].pausedUntil == nil else { return }
        body(&residents[number].notices, now)
        settle(number)
    }

    mutating func kill(_ number: Int, noticedAfter span: TimeSpan = .seconds(3)) {
        residents[number].isRunning = false
        for other in all where other != number {
            happenings.schedule(.noticed(number, by: other, isAlive: false), at: now + span)
        }
    }

    /// Starts a node again, from its disk or from nothing; it learns `flip`, if there is one.
    mutating func restart(_ number: Int, withDisk: Bool = true, learning flip: ToldFlip? = nil) {
        if !withDisk { residents[number].disk = [:] }
        let items = residents[number].disk.keys.sorted { $0.lexicographicallyPrecedes($1) }
            .map { StoredItem(key: $0, value: residents[number].disk[$0]) }
        residents[number].notices = Self.node(number, items, parameters)
        residents[number].isRunning = true
        residents[number].pausedUntil = nil
        residents[number].backlog = []
        residents[number].generation += 1
        residents[number].trap = nil
        begin(number)
        for other in all where other != number {
            happenings.schedule(.noticed(number, by: other, isAlive: true), at: now)
            exchange(other, number)
        }
        if var flip {
            flip.isRestored = true
            learn(flip, at: [number])
        }
    }

    /// What an exchange of dossiers brings: everything that the other holds, both ways.
    mutating func exchange(_ one: Int, _ other: Int) {
        for (from, to) in [(one, other), (other, one)] where residents[from].isRunning {
            let notices = residents[from].notices
            let updates =
                notices.checksWithDossier.flatMap { notices.dossier(of: $0) }
                + notices.subjectsWithDossier.flatMap { notices.dossier(of: $0) }
            for update in updates {
                schedule(.update(update, from: from), to: to, after: delay)
            }
        }
    }

    mutating func pause(_ number: Int, for span: TimeSpan) {
        residents[number].pausedUntil = now + span
        residents[number].stoppedAt = now
        happenings.schedule(.look(number), at: now + span)
    }

    /// Nodes of different sides hear nothing of one another; the larger side has the majority.
    mutating func cut(_ sides: [[Int]]) {
        for (side, members) in sides.enumerated() {
            for number in members { residents[number].side = side }
        }
        for number in all { setFooting(number) }
        for number in all { settle(number) }
    }

    mutating func heal() {
        cut([Array(all)])
        for one in all { for other in all where one < other { exchange(one, other) } }
    }

    private mutating func setFooting(_ number: Int) {
        let footing: Footing =
            !residents[number].isSettled ? .unsettled : hasMajority(number) ? .majority : .settled
        residents[number].notices.setFooting(footing, now: now)
    }

    private func hasMajority(_ number: Int) -> Bool {
        let side = residents.count { $0.side == residents[number].side && $0.isRunning }
        return side * 2 > residents.count
    }

    // MARK: Time

    mutating func run(for span: TimeSpan) {
        let end = now + span
        while true {
            let timer = all.compactMap { number -> Instant? in
                guard residents[number].isRunning, residents[number].pausedUntil == nil else {
                    return nil
                }
                return residents[number].notices.nextDeadline
            }.min()
            let next = [timer, happenings.nextDeadline].compactMap { $0 }.min()
            guard let next, next <= end else { break }
            now = max(now, next)
            if let (happening, _) = happenings.popDue(at: now) {
                handle(happening)
            } else {
                for number in all { act(number) { $0.handleDeadline(now: $1) } }
            }
        }
        now = end
    }

    private mutating func handle(_ happening: Happening) {
        switch happening {
        case .event(let event, let number, let generation):
            guard residents[number].isRunning, residents[number].generation == generation else {
                return
            }
            if residents[number].pausedUntil != nil {
                residents[number].backlog.append(event)
            } else {
                handle(event, at: number)
            }
        case .courier(let update, let sender, let receiver, let tries):
            if isReachable(sender, receiver), !isLost() {
                handle(
                    .event(
                        .update(update, from: sender), to: receiver,
                        generation: residents[receiver].generation))
            } else if tries > 0 {
                happenings.schedule(
                    .courier(update, from: sender, to: receiver, triesLeft: tries - 1),
                    at: now + .milliseconds(40))
            }
        case .gossip(let update, let sender, let receiver, let tries):
            if isReachable(sender, receiver), residents[receiver].isRunning {
                handle(
                    .event(
                        .update(update, from: sender), to: receiver,
                        generation: residents[receiver].generation))
            } else if tries > 0, residents[sender].isRunning {
                happenings.schedule(
                    .gossip(update, from: sender, to: receiver, triesLeft: tries - 1),
                    at: now + .seconds(1))
            }
        case .look(let number):
            guard let end = residents[number].pausedUntil, end <= now else { return }
            residents[number].pausedUntil = nil
            if let stopped = residents[number].stoppedAt, now - stopped > Self.stallMin {
                act(number) { $0.noteAbsence(now: $1) }
            }
            let backlog = residents[number].backlog
            residents[number].backlog = []
            for event in backlog { handle(event, at: number) }
            act(number) { $0.handleDeadline(now: $1) }
        case .noticed(let number, let other, let isAlive):
            guard residents[number].isRunning == isAlive else { return }
            act(other) { $0.memberChanged(Names.node(number), isAlive: isAlive, now: $1) }
        }
    }

    private mutating func handle(_ event: Event, at number: Int) {
        let majority = hasMajority(number)
        act(number) { notices, now in
            switch event {
            case .update(let update, let sender):
                Self.receive(update, from: Names.node(sender), at: &notices, now: now)
            case .signature(let signature, let token):
                notices.handle(signature: signature, for: token, now: now)
            case .stored(let token): notices.handleStored(token, now: now)
            case .delivered(let delivery, let token):
                notices.handle(delivery, for: token, now: now)
            case .majority: notices.handleMajority(majority, now: now)
            }
        }
    }

    private static func receive(
        _ update: Update, from peer: NodeID, at notices: inout Notices, now: Instant
    ) {
        switch update.kind {
        case UpdateKind.claim: _ = notices.receive(claim: update, from: peer, now: now)
        case UpdateKind.claimAnswer:
            _ = notices.receive(claimAnswer: update, from: peer, now: now)
        case UpdateKind.receipt:
            _ = notices.receive(receipt: update, isTrusted: { _ in true }, now: now)
        case UpdateKind.record:
            _ = notices.receive(record: update, isTrusted: { _ in true }, now: now)
        default: preconditionFailure("expected an update of telling")
        }
    }

    private func isReachable(_ one: Int, _ other: Int) -> Bool {
        residents[one].side == residents[other].side
    }

    private mutating func isLost() -> Bool { Int(generator.next() % 100) < loss }

    private mutating func schedule(_ event: Event, to number: Int, after span: TimeSpan) {
        happenings.schedule(
            .event(event, to: number, generation: residents[number].generation), at: now + span)
    }

    // MARK: Effects

    private mutating func settle(_ number: Int) {
        while let effect = residents[number].notices.popEffect() {
            guard residents[number].isRunning else { continue }
            switch effect {
            case .sendClaim(let update, let nodes):
                claimsSent += 1
                for node in nodes { courier(update, from: number, to: node, tries: 0) }
                if residents[number].trap == .onClaim { kill(number) }
            case .answer(let update, let node):
                courier(update, from: number, to: node, tries: 0)
            case .store(let item, let token):
                residents[number].disk[item.key] = item.value
                if let token { schedule(.stored(token), to: number, after: .milliseconds(1)) }
            case .sign where signaturesLost > 0: signaturesLost -= 1
            case .sign(let bytes, let token):
                let signature = Names.cryptography.sign(bytes, by: Names.key(number))
                schedule(.signature(signature, token), to: number, after: .milliseconds(1))
            case .spread(let update, let owners):
                for node in owners { courier(update, from: number, to: node) }
                for other in all where other != number {
                    let span = TimeSpan.milliseconds(100 + Int64(generator.next() % 300))
                    happenings.schedule(
                        .gossip(update, from: number, to: other, triesLeft: 60), at: now + span)
                }
            case .deliver(let order): deliver(order, by: number)
            case .needMajority: schedule(.majority, to: number, after: .milliseconds(5))
            case .recall(let check):
                if let flip = residents[number].flips[check] {
                    act(number) { $0.learn(flip, now: $1) }
                }
            case .report(let event): events.append(event)
            }
        }
    }

    private mutating func courier(
        _ update: Update, from number: Int, to node: NodeID, tries: Int = 4
    ) {
        guard let receiver = numbers[node] else { return }
        let span = delay + .microseconds(Int64(generator.next() % 5_000))
        happenings.schedule(
            .courier(update, from: number, to: receiver, triesLeft: tries), at: now + span)
    }

    private mutating func deliver(_ order: DeliveryOrder, by number: Int) {
        requests.append(order.notice)
        switch receiversOfNode[number] ?? receivers[order.notice.contact] ?? .accepts {
        case .accepts:
            told.append(Told(notice: order.notice, by: number, at: now))
            if residents[number].trap == .onYes { return kill(number) }
            schedule(.delivered(.sent, order.token), to: number, after: .milliseconds(50))
        case .refuses:
            schedule(
                .delivered(.failed(Reason("status 500")), order.token), to: number,
                after: .milliseconds(50))
        case .hangs: break
        }
    }
}

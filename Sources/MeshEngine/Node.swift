package import MeshChecks
package import MeshCore
package import MeshMembership
package import MeshNotices
package import MeshVerdicts

/// One node of the mesh, as a value: bytes, answers and `now` go in, effects come out.
///
/// Call any `handle…` or command method, then `popEffect` until it is empty, then sleep until
/// `nextDeadline` at the latest. Read all waiting datagrams and stream bytes before
/// `handleDeadline`: an answer that has arrived must not lose to its own timeout.
///
/// The node joins its parts and decides nothing itself: membership carries, the verdicts decide,
/// the notices tell. What one part wants of another is moved by `pump`, until none wants anything.
package struct Node: Sendable {
    var membership: Membership
    var transport: SecureTransport
    var verdicts: Verdicts
    var notices: Notices
    var courier: Courier
    var rollCall: RollCall
    var truthSync = TruthSync()
    var fetches = FetchList()
    var fetchAlarm = Alarm()
    var dossiers = DossierDesk()
    var roster = RosterFeed()
    var sights = SightDesk()
    var settling: Settling
    /// What is wrong with the mesh, with this node, and what only this side of a cut sees.
    var health: MeshHealth
    var selfWatch: SelfWatch
    var partials = PartialWatch()
    var equivocations = EquivocationLog()
    var sides: Sides?
    var generator: SeededGenerator
    var timers = DeadlineQueue<Timer>()
    var outbox = Outbox()
    var plan: WatchPlan
    var wallClock: WallClock
    var isLeaving = false
    let mesh: MeshID
    let cryptography: any Cryptography
    /// When to call `handleDeadline` at the latest. Stored: a shell asks more often than it changes.
    package internal(set) var nextDeadline: Instant?
    /// When this node was last called; the tick sees to it that it is once a second.
    var lastCalled: Instant?
    package internal(set) var counters = NodeCounters()

    /// Who can be reached of those that count, and who cannot, as of a revision of the members.
    struct Sides: Sendable {
        var revision: UInt64
        var group: [NodeID]
        var missing: [NodeID]
    }

    /// What the node itself waits for, beside its parts.
    enum Timer: Sendable {
        /// Members have changed: place the checks anew.
        case placement
        case settling
        /// A certificate is to be fetched.
        case fetch
        case tick
    }

    package init(
        _ configuration: NodeConfiguration, cryptography: any Cryptography,
        generator: SeededGenerator
    ) {
        var generator = generator
        let local = configuration.local
        self.cryptography = cryptography
        plan = configuration.plan
        wallClock = configuration.wallClock
        mesh = MeshID(named: local.mesh, using: cryptography)
        membership = Membership(
            local, parameters: configuration.parameters, restored: configuration.restored,
            cryptography: cryptography, generator: generator.split())
        let id = membership.id
        transport = SecureTransport(configuration, id: id, cryptography: cryptography)
        verdicts = Verdicts(
            id: id, mesh: mesh, generation: local.generation,
            parameters: configuration.verdictParameters, wallClock: configuration.wallClock,
            cryptography: cryptography, generator: generator.split())
        if let roster = local.roster { verdicts.trusted = .keys(roster) }
        notices = Notices(
            key: local.key, mesh: mesh, parameters: configuration.noticeParameters,
            cryptography: cryptography, wallClock: configuration.wallClock,
            restored: configuration.stored.filter { !DossierDesk.isVerdicts($0) })
        notices.setGeneration(local.generation)
        courier = Courier(
            room: membership.payloadRoom(fieldsByteCount: EngineMessage.parcelFieldsByteCount),
            firstNumber: UInt32(truncatingIfNeeded: generator.next()))
        rollCall = RollCall(of: id)
        health = MeshHealth(configuration.meshParameters)
        selfWatch = SelfWatch(configuration.meshParameters, id: id)
        settling = Settling(isAlone: !membership.hasNamedPeers)
        self.generator = generator
        restored = configuration.stored.filter(DossierDesk.isVerdicts)
    }

    /// What was stored of the verdicts, until the start hands it over.
    private var restored: [StoredItem]

    /// Begins: signs its first statement, contacts its seeds, takes up its checks.
    package mutating func start(now: Instant) {
        membership.start(now: now)
        verdicts.start(now: now)
        // The birth first: flips of another would not be believed.
        for item in restored.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            if let value = item.value { restore(item.key, value, now: now) }
        }
        restored = []
        feedAllMembers(now: now)
        verdicts.set(plans: plan.checks, now: now)
        setDependencies(now: now)
        notices.setRoutes(
            plan.routes, mesh: plan.meshRoutes, contacts: plan.contacts, meshCheck: meshCheck,
            now: now)
        startWatchingMesh(now: now)
        dossiers.restore(from: notices)
        timers.schedule(.tick, at: now + .seconds(1))
        considerSettling(now: now)
        pump(now: now)
    }

    // MARK: What happens to a node

    package mutating func handle(
        datagram: [UInt8], from sender: SocketAddress, now: Instant
    ) {
        wake(now: now)
        counters.datagramsReceived += 1
        let opened: SecureTransport.Opened
        do throws(SecureTransport.Rejection) {
            opened = try open(datagram)
        } catch {
            return count(error)
        }
        let peer = Peer(
            node: opened.node, bootID: opened.header.bootID,
            path: .datagram(from: sender, usedShortHeader: opened.header.introduction == nil),
            wireVersion: opened.header.wireVersion)
        do throws(DecodeError) {
            try membership.handle(payload: opened.payload, from: peer, now: now)
        } catch {
            counters.payloadsMalformed += 1
        }
        pump(now: now)
    }

    private mutating func open(
        _ datagram: [UInt8]
    ) throws(SecureTransport.Rejection) -> SecureTransport.Opened {
        do throws(SecureTransport.Rejection) {
            return try transport.open(datagram)
        } catch .unknownBoot(let boot) {
            guard let owner = membership.owner(of: boot) else { throw .unknownBoot(boot) }
            return try transport.open(
                datagram, sentBy: .init(node: owner.node, generation: owner.generation))
        }
    }

    private mutating func count(_ rejection: SecureTransport.Rejection) {
        switch rejection {
        case .malformed: counters.datagramsMalformed += 1
        case .unknownVersion: counters.datagramsOfUnknownVersion += 1
        case .unknownKey: counters.datagramsOfUnknownKey += 1
        case .unknownBoot: counters.datagramsOfUnknownBoot += 1
        case .forged: counters.datagramsForged += 1
        case .replayed: counters.datagramsReplayed += 1
        }
    }

    /// Every call comes by here first: a gap between two means that the process was stopped.
    private mutating func wake(now: Instant) {
        defer { lastCalled = now }
        guard let lastCalled, now - lastCalled > Self.stallMin else { return }
        verdicts.noteStall(now: now)
        notices.noteAbsence(now: now)
    }

    private static var stallMin: TimeSpan { .milliseconds(1_500) }

    /// A peer has opened a stream. `nil`: refused, too many are open.
    package mutating func acceptStream(from peer: SocketAddress, now: Instant) -> StreamID? {
        membership.acceptStream(from: peer, now: now)
    }
    package mutating func handle(_ event: StreamEvent, on stream: StreamID, now: Instant) {
        wake(now: now)
        membership.handle(event, on: stream, now: now)
        pump(now: now)
    }
    package mutating func handle(
        signature: Signature, for token: SigningToken, now: Instant
    ) {
        wake(now: now)
        switch Outbox.Signer.split(token) {
        case (.membership, let own):
            membership.handle(signature: signature, for: SigningToken(own), now: now)
        case (.verdicts, let own):
            verdicts.handle(signature: signature, for: own, now: now)
        case (.notices, let own):
            notices.handle(signature: signature, for: SigningToken(own), now: now)
        }
        pump(now: now)
    }
    /// The answer to `resolve`; empty if the name has no address now.
    package mutating func handle(
        addresses: [SocketAddress], ofSeed seed: Int, now: Instant
    ) {
        membership.handle(addresses: addresses, ofSeed: seed, now: now)
        pump(now: now)
    }
    /// The generation asked for by `storeGeneration` is on disk.
    package mutating func handleGenerationStored(_ generation: UInt32, now: Instant) {
        if membership.handleGenerationStored(generation, now: now) {
            verdicts.setGeneration(generation, now: now)
            notices.setGeneration(generation)
        }
        pump(now: now)
    }
    /// How a look that was ordered ended.
    package mutating func handle(
        _ observation: Observation, _ remark: Reason? = nil, for token: LookToken, now: Instant
    ) {
        wake(now: now)
        verdicts.handle(observation, remark, for: token, now: now)
        pump(now: now)
    }
    /// How an attempt to tell somebody ended.
    package mutating func handle(_ delivery: Delivery, for token: DeliveryToken, now: Instant) {
        wake(now: now)
        notices.handle(delivery, for: token, now: now)
        pump(now: now)
    }
    /// What was to be stored under `token` is on disk.
    package mutating func handleStored(_ token: StoreToken, now: Instant) {
        wake(now: now)
        notices.handleStored(token, now: now)
        pump(now: now)
    }
    /// The wall clock was set, or found apart from the monotonic one.
    package mutating func handle(_ wallClock: WallClock, now: Instant) {
        self.wallClock = wallClock
        verdicts.set(wallClock)
        notices.set(wallClock, now: now)
        pump(now: now)
    }
    /// The configuration was read again.
    package mutating func handle(_ plan: WatchPlan, now: Instant) {
        self.plan = plan
        verdicts.set(plans: plan.checks, now: now)
        setDependencies(now: now)
        notices.setRoutes(
            plan.routes, mesh: plan.meshRoutes, contacts: plan.contacts, meshCheck: meshCheck,
            now: now)
        pump(now: now)
    }

    package mutating func handleDeadline(now: Instant) {
        wake(now: now)
        // What one part does may make another's deadline due at this very moment.
        for _ in 0..<Self.deadlineRoundsMax {
            handleDeadlines(now: now)
            guard let next = nextDeadline, next <= now else { return }
        }
    }

    /// A part that wants the same moment again and again waits for the next call.
    private static var deadlineRoundsMax: Int { 8 }

    private mutating func handleDeadlines(now: Instant) {
        membership.handleDeadline(now: now)
        pump(now: now)
        verdicts.handleDeadline(now: now)
        notices.handleDeadline(now: now)
        courier.handleDeadline(now: now)
        if let due = rollCall.nextDeadline, due <= now {
            rollCall.handleDeadline(
                now: now, known: membership.countedKnown,
                clones: membership.countedClones, using: &generator)
        }
        while let (timer, _) = timers.popDue(at: now) {
            switch timer {
            case .placement: feedMembers(now: now)
            case .settling: considerSettling(now: now)
            case .fetch: handleFetchTimer(now: now)
            case .tick: tick(now: now)
            }
        }
        pump(now: now)
    }

    // MARK: Commands

    /// Says goodbye; `stop(.left)` follows within two seconds. From here on it decides and tells
    /// nothing: of nodes that leave together each would soon be the majority of those it knows.
    package mutating func leave(now: Instant) {
        isLeaving = true
        verdicts.setSettled(false, now: now)
        notices.setFooting(.unsettled, now: now)
        membership.leave(now: now)
        pump(now: now)
    }
    /// Drops a dead member before its retention ends, mesh-wide. False if it is not dead.
    package mutating func forget(_ node: NodeID, now: Instant) -> Bool {
        defer { pump(now: now) }
        return membership.forget(node, now: now)
    }
    /// Tells nobody of a check until `end`, mesh-wide.
    package mutating func silence(
        _ check: CheckID, until end: WallTime, actor: String, now: Instant
    ) {
        notices.silence(check, until: end, actor: actor, now: now)
        pump(now: now)
    }
    package mutating func unsilence(_ check: CheckID, actor: String, now: Instant) {
        notices.unsilence(check, actor: actor, now: now)
        pump(now: now)
    }
    package mutating func acknowledge(_ check: CheckID, actor: String, now: Instant) {
        notices.acknowledge(check, at: verdicts.flip(of: check)?.id, actor: actor, now: now)
        pump(now: now)
    }
    package mutating func post(
        _ message: String, about check: CheckID?, actor: String, now: Instant
    ) {
        notices.post(message, about: check, actor: actor, now: now)
        pump(now: now)
    }

    // MARK: What a node wants

    var earliestDeadline: Instant? {
        // After every datagram: no array, which would be allocated each time.
        var next = membership.nextDeadline
        func consider(_ other: Instant?) {
            guard let other else { return }
            next = next.map { min($0, other) } ?? other
        }
        consider(verdicts.nextDeadline)
        consider(notices.nextDeadline)
        consider(courier.nextDeadline)
        consider(rollCall.nextDeadline)
        consider(timers.nextDeadline)
        return next
    }

    package mutating func popEffect() -> NodeEffect? { outbox.pop() }
}

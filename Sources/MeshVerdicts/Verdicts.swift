import MeshChecks
package import MeshCore
package import MeshPlacement

/// One node's part in deciding how the targets are, as a value: observations, others' words and
/// `now` go in, effects come out. It holds the sub-machines and lets them meet:
///
///     Looking/   whose turn it is, streaks, bursts
///     Board/     what others have signed
///     Chain/     flips, and which of two goes on
///     Wire/      what travels: entries, certificates, heads, hints
///
/// Each `Verdicts+….swift` beside it is one subject. Sections 5 and 6 of the design are its law.
package struct Verdicts: Sendable {
    package let id: NodeID
    let mesh: MeshID
    let cryptography: any Cryptography
    let parameters: VerdictParameters

    var generation: UInt32
    var sequence: UInt64 = 0
    var wallClock: WallClock
    var generator: SeededGenerator
    var timers = DeadlineQueue<Timer>()
    var effects: [VerdictEffect] = []
    var effectsTaken = 0

    /// What this node is configured to watch. Shared with whoever read the configuration.
    var plans: [CheckDefinition] = []
    var book = CheckBook()
    var duties = DutyTable()
    package internal(set) var placement = Placement()
    var members: [NodeID: VerdictMember] = [:]
    var zones = ZoneWatch()
    var burst: BurstGuard
    var hints = HintDesk()
    var rolls = RollShelf()
    /// Whose signatures count: in roster mode only those of the roster.
    package var trusted = TrustedKeys.any
    var looks: [LookToken: Int] = [:]
    var lastLook: UInt64 = 0
    /// Names one timing of a look, so that timers of an earlier one are known.
    var lastRevision: UInt32 = 0
    var drafts: [UInt64: Draft] = [:]
    var lastDraft: UInt64 = 0
    var equivocators = EquivocatorList()
    var statements = StatementIndex()
    var headAlarm = Alarm()
    /// Who asked for heads lately, and until when he gets them.
    var audience: [NodeID: Instant] = [:]
    /// When each co-owner was last sent a head. Bound: the members.
    var headsSent: [NodeID: Instant] = [:]
    /// When this process last found that it had been stopped.
    var wokeAt: Instant?
    /// When each member was last asked because its head did not fit. Bound: the members.
    var headsDoubted: [NodeID: Instant] = [:]
    /// Somebody waits to hear that this node observes.
    var headsOwed = false
    /// All who have counted here, or could have: whose signatures prove a flip.
    var acquaintances: Set<NodeID> = []

    /// When this mesh began to decide, once known.
    package internal(set) var birth: SignedBirth?
    var birthAlarm = Alarm()
    /// When a member was last told of the birth, or asked, because it spoke of another.
    var birthTaughtAt: Instant?
    var birthMissedAt: Instant?
    /// It is this node's turn to make one, if it has the majority.
    var isBirthDue = false
    package internal(set) var isSettled = false
    var settledAt: Instant?
    /// The mesh had decided before this node did: it was born when this one settled first.
    var hasCome = false
    /// Set once: see `beginLooking`.
    var mayLook = false
    /// When others were last asked for what this node cannot judge alone.
    var askedAroundAt: Instant?
    /// Set while this node is in doubt and waits before it asks again who has just come.
    var doubtAlarm = Alarm()
    /// When those settled who have said that they have just come. Bound: the members.
    var arrivals: [NodeID: Instant] = [:]
    var health = 0
    var majority = MajorityRecord()
    /// Checks that could be minted if this node had the majority, in the order of their asking.
    var awaitingMajority: [Int] = []
    /// Places of duties whose dissent waits for word of the majority, and of some that waited.
    var dutiesAwaitingMajority: Set<Int> = []

    package internal(set) var counters = VerdictCounters()

    enum Timer: Sendable {
        case look(duty: Int, revision: UInt32)
        case hung(LookToken)
        case longLook(LookToken)
        case lonelyDissent(check: Int, sequence: UInt64)
        case tellAll(check: Int, sequence: UInt64)
        case standInRest(check: Int)
        case bystander(check: Int)
        case confirm(check: Int, FlipID)
        case heads
        case birth
        case doubt
        case hints
        case leave(duty: Int, revision: UInt32)
        case zoneGrace
        case sweep
    }

    /// Something that waits for its signature.
    enum Draft: Sendable {
        case entry(LogEntry, check: Int)
        case birth(Birth)
    }

    package init(
        id: NodeID, mesh: MeshID, generation: UInt32, parameters: VerdictParameters,
        wallClock: WallClock, cryptography: any Cryptography, generator: SeededGenerator
    ) {
        self.id = id
        self.mesh = mesh
        self.generation = generation
        self.parameters = parameters
        self.wallClock = wallClock
        self.cryptography = cryptography
        self.generator = generator
        burst = BurstGuard(parameters)
    }

    package mutating func start(now: Instant) {
        scheduleSweep(now: now)
        scheduleHeads(at: now + generator.span(from: .zero, to: parameters.headPeriodMin))
    }

    // MARK: Time

    package var nextDeadline: Instant? { timers.nextDeadline }

    package mutating func handleDeadline(now: Instant) {
        while let (timer, deadline) = timers.popDue(at: now) {
            switch timer {
            case .look(let duty, let revision):
                beginLook(duty, revision: revision, due: deadline, now: now)
            case .hung(let token): giveUpLook(token, now: now)
            case .longLook(let token): doubtLongLook(token, now: now)
            case .lonelyDissent(let check, let sequence):
                callStandIns(check, sequence: sequence, now: now)
            case .tellAll(let check, let sequence): tellAll(check, sequence: sequence, now: now)
            case .standInRest(let check): restStandIn(check, now: now)
            case .bystander(let check): mintAsBystander(check, now: now)
            case .confirm(let check, let flip): confirm(flip, of: check, now: now)
            case .heads: sendHeads(now: now)
            case .birth: makeBirth(now: now)
            case .doubt: if doubtAlarm.goesOff(at: now) { askNewcomers(now: now) }
            case .hints: flushHints(now: now)
            case .leave(let duty, let revision): endLeaving(duty, revision: revision, now: now)
            case .zoneGrace: noteDarkZones(now: now)
            case .sweep: sweep(now: now)
            }
        }
    }

    package mutating func set(_ clock: WallClock) { wallClock = clock }
    /// A collision raised it: what was signed under the old one no longer stands.
    package mutating func setGeneration(_ raised: UInt32, now: Instant) {
        guard raised != generation else { return }
        generation = raised
        resignAll(now: now)
    }
    /// Lifeguard's local health, 0 to 7.
    package mutating func setHealth(_ score: Int) { health = score }

    // MARK: Effects

    package mutating func popEffect() -> VerdictEffect? {
        guard effectsTaken < effects.count else {
            if effectsTaken > 0 {
                effects.removeAll(keepingCapacity: true)
                effectsTaken = 0
            }
            return nil
        }
        defer { effectsTaken += 1 }
        return effects[effectsTaken]
    }

    mutating func report(_ event: CheckEvent) { effects.append(.report(event)) }
}

/// What is known of having the majority (section 5: *Majority*, *Fresh*).
struct MajorityRecord: Sendable {
    /// When the last call began that found a majority.
    var heldAt: Instant?
    /// When the last call ended that found none.
    var lostAt: Instant?

    /// Whether acks to pings sent after `since` have shown a majority.
    func holds(since: Instant) -> Bool { heldAt.map { $0 >= since } ?? false }
}

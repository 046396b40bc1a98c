package import MeshCore

/// One node's part in SWIM with Lifeguard, as a value: payloads, answers and `now` go in, effects
/// come out. It holds the sub-machines and lets them meet; each is a file of its own:
///
///     Members/        the table, precedence, names
///     Probing/        rounds, relays, local health
///     Suspicion/      accusation, shrinking timeouts, the last look
///     Dissemination/  queues, lanes, piggyback
///     Sync/           digests and the exchange of lists
///     Joining/        seeds, contact with the dead, clones
///
/// Sources: Das, Gupta, Motivala, "SWIM" (DSN 2002); Dadgar, Phillips, Currey, "Lifeguard"
/// (DSN-W 2018). Where we differ from them, the article *Architecture* says why.
package struct Membership: Sendable {
    package let parameters: MembershipParameters
    package let id: NodeID
    let cryptography: any Cryptography
    let mesh: MeshID
    let roster: Set<PublicKey>?

    var local: LocalNode
    var phase = Phase.waiting
    var table = MemberTable()
    var ended: [NodeID: EndedRecord] = [:]
    var digest = MemberDigest()
    var generator: SeededGenerator
    var timers = DeadlineQueue<Timer>()
    var effects: [MembershipEffect] = []
    var effectsTaken = 0

    var probeOrder = ProbeOrder()
    var probes: [UInt32: Probe] = [:]
    var relayed: [UInt32: RelayedProbe] = [:]
    /// Begins anywhere, so that nobody's answers fit another's questions by chance.
    var lastSequence: UInt32
    var roundTrips = RoundTrips()
    var localHealth: LocalHealth
    /// Members that answered only over TCP, and how often in a row. Bound: the member table's.
    var datagramsUnanswered: [NodeID: Int] = [:]

    var suspicions: [NodeID: Suspicion] = [:]
    var clearances = Clearances()

    var lanes = GossipLanes()
    var lastGossip: Instant?
    var gossipAlarm = Alarm()
    var seedsAlarm = Alarm()
    var deadContactAlarm = Alarm()

    var streams = StreamTable()
    var syncTrigger = SyncTrigger()
    /// An exchange of lists that this node opened has ended.
    package internal(set) var hasSynced = false
    /// One with a peer that the configuration names has.
    package internal(set) var hasSyncedWithNamedPeer = false

    /// What this node holds about checks, as the other parts sum it up: sent in every ping and ack.
    package var truthDigest: UInt64 = 0
    var inbox = BoundedQueue<Inbound>(limit: MembershipBounds.inboxMax)
    /// When a member last joined, died, came back, left or was dropped. Suspicions do not count.
    package internal(set) var lastMemberChange: Instant = .zero

    var seeds: SeedJoiner
    var cloneWatch = CloneWatch()
    var clonedMembers = ClonedMembers()
    /// Whether this side had the majority, as of a revision of the table.
    private var majority: (revision: UInt64, isHeld: Bool)?
    var signing = SigningDesk()
    /// The incarnation last drafted; the table holds the one last signed.
    var lastIncarnation: UInt32 = 0
    /// Who is to hear our next refutation directly. At most 8.
    var accusers: [NodeID] = []
    var lastReassurance: Instant?
    var generationAwaited: UInt32?
    var farewell: Update?
    var startedAt: Instant = .zero
    var lastRetentionTick: Instant = .zero

    package internal(set) var counters = MembershipCounters()

    enum Phase: Sendable {
        /// Its first statement is not signed yet.
        case waiting
        case running
        case leaving
        case stopped
    }

    /// Everything that this machine waits for. A timer that is no longer about anything is ignored.
    enum Timer: Sendable {
        case probeRound
        case probeStep(UInt32)
        case relay(UInt32)
        case suspicion(NodeID, revision: UInt32)
        case confirm(NodeID)
        case gossip
        case deadContact
        case retention
        case seeds
        case stream(StreamID)
        case cloneEnds(NodeID)
        case farewell(round: Int)
    }

    /// `restored` are members written down before the last stop: they enter as dead.
    package init(
        _ local: LocalNode, parameters: MembershipParameters, restored: [MemberEntry],
        cryptography: any Cryptography, generator: SeededGenerator
    ) {
        self.parameters = parameters
        self.local = local
        self.cryptography = cryptography
        self.generator = generator
        lastSequence = Probe.number(of: UInt32(truncatingIfNeeded: self.generator.next()))
        roster = local.roster
        id = NodeID(of: local.key, using: cryptography)
        mesh = MeshID(named: local.mesh, using: cryptography)
        localHealth = LocalHealth(
            limit: parameters.localHealthMax,
            isEnabled: parameters.lifeguard.contains(.localHealth))
        seeds = SeedJoiner(count: local.seedCount)
        _ = table.insert(
            ownStatement(incarnation: 0), Signature(r: .zero, s: .zero), id: id, state: .alive,
            marks: [], since: .zero)
        digest.toggle(id, generation: local.generation, state: .alive)
        for entry in restored { restore(entry) }
    }

    /// Begins: signs the first statement; what needs it follows its signature.
    package mutating func start(now: Instant) {
        startedAt = now
        lastMemberChange = now
        lastRetentionTick = now
        for position in 0..<table.count {
            table[position].since = now
            ended[table[position].id]?.anchor = now
        }
        sign(.alive(ownStatement(incarnation: 0)))
    }

    // MARK: Time

    package var nextDeadline: Instant? { timers.nextDeadline }

    package mutating func handleDeadline(now: Instant) {
        var isFirst = true
        while let (timer, deadline) = timers.popDue(at: now) {
            if isFirst {
                noteLateness(now - deadline, now: now)
                isFirst = false
            }
            guard phase != .stopped else { continue }
            handle(timer, now: now)
        }
    }

    private mutating func handle(_ timer: Timer, now: Instant) {
        switch timer {
        case .probeRound: beginRound(now: now)
        case .probeStep(let sequence): stepProbe(sequence, now: now)
        case .relay(let sequence): endRelay(sequence, now: now)
        case .suspicion(let node, let revision):
            handleSuspicionTimer(node, revision: revision, now: now)
        case .confirm(let node): confirmSuspicion(of: node, now: now)
        case .gossip: gossip(now: now)
        case .deadContact: contactDead(now: now)
        case .retention: retain(now: now)
        case .seeds: contactSeeds(now: now)
        case .stream(let stream): handleStreamTimer(stream, now: now)
        case .cloneEnds(let node): endCloneMark(of: node)
        case .farewell(let round): sayFarewell(round: round, now: now)
        }
    }

    // MARK: Effects

    package mutating func popEffect() -> MembershipEffect? {
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

    mutating func report(_ event: MembershipEvent) { effects.append(.report(event)) }

    // MARK: What it knows

    package var members: [MemberView] {
        // Places are sorted, and not what is shown of them, which is large.
        let table = table
        return (0..<table.count).sorted { table[$0].id < table[$1].id }.map(view)
    }

    package func member(_ node: NodeID) -> MemberView? {
        // Not by a closure, which would hold a copy of all that is in here.
        guard let position = table.position(of: node) else { return nil }
        return view(position)
    }

    package var rootDigest: UInt64 { digest.root }
    package var queuedUpdatesCount: Int { lanes.count }

    /// Bytes held for the members: table, index and probe order.
    package var memberStorageByteCount: Int {
        table.storageByteCount + probeOrder.storageByteCount
    }

    /// What to write down for the next start: every known member in its own words.
    package var entriesToStore: [MemberEntry] {
        (1..<max(table.count, 1)).filter { table[$0].state.isKnown }
            .map { MemberEntry(secondsEnded: 0, alive: table.aliveUpdate(at: $0), claim: nil) }
    }

    /// Who sends under a boot id, by what members have said of themselves.
    package func owner(of bootID: BootID) -> (node: NodeID, generation: UInt32)? {
        table.position(of: bootID).map { (table[$0].id, table[$0].generation) }
    }

    private func view(_ position: Int) -> MemberView {
        let member = table[position]
        return MemberView(
            id: member.id, key: member.key, name: member.name, zone: table.zone(of: member),
            address: member.address, bootID: member.bootID, born: member.born,
            standing: member.standing, since: member.since, counts: counts(position),
            isCloned: member.marks.contains(.cloned))
    }

    /// Whether a member is one of those that quorums and majorities are counted over. One of which
    /// two live is: left out, it would make a majority of fewer, on one side of a cut only.
    func counts(_ position: Int) -> Bool {
        let member = table[position]
        return member.state.isKnown && !member.marks.contains(.nameless) && isListed(member.key)
    }

    /// Whether a member has a voice in them: one that lives twice could have it on both sides.
    func hasVoice(_ position: Int) -> Bool {
        table[position].isReachable && !table[position].marks.contains(.cloned)
    }

    /// Whether a key may count at all: on the roster, where there is one.
    package func isListed(_ key: PublicKey) -> Bool { roster?.contains(key) ?? true }

    /// More than half of the known are reachable; at exactly half, the half with the lowest id
    /// has it. Good enough to let memories age; what extends the truth asks for fresh acks.
    package var hasMajority: Bool {
        if let majority, majority.revision == table.revision { return majority.isHeld }
        return countMajority()
    }

    /// Counts it once for all who ask until the members change.
    package mutating func noteMajority() {
        guard majority?.revision != table.revision else { return }
        majority = (table.revision, countMajority())
    }

    /// Rises whenever anything changes that others learn of members from here.
    package var membersRevision: UInt64 { table.revision }

    private func countMajority() -> Bool {
        var known = 0
        var reachable = 0
        var lowest: (id: NodeID, isReachable: Bool)?
        for position in 0..<table.count where counts(position) {
            let member = table[position]
            known += 1
            if hasVoice(position) { reachable += 1 }
            if lowest.map({ member.id < $0.id }) ?? true {
                lowest = (member.id, hasVoice(position))
            }
        }
        if reachable * 2 == known { return lowest?.isReachable ?? true }
        return reachable * 2 > known
    }
}

/// What membership has dropped or refused since the start, by reason.
package struct MembershipCounters: Sendable, Hashable {
    /// Statements whose signature does not fit their author.
    package var statementsForged = 0
    /// Claims about members or incarnations that we hold no statement for, or by authors that we
    /// do not know: anti-entropy brings what is missing.
    package var claimsUnfounded = 0
    /// Members that found no place in the table.
    package var membersRefused = 0
    /// Updates of a membership kind that this version does not know.
    package var updatesUnknown = 0
    /// Messages, updates and digests for the other parts that found the inbox full.
    package var inboxOverflows = 0
    /// Pings meant for another node that had our address.
    package var pingsMisdirected = 0
    /// Streams refused or closed for what came over them.
    package var streamsRefused = 0
    /// Timers after which nothing could be started because a bound was reached.
    package var boundsReached = 0

    package init() {}
}

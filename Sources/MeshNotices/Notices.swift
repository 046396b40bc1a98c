package import MeshChecks
package import MeshCore

/// One node's part in telling people, as a value: flips, other nodes' claims and receipts, the
/// providers' answers and `now` go in; claims, receipts and orders to deliver come out.
///
/// Call any method, then `popEffect` until it is empty, then sleep until `nextDeadline` at the
/// latest. Read what has arrived before `handleDeadline`: a receipt in hand must not lose to the
/// rung that it makes needless.
///
/// The parts: what each contact was told (`Ledger`), whether it is to be told more (`Wanting`), who
/// tells (`Ladder`, `Claim`, `ClaimBook`, `Errand`), and what people recorded (`RecordBook`).
package struct Notices: Sendable {
    package let id: NodeID
    let key: PublicKey
    let mesh: MeshID
    let parameters: NoticeParameters
    let cryptography: any Cryptography

    var wallClock: WallClock
    var generation: UInt32 = 0
    var footing: Footing = .unsettled
    /// In this life.
    var hasHadMajority = false
    var majorityUntil: Instant?
    /// Until then this node, back from an absence, asks more than the owners before it tells.
    var waryUntil: Instant?
    /// When an answer about the majority was last asked for and is still awaited.
    var rollCallEnd: Instant?
    /// Errands that wait for it, in the order in which they asked.
    var mustering: [Line] = []
    /// Suspect or dead; whoever is not here counts as alive.
    var notAlive: Set<NodeID> = []

    var routes = RouteBook()
    var dependencies = DependencyBook()
    var contacts: Set<ContactID> = []
    var meshCheck = CheckID(.zero)

    var stories: [Topic: News] = [:]
    var meshTopicsCount = 0
    /// The partial views among the stories. Bound: `partialTopicsMax`.
    var partialTopics: Set<Topic> = []
    /// Topics with a notice that a bound has kept from its way.
    var turnedAway: Set<Topic> = []
    var turnedAwayAlarm = Alarm()
    var errands: [Line: Errand] = [:]
    /// The lines of a check's errands, ascending.
    var openLines: [CheckID: [Line]] = [:]
    /// News that is not for a contact, because its route came after it.
    var passedOver: [Line: Place] = [:]
    var ledger: Ledger
    var claims: ClaimBook
    var records: RecordBook
    /// The last notice told on a line, as it was shown, where this node knew it whole.
    var lastTold: [Line: NoticeView] = [:]
    /// Claims that were on disk at the start, with no receipt: this node may have sent.
    var resumed: [Line: Claim] = [:]

    /// Receipts as they are to be signed when a provider says yes, however late.
    var deliveries: [DeliveryToken: Receipt] = [:]
    var drafts: [SigningToken: Draft] = [:]
    var recordDraftsCount = 0
    /// Which line a claim, by its number, or the write of one belongs to.
    var claimNumbers: [UInt64: Line] = [:]
    /// Of claims and attempts: the generation's own, for answers to an earlier start may still come.
    var lastNumber: UInt64 = 0
    /// Of signatures. Small, because the node shifts it to tell its parts' apart.
    var lastSignature: UInt64 = 0
    var lastSequence: UInt64 = 0

    var deadlines = DeadlineQueue<Timer>()
    var effects: [NoticesEffect] = []
    var effectsTaken = 0

    /// Keys of dossiers that may have changed since they were last asked for.
    var changedDossiers: Set<Bytes16> = []

    enum Timer: Sendable {
        case errand(Line)
        case lease(Line)
        case rollCall
        case signature(SigningToken)
        case turnedAway
    }

    /// What waits for a signature.
    enum Draft: Sendable {
        case receipt(Receipt)
        case record(Record)

        func signedBytes(mesh: MeshID) -> [UInt8] {
            switch self {
            case .receipt(let receipt): receipt.signedBytes(mesh: mesh)
            case .record(let record): record.signedBytes(mesh: mesh)
            }
        }
    }

    /// `restored`: what was stored under keys of telling; the rest of it is ignored.
    package init(
        key: PublicKey, mesh: MeshID, parameters: NoticeParameters = .init(),
        cryptography: any Cryptography, wallClock: WallClock, restored: [StoredItem] = []
    ) {
        id = NodeID(of: key, using: cryptography)
        self.key = key
        self.mesh = mesh
        self.parameters = parameters
        self.cryptography = cryptography
        self.wallClock = wallClock
        ledger = Ledger(bounds: parameters.bounds)
        claims = ClaimBook(bounds: parameters.bounds)
        records = RecordBook(bounds: parameters.bounds)
        restore(restored)
    }

    // MARK: What changes around a node

    /// The links of checks to contacts, the contacts that this node's notifier knows, and the id
    /// of the built-in check `mesh`. Several links of one check to one contact count as one that
    /// wants whatever any of them wants.
    package mutating func setRoutes(
        _ routes: [CheckID: [Route]], mesh meshRoutes: [Route] = [], contacts: Set<ContactID>,
        meshCheck: CheckID, now: Instant
    ) {
        let isReload = !self.routes.isEmpty
        let routesBefore = self.routes
        self.routes = RouteBook(routes, mesh: meshRoutes, of: meshCheck)
        self.contacts = contacts
        self.meshCheck = meshCheck
        ledger.routesChanged()
        for topic in stories.keys.sorted() {
            if isReload { passOver(topic, routedBefore: routesBefore) }
            reconsider(topic, now: now)
        }
    }

    /// Which checks stand on which. `setDown` says what of it is down, for all of them anew.
    package mutating func setDependencies(_ dependencies: [CheckID: Dependency], now: Instant) {
        guard !dependencies.isEmpty || !self.dependencies.dependants.isEmpty else { return }
        self.dependencies.set(dependencies)
        for line in errands.keys.sorted() { advance(line, now: now) }
    }

    /// Checks that others stand on, ascending.
    package var bases: [CheckID] { dependencies.dependants.keys.sorted() }

    /// What the certified state of a check means for those that stand on it; of others nothing is
    /// kept.
    package mutating func setDown(_ check: CheckID, _ isDown: Bool, now: Instant) {
        guard dependencies.set(check, isDown: isDown, now: now) else { return }
        for dependant in dependencies.dependants[check] ?? [] {
            for line in openLines[dependant] ?? [] { advance(line, now: now) }
        }
    }

    /// The wall clock was set: silences end by it.
    package mutating func set(_ wallClock: WallClock, now: Instant) {
        self.wallClock = wallClock
        for line in errands.keys.sorted() { advance(line, now: now) }
    }

    /// Before anything is signed: statements are counted anew in every generation.
    package mutating func setGeneration(_ generation: UInt32) {
        guard generation != self.generation else { return }
        self.generation = generation
        lastSequence = 0
        lastNumber = UInt64(generation) << 32
    }

    /// Whether this node may claim. The rungs count from when it first may, and has listened: what it
    /// wants to tell may have been told meanwhile, or be over.
    package mutating func setFooting(_ footing: Footing, now: Instant) {
        guard footing != self.footing else { return }
        let before = self.footing
        self.footing = footing
        if footing == .majority {
            // A start is no absence: it has compared with one of the others.
            if hasHadMajority { beWary(now: now) }
            hasHadMajority = true
        }
        for line in errands.keys.sorted() {
            guard let news = stories[line.topic] else { continue }
            let needed: Footing = news.needsMajority ? .majority : .settled
            if footing >= needed, before < needed, var errand = errands[line] {
                let listening = news.needsMajority ? parameters.homecomingWait : .zero
                let grace = errand.isResumed ? parameters.lease : listening
                errand.base = max(errand.base, now + grace)
                errands[line] = errand
            }
            advance(line, now: now)
        }
    }

    /// A node has become alive, or suspect or dead, which telling treats alike.
    package mutating func memberChanged(_ node: NodeID, isAlive: Bool, now: Instant) {
        let changed =
            isAlive ? notAlive.remove(node) != nil : notAlive.insert(node).inserted
        guard changed, !errands.isEmpty else { return }
        for line in errands.keys.sorted()
        where stories[line.topic]?.ladder.rank(of: node) != nil {
            advance(line, now: now)
        }
    }

    func isAlive(_ node: NodeID) -> Bool { !notAlive.contains(node) }

    /// The answer to `needMajority`.
    package mutating func handleMajority(_ hasMajority: Bool, now: Instant) {
        rollCallEnd = nil
        majorityUntil = hasMajority ? now + parameters.majorityFreshness : nil
        let waiting = mustering
        mustering = []
        for line in waiting {
            guard var errand = errands[line], case .mustering = errand.phase else { continue }
            errand.phase = .waiting
            if !hasMajority { errand.notBefore = now + parameters.majorityRetry }
            errands[line] = errand
            advance(line, now: now)
        }
    }

    // MARK: Time and effects

    package var nextDeadline: Instant? { deadlines.nextDeadline }

    package mutating func handleDeadline(now: Instant) {
        while let (timer, _) = deadlines.popDue(at: now) {
            switch timer {
            case .errand(let line):
                guard errands[line]?.alarm.goesOff(at: now) == true else { continue }
                advance(line, now: now)
            case .lease(let line): handleLapses(on: line, now: now)
            case .rollCall:
                guard let end = rollCallEnd, end <= now else { continue }
                rollCallEnd = nil
                if !mustering.isEmpty { askForMajority(now: now) }
            case .signature(let token): askAgain(for: token, now: now)
            case .turnedAway: takeTurnedAway(now: now)
            }
        }
    }

    package mutating func popEffect() -> NoticesEffect? {
        guard effectsTaken < effects.count else {
            if effectsTaken > 0 {
                effects.removeAll(keepingCapacity: true)
                effectsTaken = 0
            }
            return nil
        }
        effectsTaken += 1
        return effects[effectsTaken - 1]
    }

    mutating func askForMajority(now: Instant) {
        guard rollCallEnd == nil else { return }
        rollCallEnd = now + parameters.majorityRetry
        deadlines.schedule(.rollCall, at: now + parameters.majorityRetry)
        effects.append(.needMajority)
    }

    /// Notices on their way.
    package var openCount: Int { errands.count }
    /// Checks with a notice on its way, ascending.
    package var openChecks: [CheckID] { openLines.keys.sorted() }
}

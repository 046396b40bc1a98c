package import MeshCore
package import MeshNotices

/// Everything a world knows about checks, targets and notices beyond its nodes.
package struct WatchLedger: Sendable {
    package internal(set) var checks: CheckTable
    package internal(set) var targets: TargetWorld
    package internal(set) var receivers: Receivers
    package internal(set) var truth: TruthBook
    package internal(set) var sights: SightBook
    package internal(set) var troubles = TroubleLog()
    package internal(set) var liars: [Int: Lie]
    var tongues: [Int: LiarTongue] = [:]
    /// Until when a place lied that tells the truth now. Only looked up.
    var liedUntil: [Int: Instant] = [:]
    /// How often a liar's looks, signatures and requests were changed.
    var liesTold: [Int: Int] = [:]
    /// What each place is configured with, if not with what all others are.
    package internal(set) var skews: [Int: PlanSkew]
    /// When uplinks, checkers, receivers, configurations or liars last changed.
    package internal(set) var lastDisturbance = Instant.zero
    /// When any process other than its sender first knew that a notice was sent. Only looked up.
    package internal(set) var sentKnownAt: [NoticeID: Instant] = [:]
    /// When a process was first told to send a notice.
    package internal(set) var firstOrderedAt: [NoticeID: Instant] = [:]
    package internal(set) var deliveryCount = 0

    var pendingLooks = SlotPool<PendingLook>()
    var pendingDeliveries = SlotPool<PendingDelivery>()
    var pendingStores = SlotPool<PendingStore>()
    /// Of its own, so that worlds without checks draw what they drew before there were any.
    var generator: SeededGenerator
    /// How often each place has looked, for the liars that change their minds.
    var lookParity: [Int: Bool] = [:]

    init(_ setup: WorldSetup, mesh: MeshID, cryptography: FakeCryptography) {
        let watch = setup.watch
        checks = CheckTable(watch, in: mesh, sabotage: setup.sabotage, using: cryptography)
        targets = TargetWorld(checkCount: watch.checkCount, placeCount: setup.placeCount)
        receivers = Receivers(contactCount: watch.contactCount)
        truth = TruthBook(processCount: setup.placeCount, checkCount: watch.checkCount)
        sights = SightBook(checkCount: watch.checkCount)
        liars = watch.liars
        skews = watch.skewByPlace
        generator = SeededGenerator(seed: StableHash.of(setup.seed, 0x7472_7574_68))
    }

    /// Whether a place has lied at any time since `moment`.
    package func hasLied(_ place: Int, since moment: Instant) -> Bool {
        liars[place] != nil || liedUntil[place].map { $0 >= moment } ?? false
    }

    /// How many places have.
    package func liarCount(since moment: Instant) -> Int {
        liars.count + liedUntil.count { liars[$0.key] == nil && $0.value >= moment }
    }

    /// Whether some places are configured otherwise about this check.
    package func isSkewed(_ check: Int) -> Bool {
        skews.values.contains {
            $0.lacksChecks.contains(check) || $0.disabledChecks.contains(check)
                || $0.lacksRoutes.contains(check) || $0.revisions[check] != nil
        }
    }
}

import MeshCore

/// Decides when a difference between what two nodes hold about checks is worth a stream.
///
/// As with member lists, only a difference that outlasts the talk is a hole: the same foreign digest
/// against the same own one, a second and up to half of one more apart, whoever told it. A mesh that
/// never stands still is compared anyway when nobody has agreed with us for six times as long as
/// exchanges are apart; in a storm, when more waits to be told than gossip carries in a second, for
/// once as long. They are a second apart while they bring news, and while they change nothing
/// twice as long each time, up to half a minute: what two nodes will never agree on must not keep
/// them busy.
struct TruthTrigger: Sendable {
    private static let delay = TimeSpan.seconds(1)
    private static let jitter = TimeSpan.milliseconds(500)
    private static let intervalMin = TimeSpan.seconds(1)
    private static let intervalMax = TimeSpan.seconds(30)
    private static let patience = 6
    /// Foreign digests remembered; the oldest gives way.
    private static let sightingsMax = 4

    private struct Sighting: Sendable {
        let digest: UInt64
        let due: Instant
    }

    private var sightings: [Sighting] = []
    private var ownDigest: UInt64 = 0
    private var aloneSince: Instant?
    private var interval = intervalMin
    private var nextAllowed: Instant?

    /// A member's digest arrived: `true` if dossiers should now be exchanged with it.
    mutating func compare(
        _ theirs: UInt64, with ours: UInt64, inStorm: Bool, now: Instant,
        using generator: inout SeededGenerator
    ) -> Bool {
        if ours != ownDigest {
            ownDigest = ours
            sightings = []
        }
        guard theirs != ours else {
            aloneSince = nil
            return false
        }
        let alone = aloneSince ?? now
        aloneSince = alone
        let isOverdue = now - alone >= interval * (inStorm ? 1 : Self.patience)
        let isHole = isSeenAgain(theirs, now: now, using: &generator)
        guard isHole || isOverdue, nextAllowed.map({ $0 <= now }) ?? true else { return false }
        return true
    }

    private mutating func isSeenAgain(
        _ theirs: UInt64, now: Instant, using generator: inout SeededGenerator
    ) -> Bool {
        if let known = sightings.first(where: { $0.digest == theirs }) { return known.due <= now }
        if sightings.count == Self.sightingsMax { sightings.removeFirst() }
        let delay = Self.delay + generator.span(from: .zero, to: Self.jitter)
        sightings.append(Sighting(digest: theirs, due: now + delay))
        return false
    }

    mutating func noteOpened(now: Instant) {
        nextAllowed = now + interval
        sightings = []
        aloneSince = nil
    }

    mutating func noteEnded(broughtNews: Bool, now: Instant) {
        interval = broughtNews ? Self.intervalMin : min(interval * 2, Self.intervalMax)
        if !broughtNews { nextAllowed = now + interval }
    }
}

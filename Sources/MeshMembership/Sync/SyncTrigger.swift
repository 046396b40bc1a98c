import MeshCore

/// Decides when a difference between two member lists is worth a stream.
///
/// News travels by gossip, and while it does every digest differs from every other. Only a
/// difference that outlasts the talk is a hole: the same foreign digest against the same own one,
/// `syncDelay` and a random part of it apart, whoever told it. (The random part, so that all who
/// see one hole do not come at once.) A mesh that never stands still is compared anyway when
/// nobody has agreed with us for a long while.
struct SyncTrigger: Sendable {
    /// How long nobody may agree, in units of `syncInterval`.
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
    private var nextAllowed: Instant?

    /// A peer's digest arrived: `true` if lists should now be exchanged with that peer.
    mutating func compare(
        _ theirs: UInt64, with ours: UInt64, now: Instant, _ parameters: MembershipParameters,
        membersCount: Int, using generator: inout SeededGenerator
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
        let isOverdue = now - alone >= parameters.syncInterval * Self.patience
        let isHole = isSeenAgain(theirs, now: now, parameters, using: &generator)
        guard isHole || isOverdue, nextAllowed.map({ $0 <= now }) ?? true else { return false }
        // Above 32 members the load of exchanges is spread out, as their size grows.
        let doublings = max(0, ceilingLog2(membersCount) - 5)
        nextAllowed = now + parameters.syncInterval * (1 + doublings)
        sightings = []
        aloneSince = nil
        return true
    }

    private mutating func isSeenAgain(
        _ theirs: UInt64, now: Instant, _ parameters: MembershipParameters,
        using generator: inout SeededGenerator
    ) -> Bool {
        if let known = sightings.first(where: { $0.digest == theirs }) { return known.due <= now }
        if sightings.count == Self.sightingsMax { sightings.removeFirst() }
        let delay = parameters.syncDelay + generator.span(from: .zero, to: parameters.syncDelay)
        sightings.append(Sighting(digest: theirs, due: now + delay))
        return false
    }
}

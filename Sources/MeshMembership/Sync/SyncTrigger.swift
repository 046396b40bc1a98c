import MeshCore

/// Decides when a difference between two member lists is worth a stream.
///
/// It is one when it has lasted `syncDelay` and a random part of it, or when nobody has agreed with
/// us for a long while (`DigestWatch`).
struct SyncTrigger: Sendable {
    /// How long nobody may agree, in units of `syncInterval`.
    private static let patience = 6

    private var watch = DigestWatch()
    private var nextAllowed: Instant?

    /// A peer's digest arrived: `true` if lists should now be exchanged with that peer.
    mutating func compare(
        _ theirs: UInt64, with ours: UInt64, now: Instant, _ parameters: MembershipParameters,
        membersCount: Int, using generator: inout SeededGenerator
    ) -> Bool {
        let isDue = watch.compare(
            theirs, with: ours, delay: parameters.syncDelay, jitter: parameters.syncDelay,
            patience: parameters.syncInterval * Self.patience, now: now, using: &generator)
        guard isDue, nextAllowed.map({ $0 <= now }) ?? true else { return false }
        // Above 32 members the load of exchanges is spread out, as their size grows.
        let doublings = max(0, ceilingLog2(membersCount) - 5)
        nextAllowed = now + parameters.syncInterval * (1 + doublings)
        watch.startOver()
        return true
    }
}

import MeshCore

/// Decides when a difference between two member lists is worth a stream.
///
/// News travels by gossip, and while it does every digest differs from every other. Only a
/// difference that outlasts the talk is a hole: both lists must have stood still for `syncDelay`
/// and a random part of it, so that all who see the same hole do not come at once. A list that
/// never stands still is compared anyway now and then.
struct SyncTrigger: Sendable {
    /// Patience with a list that keeps changing, in units of `syncInterval`.
    private static let patience = 6

    private var differsSince: Instant?
    private var lastListChange: Instant = .zero
    private var nextAllowed: Instant = .zero
    private var jitter: TimeSpan = .zero

    mutating func noteListChange(now: Instant) {
        lastListChange = now
    }

    /// A peer's digest arrived: `true` if lists should now be exchanged with that peer.
    mutating func compare(
        equal: Bool, now: Instant, _ parameters: MembershipParameters, membersCount: Int,
        using generator: inout SeededGenerator
    ) -> Bool {
        if equal {
            differsSince = nil
            return false
        }
        guard let since = differsSince else {
            differsSince = now
            jitter = generator.span(from: .zero, to: parameters.syncDelay)
            return false
        }
        let delay = parameters.syncDelay + jitter
        let isQuiet = now - max(since, lastListChange) >= delay
        let isOverdue = now - since >= parameters.syncInterval * Self.patience
        guard isQuiet || isOverdue, now >= nextAllowed else { return false }
        // Above 32 members the load of exchanges is spread out, as their size grows.
        let doublings = max(0, ceilingLog2(membersCount) - 5)
        nextAllowed = now + parameters.syncInterval * (1 + doublings)
        differsSince = nil
        return true
    }
}

import MeshCore
import MeshMembership

/// Decides when a difference between what two nodes hold about checks is worth a stream.
///
/// As with member lists, only a difference that outlasts the talk is a hole: the same foreign digest
/// against the same own one, a second and up to half of one more apart, whoever told it. A mesh that
/// never stands still is compared anyway when nobody has agreed with us for six times as long as
/// exchanges are apart; in a storm, when more waits to be told than gossip carries in a second, for
/// once as long. They are a second apart while they bring news. With one peer they are twice
/// as far apart each time that they change nothing, up to half a minute: what two nodes will never
/// agree on must not keep them busy. With others they are then up to four seconds apart, so that one
/// stubborn peer keeps nobody from mending the rest, and a mesh full of them is not busy either.
///
/// Bound: `pausesMax` peers; the one whose pause ends first is forgotten.
struct TruthTrigger: Sendable {
    private static let delay = TimeSpan.seconds(1)
    private static let jitter = TimeSpan.milliseconds(500)
    private static let intervalMin = TimeSpan.seconds(1)
    private static let intervalMax = TimeSpan.seconds(30)
    private static let sharedIntervalMax = TimeSpan.seconds(4)
    private static let pausesMax = 128
    private static let patience = 6

    private var watch = DigestWatch()
    private var interval = intervalMin
    private var nextAllowed: Instant?
    /// Peers with whom an exchange brought nothing, and when the next may be.
    private var pauses: [NodeID: (length: TimeSpan, end: Instant)] = [:]

    /// A member's digest arrived: `true` if dossiers should now be exchanged with it.
    mutating func compare(
        _ theirs: UInt64, of node: NodeID, with ours: UInt64, inStorm: Bool, now: Instant,
        using generator: inout SeededGenerator
    ) -> Bool {
        let isDue = watch.compare(
            theirs, with: ours, delay: Self.delay, jitter: Self.jitter,
            patience: interval * (inStorm ? 1 : Self.patience), now: now, using: &generator)
        guard isDue, nextAllowed.map({ $0 <= now }) ?? true else { return false }
        return pauses[node].map { $0.end <= now } ?? true
    }

    mutating func noteOpened(now: Instant) {
        nextAllowed = now + interval
        watch.startOver()
    }

    mutating func noteEnded(with node: NodeID, broughtNews: Bool, now: Instant) {
        guard !broughtNews else {
            interval = Self.intervalMin
            pauses[node] = nil
            return
        }
        interval = min(interval * 2, Self.sharedIntervalMax)
        nextAllowed = now + interval
        let length = min((pauses[node]?.length ?? Self.intervalMin) * 2, Self.intervalMax)
        pauses[node] = (length, now + length)
        guard pauses.count > Self.pausesMax else { return }
        let first = pauses.min { ($0.value.end, $0.key) < ($1.value.end, $1.key) }
        if let first { pauses[first.key] = nil }
    }
}

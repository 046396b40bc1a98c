package import MeshCore

/// Tells a difference between two nodes that lasts from one that is only news on its way.
///
/// While news travels every digest differs from every other. Only a difference that outlasts the
/// talk is a hole: the same foreign digest against the same own one, a while apart, whoever told it.
/// What never stands still is a reason, too, when nobody has agreed for long.
///
/// Bound: `sightingsMax` foreign digests; the oldest gives way.
package struct DigestWatch: Sendable {
    private static let sightingsMax = 4

    private struct Sighting: Sendable {
        let digest: UInt64
        let due: Instant
    }

    private var sightings: [Sighting] = []
    private var ownDigest: UInt64 = 0
    private var aloneSince: Instant?

    package init() {}

    /// A peer's digest arrived: `true` if it has differed for `delay` and up to `jitter` more (so
    /// that all who see one hole do not come at once), or if nobody has agreed for `patience`.
    package mutating func compare(
        _ theirs: UInt64, with ours: UInt64, delay: TimeSpan, jitter: TimeSpan,
        patience: TimeSpan, now: Instant, using generator: inout SeededGenerator
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
        if let known = sightings.first(where: { $0.digest == theirs }) {
            return known.due <= now || now - alone >= patience
        }
        if sightings.count == Self.sightingsMax { sightings.removeFirst() }
        let span = delay + generator.span(from: .zero, to: jitter)
        sightings.append(Sighting(digest: theirs, due: now + span))
        return now - alone >= patience
    }

    /// An exchange begins: what differs after it is another difference.
    package mutating func startOver() {
        sightings = []
        aloneSince = nil
    }
}

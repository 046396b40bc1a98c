import MeshCore

/// The last round trips of pings, from which the ping timeout follows.
///
/// The 99th percentile of so few samples is their maximum. One window for all members: the far
/// ones set the timeout, and a near one that fails is noticed a fraction of a second later.
struct RoundTrips: Sendable {
    private static let samplesMax = 64
    private var samples: [TimeSpan] = []
    private var oldest = 0

    mutating func record(_ roundTrip: TimeSpan) {
        guard samples.count == Self.samplesMax else { return samples.append(roundTrip) }
        samples[oldest] = roundTrip
        oldest = (oldest + 1) % Self.samplesMax
    }

    /// Three times the 99th percentile, within the bounds; the upper bound while nothing is known.
    func timeout(_ parameters: MembershipParameters) -> TimeSpan {
        guard let slowest = samples.max() else { return parameters.pingTimeoutMax }
        return (slowest * 3).clamped(
            from: parameters.pingTimeoutMin, to: parameters.pingTimeoutMax)
    }
}

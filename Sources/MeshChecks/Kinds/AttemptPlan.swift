package import MeshCore

/// How one look tries, and what its attempts add up to, as in Checkup: they run one after another,
/// one that fails is *down*, a median above the threshold is *degraded*.
package struct AttemptPlan: Sendable, Hashable {
    package static let countRange = 1...10
    package static let timeoutRange = TimeSpan.milliseconds(100)...TimeSpan.minutes(2)
    package static let spacingRange = TimeSpan.zero...TimeSpan.minutes(1)
    package static let timeoutDefault = TimeSpan.seconds(10)

    package let count: Int
    /// Over the whole of one attempt: names, connection, TLS, request, answer, body.
    package let timeout: TimeSpan
    /// Between the end of one attempt and the beginning of the next.
    package let spacing: TimeSpan
    /// A median round trip above this is *degraded*; `nil`: none is too slow.
    package let threshold: TimeSpan?

    package init(
        count: Int = 1, timeout: TimeSpan = timeoutDefault, spacing: TimeSpan = .zero,
        threshold: TimeSpan? = nil
    ) {
        precondition(
            Self.countRange.contains(count) && Self.timeoutRange.contains(timeout)
                && Self.spacingRange.contains(spacing)
                && (threshold.map { $0 > .zero && $0 < timeout } ?? true),
            "expected attempts within their bounds")
        self.count = count
        self.timeout = timeout
        self.spacing = spacing
        self.threshold = threshold
    }

    /// The longest that a look can take: `CheckDefinition.timeout`, below the interval.
    package var longestLook: TimeSpan { timeout * count + spacing * (count - 1) }

    /// Whether a look has no need of another attempt: the last one failed, or it was the last.
    package func isDecided(by attempts: [Attempt]) -> Bool {
        guard let last = attempts.last else { return false }
        return last.hasFailed || attempts.count >= count
    }

    /// What the attempts of one look, at least one, add up to: the first that failed is the look's
    /// verdict; otherwise the first that was degraded; otherwise the median round trip decides.
    package func conclude(_ attempts: [Attempt]) -> LookResult {
        guard let last = attempts.last else { preconditionFailure("expected an attempt") }
        if let failed = attempts.first(where: \.hasFailed) { return failed.verdict }
        let median = Self.median(of: attempts.map(\.span))
        if let poor = attempts.first(where: { $0.outcome != .answered }) {
            var result = poor.verdict
            result.observation.latency = median
            return result
        }
        guard let threshold, median > threshold else {
            return LookResult(Observation(.saw(.up, .none), latency: median), last.measurements)
        }
        let reason = "median round trip time exceeded threshold (\(DurationText(threshold)))"
        return LookResult(
            Observation(.saw(.degraded, Reason(reason)), latency: median), last.measurements)
    }

    /// Of an even number of them the mean of the middle two, truncated.
    private static func median(of spans: [TimeSpan]) -> TimeSpan {
        let sorted = spans.sorted()
        let middle = sorted.count / 2
        guard sorted.count.isMultiple(of: 2) else { return sorted[middle] }
        return (sorted[middle - 1] + sorted[middle]) / 2
    }

    func write(to text: inout DefinitionText) {
        text.add("attempts", .number(count), unless: .number(1))
        text.add("timeout", .span(timeout), unless: .span(Self.timeoutDefault))
        text.add("attempt_spacing", .span(spacing), unless: .span(.zero))
        if let threshold { text.add("threshold_rtt", .span(threshold)) }
    }
}

package import MeshCore

/// How one look tries, and what its attempts add up to. As in Checkup they run one after another,
/// one that fails is *down* and a median above the threshold is *degraded*; some may be allowed to
/// fail, and the wish may be that they fail.
package struct AttemptPlan: Sendable, Hashable {
    package static let countRange = 1...100
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
    /// So many of them may fail, fewer than there are, and the look is still fine: the median is
    /// that of the others.
    package let failuresAllowed: Int
    /// The wish is that it fails (a port that must be closed): an attempt that fails is as it
    /// should be, and one that is answered, well or poorly, has failed. One that could not be made
    /// says nothing either way.
    package let isInverted: Bool

    package init(
        count: Int = 1, timeout: TimeSpan = timeoutDefault, spacing: TimeSpan = .zero,
        threshold: TimeSpan? = nil, failuresAllowed: Int = 0, isInverted: Bool = false
    ) {
        precondition(
            Self.countRange.contains(count) && Self.timeoutRange.contains(timeout)
                && Self.spacingRange.contains(spacing)
                && (threshold.map { $0 > .zero && $0 < timeout } ?? true)
                && (0..<count).contains(failuresAllowed),
            "expected attempts within their bounds")
        self.count = count
        self.timeout = timeout
        self.spacing = spacing
        self.threshold = threshold
        self.failuresAllowed = failuresAllowed
        self.isInverted = isInverted
    }

    /// The longest that a look can take: `CheckDefinition.timeout`, below the interval.
    package var longestLook: TimeSpan { timeout * count + spacing * (count - 1) }

    /// Whether a look has no need of another attempt: too many have failed, or there was the last.
    package func isDecided(by attempts: [Attempt]) -> Bool {
        attempts.count >= count || attempts.count { wished($0).hasFailed } > failuresAllowed
    }

    /// What the attempts of one look, at least one, add up to. Where more than may have failed, the
    /// first that did is the look's verdict; where they are more only with those that could not be
    /// made, the look says nothing. Otherwise the first that was degraded is the verdict; otherwise
    /// the median round trip decides.
    package func conclude(_ attempts: [Attempt]) -> LookResult {
        var result = judge(isInverted ? attempts.map(wished) : attempts)
        result.attempts = attempts
        return result
    }

    private func judge(_ attempts: [Attempt]) -> LookResult {
        let spans = attempts.compactMap { $0.hasFailed ? nil : $0.span }
        if attempts.count - spans.count > failuresAllowed {
            let blamed = attempts.count { $0.isTargetsFault }
            let first = attempts.first {
                blamed > failuresAllowed ? $0.isTargetsFault : $0.hasFailed && !$0.isTargetsFault
            }
            if let first { return first.verdict }
        }
        guard let last = attempts.last(where: { !$0.hasFailed }) else {
            preconditionFailure("expected an attempt")
        }
        let median = Self.median(of: spans)
        if let poor = attempts.first(where: \.isDegraded) {
            var result = poor.verdict
            result.observation.latency = median
            return result
        }
        guard let threshold, median > threshold else {
            return LookResult(Observation(.saw(.up, .none), latency: median), last.measurements)
        }
        let reason =
            "median round trip \(Self.rounded(median)), above the threshold of"
            + " \(DurationText(threshold))"
        return LookResult(
            Observation(.saw(.degraded, Reason(reason)), latency: median), last.measurements)
    }

    /// An attempt as it is to be judged: what was wished for.
    private func wished(_ attempt: Attempt) -> Attempt {
        guard isInverted else { return attempt }
        let outcome: Attempt.Outcome =
            switch attempt.outcome {
            case .answered, .degraded: .failed(Reason("it works, and should not"))
            case .failed: .answered
            case .impossible: attempt.outcome
            }
        return Attempt(outcome: outcome, span: attempt.span).measuring(attempt.measurements)
    }

    /// To three digits or so: nobody reads nanoseconds.
    private static func rounded(_ span: TimeSpan) -> DurationText {
        var unit: Int64 = 1
        while span.nanoseconds / unit >= 10_000 { unit *= 10 }
        return DurationText(TimeSpan(nanoseconds: span.nanoseconds / unit * unit))
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
        text.add("attempts_may_fail", .number(failuresAllowed), unless: .number(0))
        text.add("invert", .flag(isInverted), unless: .flag(false))
    }
}

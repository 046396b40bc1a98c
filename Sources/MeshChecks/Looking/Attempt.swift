package import MeshCore

/// One try of a look: what came of it, how long it took, what it measured.
package struct Attempt: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        /// The target did as it should.
        case answered
        /// It works, and not as well as it should.
        case degraded(Reason)
        /// It did not; the fault is the target's.
        case failed(Reason)
        /// This node could not try.
        case impossible(Abstention)
    }

    package let outcome: Outcome
    /// The round trip, or how long it took to fail.
    package let span: TimeSpan
    package var measurements = Measurements()

    package init(outcome: Outcome, span: TimeSpan) {
        self.outcome = outcome
        self.span = span
    }

    package static func answered(_ roundTrip: TimeSpan) -> Attempt {
        Attempt(outcome: .answered, span: roundTrip)
    }

    package static func degraded(_ reason: Reason, after span: TimeSpan) -> Attempt {
        Attempt(outcome: .degraded(reason), span: span)
    }

    package static func failed(_ reason: Reason, after span: TimeSpan) -> Attempt {
        Attempt(outcome: .failed(reason), span: span)
    }

    package static func impossible(_ abstention: Abstention) -> Attempt {
        Attempt(outcome: .impossible(abstention), span: .zero)
    }

    /// The same, with what was measured on the way.
    package func measuring(_ measurements: Measurements) -> Attempt {
        var attempt = self
        attempt.measurements = measurements
        return attempt
    }

    /// Whether the target failed it, or it could not be made.
    package var hasFailed: Bool {
        switch outcome {
        case .answered, .degraded: false
        case .failed, .impossible: true
        }
    }

    /// Whether it says anything that people read.
    package var hasWords: Bool {
        switch outcome {
        case .answered: measurements.remark != nil
        case .degraded, .failed, .impossible: true
        }
    }

    /// Whether it failed by the target's fault.
    package var isTargetsFault: Bool {
        if case .failed = outcome { return true }
        return false
    }

    /// What a look says that this attempt decides.
    var verdict: LookResult {
        let seen: Observation.Outcome =
            switch outcome {
            case .answered: .saw(.up, .none)
            case .degraded(let reason): .saw(.degraded, reason)
            case .failed(let reason): .saw(.down, reason)
            case .impossible(let abstention): .abstained(abstention)
            }
        return LookResult(Observation(seen, latency: span), measurements)
    }
}

import MeshChecks
import MeshCore
import MeshCrypto
import MeshPlatform

/// A handshake in full, verified, and how long the certificates still are good.
final class TLSChecker: Checker {
    private let desk: CallDesk

    init(at desk: CallDesk) { self.desk = desk }

    func begin(_ check: TLSCheck, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        var plan = CallPlan(
            address: check.address, version: check.version, timeout: check.attempts.timeout)
        plan.security = CallPlan.Security(options: check.tls, startTLS: check.startTLS)
        return desk.begin(plan) { done(Self.attempt(of: $0, by: check)) }
    }

    func cancel(_ attempt: AttemptID) { desk.cancel(attempt) }

    private static func attempt(of report: CallReport, by check: TLSCheck) -> Attempt {
        let attempt = report.attempt(at: check.name)
        guard case .answered = attempt.outcome else { return attempt }
        guard let chain = report.chain, let earliest = chain.earliest else {
            return .failed(
                Reason("the server shows no certificate with an end"), after: report.span)
        }
        let end = CertificateEnd(
            earliest.end, of: check.name,
            issuer: earliest.place == 0 ? nil : chain.name(of: earliest.place))
        return switch check.judge(end, at: SystemClock.wallTime) {
        case nil: attempt
        case .ending(let reason):
            .degraded(reason, after: report.span).measuring(report.measurements)
        case .ended(let reason):
            .failed(reason, after: report.span).measuring(report.measurements)
        }
    }
}

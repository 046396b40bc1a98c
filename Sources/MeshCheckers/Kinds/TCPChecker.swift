import MeshChecks
import MeshCore
import MeshPatterns
import MeshPlatform

/// A connection, over TLS where asked for, and what the other side says on it.
final class TCPChecker: Checker {
    private let desk: CallDesk
    private let patterns: ExpressionShelf

    init(at desk: CallDesk, patterns: ExpressionShelf) {
        self.desk = desk
        self.patterns = patterns
    }

    func begin(_ check: TCPCheck, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        var plan = CallPlan(
            address: check.address, version: check.version, timeout: check.attempts.timeout)
        plan.security = check.tls.map { CallPlan.Security(options: $0) }
        if let send = check.send { plan.send = Array(send.revealed.utf8) }
        if check.expect != nil {
            plan.judge = { [patterns] in check.judge($0, hasEnded: $1, patterns) }
        }
        let host = check.tls?.name(at: check.address.host) ?? check.address.host
        return desk.begin(plan) { done($0.attempt(at: host)) }
    }

    func cancel(_ attempt: AttemptID) { desk.cancel(attempt) }
}

package import MeshChecks
package import MeshMembership
package import MeshNotices

// What states are called: in JSON, on the page and in metrics.

extension TargetState {
    package var word: String {
        switch self {
        case .up: "up"
        case .degraded: "degraded"
        case .down: "down"
        }
    }
}

extension TargetState? {
    package var word: String { self?.word ?? "unknown" }
}

extension MemberState {
    package var word: String {
        switch self {
        case .alive: "alive"
        case .suspect: "suspect"
        case .dead: "dead"
        case .left: "left"
        case .forgotten: "forgotten"
        }
    }
}

extension NoticeKind {
    package var word: String {
        switch self {
        case .flip: "flip"
        case .reminder: "reminder"
        case .escalation: "escalation"
        case .partial: "partial"
        case .mesh: "mesh"
        }
    }
}

extension NoticeStatus {
    /// `nil` for one that is not shown: there is nothing left to tell.
    package var word: String? {
        switch self {
        case .pending: "pending"
        case .claimed: "claimed"
        case .sent: "sent"
        case .failed: "failed"
        case .held: "held"
        case .superseded: nil
        }
    }

    var error: String? {
        if case .failed(let reason) = self { reason.text } else { nil }
    }
}

extension Abstention {
    package var word: String {
        switch self {
        case .unhealthy: "unhealthy"
        case .noResources: "no_resources"
        case .late: "late"
        case .noResolver: "no_resolver"
        case .noUplink: "no_uplink"
        case .aloneInBurst: "alone_in_burst"
        case .hung: "hung"
        }
    }
}

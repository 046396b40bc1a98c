import MeshChecks
import MeshMembership
import MeshNotices

// The words of the contract for the core's cases.

extension MemberState {
    var word: String {
        switch self {
        case .alive: "alive"
        case .suspect: "suspect"
        case .dead: "dead"
        case .left: "left"
        case .forgotten: "forgotten"
        }
    }
}

extension TargetState {
    var word: String {
        switch self {
        case .up: "up"
        case .degraded: "degraded"
        case .down: "down"
        }
    }
}

extension NoticeStatus {
    var word: String {
        switch self {
        case .pending: "pending"
        case .claimed: "claimed"
        case .sent: "sent"
        case .failed: "failed"
        case .held: "held"
        case .superseded: "superseded"
        }
    }
}

extension Abstention {
    var word: String {
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

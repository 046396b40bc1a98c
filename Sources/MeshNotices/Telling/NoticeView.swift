package import MeshChecks
package import MeshCore

/// A notice as a node shows it.
package struct NoticeView: Sendable, Hashable {
    package var notice: Notice
    package var status: NoticeStatus
    /// Who holds the claim or made the receipt.
    package var node: NodeID?
    package var at: WallTime
    /// Attempts that this node knows of, all nodes' together.
    package var attempts: Int

    package init(
        notice: Notice, status: NoticeStatus, node: NodeID?, at: WallTime, attempts: Int
    ) {
        self.notice = notice
        self.status = status
        self.node = node
        self.at = at
        self.attempts = attempts
    }
}

package enum NoticeStatus: Sendable, Hashable {
    case pending, claimed, sent
    /// The last attempt failed; another follows while the state stands.
    case failed(Reason)
    /// By a silence, or for the reason that is given.
    case held(Reason)
    /// A later flip was told instead, or nothing was left to tell.
    case superseded
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

    /// Why the last attempt failed, or why none is made.
    package var error: String? {
        switch self {
        case .failed(let reason): reason.text
        case .held(let reason): reason == .none ? nil : reason.text
        case .pending, .claimed, .sent, .superseded: nil
        }
    }
}

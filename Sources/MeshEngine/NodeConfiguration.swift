package import MeshCore
package import MeshMembership
package import MeshNotices
package import MeshVerdicts

/// Everything a node is started with, already checked.
package struct NodeConfiguration: Sendable {
    package var local: LocalNode
    package var parameters: MembershipParameters
    /// The mesh's secrets: the first seals, all of them open (rotation).
    package var secrets: [[UInt8]]
    /// Members written down before the last stop. They enter as dead: known, not reachable.
    package var restored: [MemberEntry]
    /// What was stored before the last stop, in any order.
    package var stored: [StoredItem]
    package var plan: WatchPlan
    package var verdictParameters = VerdictParameters()
    package var noticeParameters = NoticeParameters()
    package var meshParameters = MeshHealthParameters()
    package var wallClock: WallClock

    package init(
        local: LocalNode, secrets: [[UInt8]], parameters: MembershipParameters = .init(),
        restored: [MemberEntry] = [], stored: [StoredItem] = [], plan: WatchPlan = .init(),
        wallClock: WallClock = .init(reading: .init(milliseconds: 0), at: .zero)
    ) {
        precondition(!secrets.isEmpty, "expected a mesh secret")
        self.local = local
        self.secrets = secrets
        self.parameters = parameters
        self.restored = restored
        self.stored = stored
        self.plan = plan
        self.wallClock = wallClock
    }
}

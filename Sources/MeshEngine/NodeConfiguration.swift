package import MeshMembership

/// Everything a node is started with, already checked.
package struct NodeConfiguration: Sendable {
    package var local: LocalNode
    package var parameters: MembershipParameters
    /// The mesh's secrets: the first seals, all of them open (rotation).
    package var secrets: [[UInt8]]
    /// Members written down before the last stop. They enter as dead: known, not reachable.
    package var restored: [MemberEntry]

    package init(
        local: LocalNode, secrets: [[UInt8]], parameters: MembershipParameters = .init(),
        restored: [MemberEntry] = []
    ) {
        precondition(!secrets.isEmpty, "expected a mesh secret")
        self.local = local
        self.secrets = secrets
        self.parameters = parameters
        self.restored = restored
    }
}

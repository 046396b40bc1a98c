package import MeshCore

/// A member of *known* as placement sees it: where it runs, and whether it can look now.
package struct PlacementMember: Hashable, Sendable {
    package var id: NodeID
    package var zone: Label
    /// Alive or suspect; a member that is not is dead within 24 h, counts and owns nothing.
    package var isReachable: Bool

    package init(id: NodeID, zone: Label, isReachable: Bool) {
        self.id = id
        self.zone = zone
        self.isReachable = isReachable
    }
}

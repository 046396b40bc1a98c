package import MeshCore

/// How long what is wrong with the mesh must last before anybody is told (section 7).
package struct MeshHealthParameters: Sendable {
    /// `partition_grace`: without a quorum, or with a partial view, for this long.
    package var partitionGrace: TimeSpan = .minutes(5)
    /// A node may be dead for this long. A rolling restart, and a machine's, takes less.
    package var deathGrace: TimeSpan = .minutes(5)
    /// A contact may fail for this long: two rounds of the ladder and more.
    package var contactGrace: TimeSpan = .minutes(5)
    /// Configurations may differ for this long: a change reaches one node after another.
    package var skewGrace: TimeSpan = .minutes(10)
    /// What was wrong must be well for this long before its end is told.
    package var recoveryGrace: TimeSpan = .seconds(30)
    /// What several nodes find within this long of each other about unwatched checks is one word.
    package var gatheringGrace: TimeSpan = .seconds(30)
    /// After healing, the chain has this long beside its own rule to confirm a partial view.
    package var confirmationGrace: TimeSpan = .seconds(30)

    package init() {}
}

/// Bounds of what is watched about the mesh, and what happens at each.
enum MeshHealthBounds {
    /// Troubles watched at once. A further one is not told of.
    static let troublesMax = 16_384
    /// Contacts held for failing. A further one is not told of.
    static let contactsMax = 4_096
    /// Checks with a provisional state that may be told. A further one is shown only.
    static let partialsMax = 20_000
    /// Names in a reason; it has room for about so many.
    static let namesMax = 8
}

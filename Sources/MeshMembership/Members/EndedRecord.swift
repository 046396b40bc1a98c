import MeshCore

/// What is kept of a member that is dead, left or forgotten, beside its place in the table.
struct EndedRecord: Sendable {
    /// The signed claim that ended it; `nil` for a member read from disk.
    var claim: Update?
    /// Retention counts from here. Moved forward while this node has no majority: a minority must
    /// not forget the rest of the mesh, or a healed cut would find nobody to heal with.
    var anchor: Instant
}

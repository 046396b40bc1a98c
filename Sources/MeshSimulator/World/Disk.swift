import MeshCore
package import MeshMembership

/// What a process finds again when it starts: its key, its generation, and whom it knew.
package struct Disk: Sendable, Hashable {
    /// The private half of the key; `nil` on an empty disk.
    package var keySeed: UInt64?
    /// When the key was made, in seconds since 1970 by the wall clock of that moment.
    package var born: UInt32 = 0
    /// The last generation written down; 0 before the first start.
    package var generation: UInt32 = 0
    package var entries: [MemberEntry] = []

    package init() {}
}

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
    /// What was to be stored, by key.
    package var items: [[UInt8]: [UInt8]] = [:]

    package init() {}

    /// The items in the order of their keys: a node must not depend on any, a run must replay.
    var storedItems: [StoredItem] {
        items.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { StoredItem(key: $0.key, value: $0.value) }
    }
}

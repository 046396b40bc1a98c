package import MeshCore

/// What a node knows of itself before it starts.
package struct LocalNode: Sendable {
    package var mesh: Label
    package var key: PublicKey
    package var name: Label
    package var zone: Label
    /// Where others reach it: the advertised address.
    package var address: SocketAddress
    /// Already stored durably, and higher than at any earlier start.
    package var generation: UInt32
    package var bootID: BootID
    /// When the key was made, in seconds since 1970.
    package var born: UInt32
    /// How many peers the configuration names. The shell resolves them by number.
    package var seedCount: Int
    /// `trust: "roster"`: the keys that count. `nil` is `trust: "secret"`: every key counts.
    package var roster: Set<PublicKey>?

    package init(
        mesh: Label, key: PublicKey, name: Label, zone: Label, address: SocketAddress,
        generation: UInt32, bootID: BootID, born: UInt32, seedCount: Int,
        roster: Set<PublicKey>? = nil
    ) {
        precondition(generation >= 1, "expected a generation that was stored: they begin at 1")
        precondition(!address.isUnspecified, "expected an address that others can reach")
        self.mesh = mesh
        self.key = key
        self.name = name
        self.zone = zone
        self.address = address
        self.generation = generation
        self.bootID = bootID
        self.born = born
        self.seedCount = seedCount
        self.roster = roster
    }
}

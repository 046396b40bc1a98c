package import MeshCore

/// One member as a node shows it: to the shell, to people and to the simulator's invariants.
package struct MemberView: Sendable, Hashable {
    package var id: NodeID
    package var key: PublicKey
    package var name: Label
    package var zone: Label
    package var address: SocketAddress
    package var bootID: BootID
    package var born: UInt32
    package var standing: Standing
    /// When this node took it for what it is now.
    package var since: Instant
    /// Whether it is one of the *known* that quorums are counted over: reachable or dead, its name
    /// not taken by another, and on the roster where there is one.
    package var counts: Bool
    /// Two processes speak as this member: it counts, and has no voice.
    package var isCloned = false

    package var state: MemberState { standing.state }
}

package import MeshCore
package import MeshMembership

/// One node of the mesh, as a value: bytes, answers and `now` go in, effects come out.
///
/// Call any `handle…` or command method, then `popEffect` until it is empty, then sleep until
/// `nextDeadline` at the latest. Read all waiting datagrams and stream bytes before
/// `handleDeadline`: an answer that has arrived must not lose to its own timeout.
package struct Node<Crypto: Cryptography>: Sendable {
    package init(
        _ configuration: NodeConfiguration, cryptography: Crypto, generator: SeededGenerator
    ) {}

    /// Begins: signs its first statement, contacts its seeds.
    package mutating func start(now: Instant) {}

    // MARK: What happens to a node

    package mutating func handle(
        datagram: [UInt8], from sender: SocketAddress, now: Instant
    ) {}
    /// A peer has opened a stream. `nil`: refused, too many are open.
    package mutating func acceptStream(from peer: SocketAddress, now: Instant) -> StreamID? { nil }
    package mutating func handle(_ event: StreamEvent, on stream: StreamID, now: Instant) {}
    package mutating func handle(
        signature: Signature, for token: SigningToken, now: Instant
    ) {}
    /// The answer to `resolve`; empty if the name has no address now.
    package mutating func handle(
        addresses: [SocketAddress], ofSeed seed: Int, now: Instant
    ) {}
    /// The generation asked for by `storeGeneration` is on disk.
    package mutating func handleGenerationStored(_ generation: UInt32, now: Instant) {}
    package mutating func handleDeadline(now: Instant) {}

    // MARK: Commands

    /// Says goodbye; `stop(.left)` follows within two seconds.
    package mutating func leave(now: Instant) {}
    /// Drops a dead member before its retention ends, mesh-wide. False if it is not dead.
    package mutating func forget(_ node: NodeID, now: Instant) -> Bool { false }

    // MARK: What a node wants

    package var nextDeadline: Instant? { nil }
    package mutating func popEffect() -> NodeEffect? { nil }

    // MARK: What a node knows

    /// Every member in any state, this node included, in the order of their ids.
    package var members: [MemberView] { [] }
    /// The member list's fingerprint: equal at all nodes of a quiet, whole mesh.
    package var digest: UInt64 { 0 }
    /// What was dropped or refused, and why, since the start.
    package var counters: NodeCounters { NodeCounters() }
    /// Bytes of memory held for each member: table, index and what hangs on it.
    package var memberStorageByteCount: Int { 0 }
}

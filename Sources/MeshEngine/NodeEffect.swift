package import MeshCore
package import MeshMembership

/// What a node wants done. The shell, or the simulator, is one loop over one exhaustive switch.
package enum NodeEffect: Sendable, Hashable {
    /// Send this datagram, sealed and complete.
    case send([UInt8], to: SocketAddress)
    case openStream(StreamID, to: SocketAddress)
    case write([UInt8], on: StreamID)
    /// Close after what was written has been sent. No event follows.
    case close(StreamID)
    /// Sign with the node's key and answer under `token`.
    case sign([UInt8], token: SigningToken)
    /// Look up seed number `seed` of the configuration and answer with its addresses.
    case resolve(seed: Int)
    /// Write down, durably, that this generation has been used, and confirm.
    case storeGeneration(UInt32)
    case report(MembershipEvent)
    case stop(StopReason)
}

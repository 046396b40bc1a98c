package import MeshCore
package import MeshMembership
package import MeshNotices
package import MeshVerdicts

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
    /// Write down durably; confirm if there is a token. Items without one may be batched.
    case store(StoredItem, token: StoreToken?)
    /// Run a check once and answer with an observation.
    case look(LookOrder)
    /// Send a notice and answer with how that ended.
    case deliver(DeliveryOrder)
    case report(MembershipEvent)
    case reportCheck(CheckEvent)
    case reportNotice(NoticeEvent)
    case stop(StopReason)
}

import MeshCore

/// A ping that this node sends because another asked for it (SWIM 3.1's ping-req). An answer is
/// passed on as our own ack; none is told with a nack, so that the asker can see that at least we
/// can hear it (Lifeguard IV.A).
struct RelayedProbe: Sendable {
    /// The asker's own number for its probe.
    var askersSequence: UInt32
    var target: NodeID
    /// Where the request came from: where its answer goes.
    var returnAddress: SocketAddress
    var isAskerAcquainted: Bool
    /// What the asker speaks.
    var wireVersion: UInt8
    /// The nack has been sent; a late answer is still passed on.
    var hasNacked = false
}

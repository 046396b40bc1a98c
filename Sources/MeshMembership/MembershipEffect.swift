package import MeshCore

/// Names one stream at one node, for as long as it is open.
package struct StreamID: Hashable, Sendable, Comparable {
    package var number: UInt32
    package init(_ number: UInt32) { self.number = number }
    package static func < (left: StreamID, right: StreamID) -> Bool { left.number < right.number }
}

/// What happened to a stream.
package enum StreamEvent: Sendable, Hashable {
    /// A stream that this node asked for is open and may be written to.
    case opened
    case received([UInt8])
    /// Ended by the peer, refused, timed out or broken: gone in any case.
    case closed
}

/// Why a node must stop by itself.
package enum StopReason: Sendable, Hashable {
    /// Another process runs with a copy of our data directory, at this address.
    case clone(SocketAddress)
    /// `leave` is done: the goodbye has been sent as often as it will be.
    case left
}

/// What membership wants done. The shell does it; it decides nothing.
package enum MembershipEffect: Sendable, Hashable {
    /// Seal `payload` and send it. `isAcquainted` says that the receiver has shown that it knows
    /// this boot of ours, so that the short header will do.
    case send(payload: [UInt8], to: SocketAddress, isAcquainted: Bool, wireVersion: UInt8)
    case openStream(StreamID, to: SocketAddress)
    case write([UInt8], on: StreamID)
    /// Close after what was written has been sent. No event follows.
    case close(StreamID)
    /// Sign with the node's key; the answer is awaited under `token`.
    case sign([UInt8], token: SigningToken)
    /// Look up seed number `seed` of the configuration again.
    case resolve(seed: Int)
    /// Write down, durably, that this generation has been used, and confirm.
    case storeGeneration(UInt32)
    case report(MembershipEvent)
    case stop(StopReason)
}

/// What membership tells the rest of the node, and people.
package enum MembershipEvent: Sendable, Hashable {
    /// A member's state as this node holds it has changed; `from` is `nil` for a new one. `by` is
    /// whose word it was.
    case changed(
        NodeID, from: MemberState?, to: MemberState, generation: UInt32, incarnation: UInt32,
        by: NodeID)
    /// Retention has ended: the member is gone from the list.
    case removed(NodeID)
    /// This node was accused and refutes with this incarnation.
    case refuted(incarnation: UInt32)
    /// Two living nodes use one name; the keeper keeps it, the other does not count.
    case nameConflict(Label, keeper: NodeID, loser: NodeID)
    /// A new key holds a name whose old holder is dead or has left and stops counting.
    case nameTaken(Label, by: NodeID, from: NodeID)
    /// Our own key was heard with another boot id: a restored or copied data directory.
    case collision(generation: UInt32, at: SocketAddress)
    /// This member answers over TCP but not over UDP.
    case datagramsBlocked(NodeID)
    /// Our own deadline came this late: the process was stalled.
    case stalled(TimeSpan)
    /// Member lists were exchanged in full with this node.
    case synced(NodeID)
}

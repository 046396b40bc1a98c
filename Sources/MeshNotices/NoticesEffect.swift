package import MeshChecks
package import MeshCore

/// What telling wants done.
package enum NoticesEffect: Sendable, Hashable {
    /// By unicast, at once and once: the answer is its ack, and who has not answered is told again.
    case sendClaim(Update, to: [NodeID])
    /// By unicast: an answer to a claim, or the receipt that makes the claim needless.
    case answer(Update, to: NodeID)
    /// Durably; confirmed by `handleStored` if there is a token, also where the disk is full or
    /// broken: such a node goes on notifying.
    case store(StoredItem, token: StoreToken?)
    /// Answered by `handle(_:for:now:)` under the token.
    case sign([UInt8], SigningToken)
    /// A receipt or a record of this node: by acked unicast to the owners, and gossip to all.
    case spread(Update, owners: [NodeID])
    case deliver(DeliveryOrder)
    /// Make sure of the majority by fresh acks and answer with `handleMajority`.
    case needMajority
    /// Learn the check's present flip once more: somebody was told of a check that was quiet here.
    case recall(CheckID)
    case report(NoticeEvent)
}

/// What came of an update from another node.
package enum NoticesIntake: Sendable, Hashable {
    /// It says something that was not known: worth passing on.
    case new
    /// Nothing new, or of no use here.
    case known
    /// Its author's key is none of those that count here.
    case untrusted
    /// It does not decode, or its signature is false.
    case refused
}

/// Whether a node may claim.
package enum Footing: UInt8, Sendable, Hashable, Comparable, CaseIterable {
    /// Neither claims nor tells.
    case unsettled
    /// Settled without the majority: tells of the mesh and of partial views.
    case settled
    /// Settled, and has the majority.
    case majority

    package static func < (left: Footing, right: Footing) -> Bool {
        left.rawValue < right.rawValue
    }
}

package import MeshChecks
package import MeshCore

/// What deciding tells the rest of the node, and people.
package enum CheckEvent: Sendable, Hashable {
    /// A flip has become this node's certified state of a check.
    case flipped(Flip, from: TargetState?, origin: Origin)
    /// The chain that was followed has lost to another: two flips with one parent, or an older
    /// birth. Nothing is told until the winner is confirmed by a round without dissent.
    case forked(lost: Flip, won: Flip)
    /// No owner dissented from a fork's winner in a round of looks: it may be told.
    case confirmed(Flip)
    /// What most of the check's reachable owners see from a side without the majority; `nil` when
    /// they no longer do.
    case provisional(CheckID, TargetState?)
    /// Whether enough owners observe.
    case watched(CheckID, Bool)
    /// Two different signed statements for one sequence number: proof that the node misbehaves.
    case equivocated(NodeID, first: [UInt8], second: [UInt8])
    /// This node abstained from a look.
    case abstained(CheckID, Abstention)

    package enum Origin: Sendable, Hashable {
        /// This node minted it from verdicts that it held.
        case minted
        /// It came with its certificate from another.
        case received
        /// Read from disk.
        case restored
    }
}

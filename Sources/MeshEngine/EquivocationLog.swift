package import MeshCore

/// Proofs that members misbehave, for people to see: two different statements that one of them has
/// signed under one number (section 6).
///
/// One proof for each member and subject, its first: a liar's further lies must not push out what is
/// known of others. Bound: `proofsMax`; the oldest gives way.
package struct EquivocationLog: Sendable {
    package static let proofsMax = 64

    package struct Proof: Sendable, Hashable {
        package var node: NodeID
        /// What the statements are about: verdicts, or receipts and records.
        package var subject: Subject
        /// As they travel, signatures included: whoever holds the node's key can check them.
        package var first: [UInt8]
        package var second: [UInt8]
        /// When this node found it.
        package var at: WallTime

        package enum Subject: Sendable, Hashable { case verdict, notice }
    }

    /// The oldest first.
    package private(set) var proofs: [Proof] = []

    mutating func note(_ proof: Proof) {
        guard !proofs.contains(where: { $0.node == proof.node && $0.subject == proof.subject })
        else { return }
        if proofs.count == Self.proofsMax { proofs.removeFirst() }
        proofs.append(proof)
    }
}

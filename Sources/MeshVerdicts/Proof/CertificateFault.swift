package import MeshCore

/// Why a certificate proves nothing. None changes any state; all but `untrusted` mean that somebody
/// made or changed it wrongly, for an honest node mints only what it has verified itself.
package enum CertificateFault: Error, Hashable, Sendable {
    /// The flip's id, or the copy in front, is not the hash of what the certificate is about.
    case misnamed
    /// A first flip, epoch 1, whose parent is not the genesis of its check and birth or that claims
    /// a state before it; or a later one that claims none, has epoch 0 or begins at the genesis.
    case wrongBeginning
    /// The flip leads from a state to itself.
    case noChange
    /// One node among the signers twice.
    case signerTwice(NodeID)
    /// A signer whose key is not among those that the reader trusts.
    case untrusted(NodeID)
    /// A key that is not the signer's: the node's id is not its hash.
    case foreignKey(NodeID)
    /// R, Q, Z or the generation of an entry are none that a node can sign.
    case outOfBounds(NodeID)
    /// An entry about another check, definition, birth, parent or epoch.
    case anotherMatter(NodeID)
    /// An entry that is no dissent: withdrawn, provisional or declined.
    case noDissent(NodeID)
    /// A dissent that does not support the flip's state.
    case unsupportive(NodeID)
    /// An entry without a member list, or whose digest is not that of its list.
    case wrongRoll(NodeID)
    /// A member list longer than R + 12.
    case rollTooLong(NodeID)
    /// A member list that is not in the check's rank order.
    case rollOutOfOrder(NodeID)
    /// The signature is not the signer's over its entry, in this mesh.
    case badSignature(NodeID)
    /// The signer is not among the R + 12 lowest known of its own list.
    case notEligible(NodeID)
    /// No other signer's list has this one, though Q is 2 or more: it counts in its own eyes only.
    case unknownToOthers(NodeID)
    /// The definition that came along is not the one that the flip names.
    case anotherDefinition
    /// The signers' R is below what the rule gives for their lists.
    case ownersBelowRule(signed: Int, rule: Int)
    /// The signers' Q is below what the rule gives for R.
    case quorumBelowRule(signed: Int, rule: Int)
    /// Fewer signers than Q.
    case tooFewSupporters(found: Int, needed: Int)
    /// The signers are in fewer zones than Z.
    case tooFewZones(found: Int, needed: Int)
}

extension CertificateFault: CustomStringConvertible {
    /// For operators: one sentence, no full stop.
    package var description: String {
        switch self {
        case .misnamed: "the flip's id is not the hash of what the certificate is about"
        case .wrongBeginning: "the flip does not begin where its epoch says"
        case .noChange: "the flip leads to the state that was certified already"
        case .signerTwice(let node): "node \(node) is among the signers twice"
        case .untrusted(let node): "the key of node \(node) is not among the trusted ones"
        case .foreignKey(let node): "the key given for node \(node) is not that node's"
        case .outOfBounds(let node): "node \(node) signed numbers that no rule allows"
        case .anotherMatter(let node): "node \(node) signed about another flip"
        case .noDissent(let node): "what node \(node) signed is no verdict"
        case .unsupportive(let node): "the verdict of node \(node) does not support the flip"
        case .wrongRoll(let node): "the member list is not the one that node \(node) signed"
        case .rollTooLong(let node): "the member list of node \(node) is longer than R + 12"
        case .rollOutOfOrder(let node): "the member list of node \(node) is not in rank order"
        case .badSignature(let node): "the signature of node \(node) is not valid in this mesh"
        case .notEligible(let node): "node \(node) does not count for this check by its own list"
        case .unknownToOthers(let node): "no other signer's member list has node \(node)"
        case .anotherDefinition: "the definition is not the one that the flip is about"
        case .ownersBelowRule(let signed, let rule):
            "the signers count \(signed) owners where the rule gives \(rule)"
        case .quorumBelowRule(let signed, let rule):
            "the signers count a quorum of \(signed) where the rule gives \(rule)"
        case .tooFewSupporters(let found, let needed):
            "\(found) nodes signed where \(needed) must agree"
        case .tooFewZones(let found, let needed):
            "the signers are in \(found) zones where \(needed) are required"
        }
    }
}

import MeshChecks
package import MeshCore
import MeshPlacement

/// Whose verdicts a reader believes.
package enum TrustedKeys: Hashable, Sendable {
    /// Any: the certificate then proves what those keys agreed upon, not whose they are.
    case any
    /// Only these: a roster, or the keys that an operator names.
    case keys(Set<PublicKey>)

    package func contains(_ key: PublicKey) -> Bool {
        switch self {
        case .any: true
        case .keys(let keys): keys.contains(key)
        }
    }
}

/// What a certificate proves.
package struct Verified: Hashable, Sendable {
    package var flip: Flip
    /// By id.
    package var signers: [NodeID]
    /// R, Q and Z: the largest that a signer counted.
    package var owners: Int
    package var quorum: Int
    package var zonesNeeded: Int
    package var zonesSpanned: Int
}

/// Judges a certificate from itself alone: no member list, no clock, no network.
///
/// What it cannot know is whether the parent was certified in the state `Certificate.previous`
/// says: whoever holds the parent must compare, and a chain of certificates says it offline. Nor
/// can it know whether the signers' lists were the mesh's, or the definition the one that was
/// configured: signers who make up both prove what they agreed upon among themselves. A node holds
/// that against its own view (`Verdicts.believes`), a person against a roster and the configuration.
package enum CertificateVerifier {
    package static func verify(
        _ certificate: Certificate, mesh: MeshID, cryptography: any Cryptography,
        trusting trusted: TrustedKeys
    ) throws(CertificateFault) -> Verified {
        // Cheap questions first: signatures cost a thousand times the rest.
        try verifyFlip(certificate, mesh, cryptography)
        // Most signers share a list.
        let lists = certificate.rolls.map { roll in
            List(
                roll: roll, digest: roll.digest(using: cryptography),
                isRanked: roll.isRanked(for: certificate.flip.check))
        }
        for (index, supporter) in certificate.supporters.enumerated() {
            guard !certificate.supporters[..<index].contains(where: { $0.node == supporter.node })
            else { throw .signerTwice(supporter.node) }
            guard trusted.contains(supporter.key) else { throw .untrusted(supporter.node) }
            try verifyMatter(supporter, certificate)
            try verifyRoll(supporter, lists)
        }
        let verified = try verifyCounts(certificate, cryptography)
        for supporter in certificate.supporters {
            guard NodeID(of: supporter.key, using: cryptography) == supporter.node else {
                throw .foreignKey(supporter.node)
            }
            guard
                cryptography.isValid(
                    supporter.signature, over: supporter.entry.signedBytes(mesh: mesh),
                    by: supporter.key)
            else { throw .badSignature(supporter.node) }
        }
        return verified
    }

    private static func verifyFlip(
        _ certificate: Certificate, _ mesh: MeshID, _ cryptography: any Cryptography
    ) throws(CertificateFault) {
        let flip = certificate.flip
        let recomputed = Flip(
            check: flip.check, definition: flip.definition, birth: flip.birth,
            parent: flip.parent, epoch: flip.epoch, state: flip.state, in: mesh,
            using: cryptography)
        guard recomputed.id == flip.id, certificate.leadingID == flip.id else { throw .misnamed }
        // Without this a carrier could call a later flip's past unknown, and what was signed as
        // *degraded* from up would support an *up*.
        let genesis = FlipID(
            genesisOf: flip.check, in: mesh, birth: flip.birth, using: cryptography)
        let isFirst = flip.epoch == 1
        guard flip.epoch >= 1, isFirst == (flip.parent == genesis),
            isFirst == (certificate.previous == nil)
        else { throw .wrongBeginning }
        guard flip.state != certificate.previous else { throw .noChange }
    }

    private static func verifyMatter(
        _ supporter: Certificate.Supporter, _ certificate: Certificate
    ) throws(CertificateFault) {
        let node = supporter.node
        guard supporter.entry.isInBounds else { throw .outOfBounds(node) }
        guard supporter.entry.leads(to: certificate.flip) else { throw .anotherMatter(node) }
        guard case .dissents(let state) = supporter.entry.stance else { throw .noDissent(node) }
        guard
            Support.does(state, support: certificate.flip.state, from: certificate.previous)
        else { throw .unsupportive(node) }
    }

    /// A member list with what is asked of it for each of its signers.
    private struct List {
        var roll: Roll
        var digest: UInt64
        var isRanked: Bool
    }

    private static func verifyRoll(
        _ supporter: Certificate.Supporter, _ lists: [List]
    ) throws(CertificateFault) {
        let node = supporter.node
        guard lists.indices.contains(supporter.rollIndex) else { throw .wrongRoll(node) }
        let list = lists[supporter.rollIndex]
        let roll = list.roll
        guard list.digest == supporter.entry.rollDigest else { throw .wrongRoll(node) }
        guard roll.entries.count <= Int(supporter.entry.owners) + Placement.slack else {
            throw .rollTooLong(node)
        }
        guard list.isRanked else { throw .rollOutOfOrder(node) }
        guard roll.rank(of: node) != nil else { throw .notEligible(node) }
    }

    private static func verifyCounts(
        _ certificate: Certificate, _ cryptography: any Cryptography
    ) throws(CertificateFault) -> Verified {
        let supporters = certificate.supporters
        let signers = supporters.map {
            Support.Signer(node: $0.node, roll: certificate.roll(of: $0))
        }
        let owners = supporters.map { Int($0.entry.owners) }.max() ?? 1
        let quorum = supporters.map { Int($0.entry.quorum) }.max() ?? 1
        let zones = supporters.map { Int($0.entry.zones) }.max() ?? 1
        let definition = certificate.definition
        guard definition.id(using: cryptography) == certificate.flip.definition else {
            throw .anotherDefinition
        }
        // A list shorter than R + 12 names all known; a longer mesh has all its owners.
        // Z is left to the signers: which zones still count is a matter of time.
        let known = signers.map(\.roll.entries.count).max() ?? 1
        let ownersByRule = definition.rule.owners(known: known)
        guard owners >= ownersByRule else {
            throw .ownersBelowRule(signed: owners, rule: ownersByRule)
        }
        let quorumByRule = definition.rule.quorum.needed(of: owners)
        guard quorum >= quorumByRule else {
            throw .quorumBelowRule(signed: quorum, rule: quorumByRule)
        }
        guard supporters.count >= quorum else {
            throw .tooFewSupporters(found: supporters.count, needed: quorum)
        }
        if quorum >= 2, let lonely = Support.unknownToOthers(signers) {
            throw .unknownToOthers(lonely)
        }
        let spanned = Support.zonesSpanned(by: signers)
        guard spanned >= zones else { throw .tooFewZones(found: spanned, needed: zones) }
        return Verified(
            flip: certificate.flip, signers: signers.map(\.node), owners: owners, quorum: quorum,
            zonesNeeded: zones, zonesSpanned: spanned)
    }
}

extension Certificate {
    fileprivate func roll(of supporter: Supporter) -> Roll { rolls[supporter.rollIndex] }
}

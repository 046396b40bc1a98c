import MeshChecks
import MeshCore
import MeshPlacement

// From verdicts that count to a certificate that everybody believes. One signer's member list can
// spoil the proof of all others; whoever counts too much in its own eyes is left out.

extension Verdicts {
    /// The certificate of `flip` by as many of the signers as prove it together; `nil` if too few
    /// do: their lists do not fit one another yet, and they will sign again when they do.
    mutating func prove(
        _ flip: Flip, by tally: Tally, from previous: TargetState?
    ) -> Certificate? {
        var entries = tally.entries
        // Leaving one out never lowers what is asked of the others.
        while entries.count >= tally.quorum, !entries.isEmpty {
            guard
                let certificate = Certificate(
                    flip: flip, previous: previous, entries: entries, rolls: tally.rolls,
                    using: cryptography)
            else { return nil }
            do throws(CertificateFault) {
                let proved = try CertificateVerifier.verify(
                    certificate, mesh: mesh, cryptography: cryptography, trusting: .any)
                return proved.zonesSpanned >= tally.zones ? certificate : nil
            } catch {
                counters.certificatesRefused += 1
                guard let node = error.node ?? narrowest(of: certificate) else { return nil }
                entries.removeAll { $0.0.entry.node == node }
            }
        }
        return nil
    }

    /// The signer whose list has the signers in the fewest zones; of equals the last by id.
    private func narrowest(of certificate: Certificate) -> NodeID? {
        let nodes = certificate.supporters.map(\.node)
        var narrowest: (node: NodeID, zones: Int)?
        for judge in certificate.supporters {
            let roll = certificate.rolls[judge.rollIndex]
            let zones = Set(nodes.compactMap { roll.zone(of: $0) }).count
            if narrowest.map({ zones <= $0.zones }) ?? true { narrowest = (judge.node, zones) }
        }
        return narrowest?.node
    }
}

extension CertificateFault {
    /// Whose signature it is that proves nothing; `nil` where it is the certificate.
    fileprivate var node: NodeID? {
        switch self {
        case .signerTwice(let node), .untrusted(let node), .foreignKey(let node),
            .outOfBounds(let node), .anotherMatter(let node), .noDissent(let node),
            .unsupportive(let node), .wrongRoll(let node), .rollTooLong(let node),
            .rollOutOfOrder(let node), .badSignature(let node), .notEligible(let node),
            .unknownToOthers(let node):
            node
        case .misnamed, .wrongBeginning, .noChange, .anotherDefinition, .ownersBelowRule,
            .quorumBelowRule, .tooFewSupporters, .tooFewZones:
            nil
        }
    }
}

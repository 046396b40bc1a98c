import MeshChecks
import MeshCore
import MeshPlacement

// From verdicts that count to a certificate that everybody believes. One signer's member list can
// spoil the proof of all others; whoever counts too much in its own eyes is left out.

extension Verdicts {
    /// The certificate of `flip` by as many of the signers as prove it together; `nil` if too few
    /// do: their lists do not fit one another yet, and they will sign again when they do.
    mutating func prove(
        _ flip: Flip, of plan: CheckDefinition, by tally: Tally, from previous: TargetState?
    ) -> Certificate? {
        var entries = tally.entries
        // Leaving one out never lowers what is asked of the others.
        while entries.count >= tally.quorum, !entries.isEmpty {
            guard
                let certificate = Certificate(
                    flip: flip, previous: previous, entries: entries, rolls: tally.rolls,
                    definition: .init(rule: plan.rule, text: .hashed(plan.textID)),
                    using: cryptography)
            else { return nil }
            do throws(CertificateFault) {
                let proved = try CertificateVerifier.verify(
                    certificate, mesh: mesh, cryptography: cryptography, trusting: trusted)
                return proved.zonesSpanned >= tally.zones ? certificate : nil
            } catch {
                counters.certificatesRefused += 1
                guard let node = culprit(of: error, in: certificate) else { return nil }
                entries.removeAll { $0.0.entry.node == node }
            }
        }
        return nil
    }

    /// The signer without whom the rest may prove it; `nil` if it is nobody's fault alone.
    private func culprit(of fault: CertificateFault, in certificate: Certificate) -> NodeID? {
        switch fault {
        case .signerTwice(let node), .untrusted(let node), .foreignKey(let node),
            .outOfBounds(let node), .anotherMatter(let node), .noDissent(let node),
            .unsupportive(let node), .wrongRoll(let node), .rollTooLong(let node),
            .rollOutOfOrder(let node), .badSignature(let node), .notEligible(let node),
            .unknownToOthers(let node):
            return node
        case .tooFewZones:
            // Whose list has the signers in the fewest.
            let nodes = certificate.supporters.map(\.node)
            return certificate.signer { roll in
                -Set(nodes.compactMap { roll.zone(of: $0) }).count
            }
        case .ownersBelowRule, .quorumBelowRule:
            // Whose list makes the mesh so large that the rule asks for more than all have signed.
            return certificate.signer { $0.entries.count }
        case .misnamed, .wrongBeginning, .noChange, .anotherDefinition, .tooFewSupporters:
            return nil
        }
    }
}

extension Certificate {
    /// The signer whose list has the highest `figure`; of equals the first by id.
    fileprivate func signer(_ figure: (Roll) -> Int) -> NodeID? {
        var highest: (node: NodeID, figure: Int)?
        for supporter in supporters {
            let own = figure(rolls[supporter.rollIndex])
            if highest.map({ own > $0.figure }) ?? true { highest = (supporter.node, own) }
        }
        return highest?.node
    }
}

import MeshCore
import MeshVerdicts

/// A certificate: decoded, written again, and held against the verifier, whatever it claims.
enum Target: FuzzTarget {
    static let seeds = Seeds.certificates.map { $0.encoded() }

    static func run(_ bytes: [UInt8]) {
        let peeked = Certificate.peekID(bytes)
        guard
            let certificate = try? Certificate.decode(
                ByteReader(bytes), mesh: Seeds.mesh, cryptography: Seeds.cryptography)
        else { return }
        precondition(certificate.encoded() == bytes, "expected the one encoding")
        precondition(
            peeked?.0 == certificate.leadingID && peeked?.1 == certificate.flip.check
                && peeked?.epoch == certificate.flip.epoch, "expected the peek to be right")
        for trusted in [.any, .keys(Set(Seeds.peerKeys))] as [TrustedKeys] {
            guard
                let verified = try? CertificateVerifier.verify(
                    certificate, mesh: Seeds.mesh, cryptography: Seeds.cryptography,
                    trusting: trusted)
            else { continue }
            precondition(
                verified.signers.count >= verified.quorum && verified.quorum >= 1,
                "expected a quorum")
            precondition(
                verified.zonesSpanned >= verified.zonesNeeded, "expected the zones to be spanned")
        }
    }
}

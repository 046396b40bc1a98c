import MeshChecks
import MeshCore
import MeshPlacement
import MeshVerdicts
import Testing

/// A good certificate, and one thing broken at a time.
struct CertificateVerifierTests {
    struct Breach: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// What is expected, given the node of the first supporter and of the last.
        var fault: @Sendable (_ first: NodeID, _ last: NodeID) -> CertificateFault
        var apply: @Sendable (inout Certificate, Proof) throws -> Void

        init(
            _ what: String, _ fault: @escaping @Sendable (NodeID, NodeID) -> CertificateFault,
            _ apply: @escaping @Sendable (inout Certificate, Proof) throws -> Void
        ) {
            testDescription = what
            self.fault = fault
            self.apply = apply
        }
    }

    static let breaches: [Breach] = [
        Breach("another leading id", { _, _ in .misnamed }) { certificate, proof in
            certificate.leadingID = proof.first.id
        },
        Breach("another id in memory", { _, _ in .misnamed }) { certificate, proof in
            certificate.flip.id = proof.first.id
            certificate.leadingID = proof.first.id
        },
        Breach("a past called unknown", { _, _ in .wrongBeginning }) { certificate, _ in
            certificate.previous = nil
        },
        Breach("a second flip from the genesis", { _, _ in .wrongBeginning }) {
            certificate, proof in
            certificate = try proof.certificate(of: proof.flip(.down, parent: proof.genesis))
        },
        Breach("a first flip from elsewhere", { _, _ in .wrongBeginning }) { certificate, proof in
            certificate = try proof.certificate(of: proof.flip(.down, epoch: 1), from: nil)
        },
        Breach("a first flip with a past", { _, _ in .wrongBeginning }) { certificate, proof in
            let flip = proof.flip(.down, epoch: 1, parent: proof.genesis)
            certificate = try proof.certificate(of: flip, from: .up)
        },
        Breach("from down to down", { _, _ in .noChange }) { certificate, _ in
            certificate.previous = .down
        },
        Breach("one signer twice", { first, _ in .signerTwice(first) }) { certificate, _ in
            certificate.supporters[1] = certificate.supporters[0]
        },
        Breach("a key of another", { first, _ in .foreignKey(first) }) { certificate, proof in
            certificate.supporters[0].key = proof.members[9].key
        },
        Breach("a quorum above R", { first, _ in .outOfBounds(first) }) { certificate, proof in
            proof.resign(&certificate, 0) { $0.quorum = 4 }
        },
        Breach("another check", { first, _ in .anotherMatter(first) }) { certificate, proof in
            proof.resign(&certificate, 0) { $0.check = CheckID(.zero) }
        },
        Breach("another definition", { first, _ in .anotherMatter(first) }) {
            certificate, proof in
            proof.resign(&certificate, 0) { $0.definition = DefinitionID(.zero) }
        },
        Breach("another birth", { first, _ in .anotherMatter(first) }) { certificate, proof in
            proof.resign(&certificate, 0) { $0.birth = Birth(.zero) }
        },
        Breach("another parent", { first, _ in .anotherMatter(first) }) { certificate, proof in
            proof.resign(&certificate, 0) { $0.parent = proof.genesis }
        },
        Breach("another epoch", { _, last in .anotherMatter(last) }) { certificate, proof in
            proof.resign(&certificate, 1) { $0.epoch = 3 }
        },
        Breach("a withdrawal", { first, _ in .noDissent(first) }) { certificate, proof in
            proof.resign(&certificate, 0) { $0.stance = .withdrawn }
        },
        Breach("an opinion", { _, last in .noDissent(last) }) { certificate, proof in
            proof.resign(&certificate, 1) { $0.stance = .opines(.down) }
        },
        Breach("a dissent not that far", { first, _ in .unsupportive(first) }) {
            certificate, proof in
            proof.resign(&certificate, 0) { $0.stance = .dissents(.degraded) }
        },
        Breach("a missing roll", { first, _ in .wrongRoll(first) }) { certificate, _ in
            certificate.supporters[0].rollIndex = 1
        },
        Breach("a swapped roll", { first, _ in .wrongRoll(first) }) { certificate, proof in
            certificate.rolls = [proof.roll(0..<3)]
        },
        Breach("a roll too long", { _, last in .rollTooLong(last) }) { certificate, proof in
            proof.resign(&certificate, 1) { entry in
                entry.owners = 2
                entry.quorum = 2
            }
        },
        Breach("friends first", { first, _ in .rollOutOfOrder(first) }) { certificate, proof in
            let roll = proof.roll(Array(0..<15).reversed())
            certificate.rolls.insert(roll, at: 0)
            certificate.supporters[1].rollIndex = 1
            proof.resign(&certificate, 0) {
                $0.rollDigest = roll.digest(using: Proof.cryptography)
            }
        },
        Breach("a forged signature", { first, _ in .badSignature(first) }) { certificate, proof in
            certificate.supporters[0].signature.s = .zero
        },
        Breach("a changed reason", { _, last in .badSignature(last) }) { certificate, proof in
            certificate.supporters[1].entry.reason = Reason("the operator's fault")
        },
        Breach("a definition of another check", { _, _ in .anotherDefinition }) {
            certificate, proof in
            certificate.definition = .init(rule: proof.rule, text: .whole([]))
        },
        Breach("one signer of two", { _, _ in .tooFewSupporters(found: 1, needed: 2) }) {
            certificate, _ in
            certificate.supporters.removeLast()
        },
        Breach("nobody at all", { _, _ in .tooFewSupporters(found: 0, needed: 1) }) {
            certificate, _ in
            certificate.supporters = []
        },
        Breach("one says that Q is 3", { _, _ in .tooFewSupporters(found: 2, needed: 3) }) {
            certificate, proof in
            proof.resign(&certificate, 1) { $0.quorum = 3 }
        },
        Breach("one says that Z is 3", { _, _ in .tooFewZones(found: 2, needed: 3) }) {
            certificate, proof in
            proof.resign(&certificate, 1) { $0.zones = 3 }
        },
        Breach("two of one zone", { _, _ in .tooFewZones(found: 1, needed: 2) }) {
            certificate, proof in
            // Ranks 0 and 3 of three zones in turn.
            certificate = try proof.certificate(by: [0, 3])
        },
    ]

    @Test(arguments: breaches)
    func `a good certificate with one thing broken proves nothing`(breach: Breach) throws {
        let proof = try Proof()
        var certificate = try proof.certificate()
        #expect(throws: Never.self) { try proof.verify(certificate) }
        let nodes = certificate.supporters.map(\.node)
        try breach.apply(&certificate, proof)
        let broken = certificate
        let expected = breach.fault(try #require(nodes.first), try #require(nodes.last))
        #expect(throws: expected) { try proof.verify(broken) }
        #expect(!expected.description.isEmpty && !expected.description.hasSuffix("."))
    }

    @Test func `what is proven is told`() throws {
        let proof = try Proof()
        let verified = try proof.verify(proof.certificate(by: [0, 1, 2]))
        #expect(verified.flip == proof.flip(.down))
        #expect(verified.signers == proof.members[..<3].map(\.node).sorted())
        #expect((verified.owners, verified.quorum) == (3, 2))
        #expect((verified.zonesNeeded, verified.zonesSpanned) == (2, 3))
    }

    @Test func `a first flip begins at the genesis, from unknown`() throws {
        let proof = try Proof()
        let certificate = try proof.certificate(of: proof.first, from: nil)
        #expect(try proof.verify(certificate).flip == proof.first)
    }

    @Test func `a farther dissent supports a nearer flip`() throws {
        let proof = try Proof()
        let certificate = try proof.certificate(of: proof.flip(.degraded)) { place, entry in
            entry.stance = .dissents(place == 0 ? .down : .degraded)
        }
        #expect(throws: Never.self) { try proof.verify(certificate) }
    }

    @Test func `what decoding brings back is judged alike`() throws {
        let proof = try Proof()
        let certificate = try proof.certificate(definition: true)
        #expect(
            try proof.verify(proof.decode(certificate.encoded())) == proof.verify(certificate))
        let elsewhere = MeshID(
            named: try #require(Label("test")), using: Proof.cryptography)
        let decoded = try Certificate.decode(
            ByteReader(certificate.encoded()), mesh: elsewhere, cryptography: Proof.cryptography)
        #expect(throws: CertificateFault.misnamed) {
            try CertificateVerifier.verify(
                decoded, mesh: elsewhere, cryptography: Proof.cryptography, trusting: .any)
        }
    }

    @Test func `only trusted keys count where keys are named`() throws {
        let proof = try Proof()
        let certificate = try proof.certificate()
        let keys = Set(certificate.supporters.map(\.key))
        #expect(throws: Never.self) { try proof.verify(certificate, trusting: .keys(keys)) }
        let untrusted = certificate.supporters[1]
        #expect(throws: CertificateFault.untrusted(untrusted.node)) {
            try proof.verify(
                certificate, trusting: .keys(keys.subtracting([untrusted.key])))
        }
    }

    @Test func `a signer beyond the ranks that count is refused`() throws {
        let proof = try Proof(members: 16)
        let roll = proof.roll(0..<15)
        let certificate = try proof.certificate(by: [0, 15], rolls: [roll, roll])
        #expect(throws: CertificateFault.notEligible(proof.members[15].node)) {
            try proof.verify(certificate)
        }
    }

    @Test func `a signer that only its own list knows is refused`() throws {
        let proof = try Proof(members: 16)
        let certificate = try proof.certificate(
            by: [0, 15], rolls: [proof.roll(0..<15), proof.roll(1..<16)])
        let fault = #expect(throws: CertificateFault.self) { try proof.verify(certificate) }
        // Neither has the other; the first by id is named.
        let lonely = [proof.members[0].node, proof.members[15].node].min()
        #expect(fault == lonely.map(CertificateFault.unknownToOthers))
    }

    @Test func `a node alone certifies alone`() throws {
        let proof = try Proof(members: 1, rule: VotingRule(confirmations: 3))
        let certificate = try proof.certificate(by: [0], definition: true) { _, entry in
            (entry.owners, entry.quorum, entry.zones) = (1, 1, 1)
        }
        #expect(try proof.verify(certificate).quorum == 1)
    }

    @Test func `R and Q may not be less than the definition asks for`() throws {
        let proof = try Proof(rule: VotingRule(confirmations: 5))
        let few = try proof.certificate(
            by: [0, 1], rolls: [proof.roll, proof.roll], definition: true)
        #expect(throws: CertificateFault.ownersBelowRule(signed: 3, rule: 5)) {
            try proof.verify(few)
        }
        let lenient = try proof.certificate(by: [0, 1], definition: true) { _, entry in
            entry.owners = 5
        }
        #expect(throws: CertificateFault.quorumBelowRule(signed: 2, rule: 3)) {
            try proof.verify(lenient)
        }
        // One that knows the rule is enough to hold the others to it.
        let mixed = try proof.certificate(by: [0, 1, 2], definition: true) { place, entry in
            if place == 0 { (entry.owners, entry.quorum) = (5, 3) }
        }
        #expect(try proof.verify(mixed).quorum == 3)
    }

    @Test func `in a small mesh R is what the list counts`() throws {
        let proof = try Proof(members: 2, rule: VotingRule(confirmations: 5))
        let certificate = try proof.certificate(definition: true) { _, entry in
            (entry.owners, entry.quorum) = (2, 2)
        }
        #expect(try proof.verify(certificate).owners == 2)
    }
}

extension Proof {
    /// Changes a supporter's entry and signs it again with the key of its node.
    func resign(_ certificate: inout Certificate, _ index: Int, _ change: (inout LogEntry) -> Void)
    {
        var supporter = certificate.supporters[index]
        change(&supporter.entry)
        supporter.signature = sign(supporter.entry, by: supporter.key).signature
        certificate.supporters[index] = supporter
    }
}

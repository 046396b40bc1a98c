import MeshChecks
import MeshCore
import MeshPlacement
import MeshVerdicts
import Testing

struct CertificateTests {
    /// Behind two ids, the epoch, three ids and the state.
    static let previousPlace = 16 + 16 + 1 + 16 + 16 + 16 + 1

    /// Wire version 1, with the stub's hashes for ids and signatures.
    static let golden = """
        d4c4f08819f14d449fa6e00f5f650735 e956148e612c9916cf3c9485a1049362 02
        a26a4bcef6390cc16f9fae9f90948f0b 101112131415161718191a1b1c1d1e1f
        8af6262210cdc30d422b8c0e84e16450 02 00
        02
        0000000000000000000000000000000000000000000000070000000000000001
        bd08e6d1d590c38a75feb6ad7ff5efa16e98e92269323e193c8da32b5e13c7f5
        bd08e6d1d590c38a75feb6ad7ff5efa16e98e92269323e193c8da32b5e13c7f5
        00 c801 f0a204 12 07 72656675736564 80d8c1a28c34 d6a907 02 92c202 02 02 02
        0000000000000000000000000000000000000000000000070000000000000002
        4f4a0484901eac8313e7627462222888ffa265347e7ce9ce9025765983bf3ec5
        4f4a0484901eac8313e7627462222888ffa265347e7ce9ce9025765983bf3ec5
        01 c801 f0a204 12 00 85f2c1a28c34 d6a907 02 92c202 03 02 02
        02 02 6575 02 7573
        03 01 00 03 01 00 ffcdd08e98e9f028837e43e120ad3b87
        02 01 00 03 01 00 02
        03 00 01 00 e0d403 01 16 7b2268747470223a226578616d706c652e6f7267227d
        """

    /// Flip, check and epoch; definition, birth, parent, state and the state before; two signers, of
    /// whom the first gives a reason; two zones; three nodes, of which the signers are named by their
    /// place; two rolls, of all three and of the first two; the definition.
    @Test func `a certificate is written as it always was`() throws {
        let proof = try Proof(members: 3, zones: ["eu", "us"])
        let rolls = [proof.roll, proof.roll([0, 1])]
        let certificate = try proof.certificate(rolls: rolls, definition: true) { place, entry in
            entry.owners = UInt8(place + 2)
            entry.reason = Reason(place == 0 ? "refused" : "")
        }
        let golden = try Proof.bytes(Self.golden)
        #expect(certificate.encoded() == golden)
        #expect(try proof.decode(golden) == certificate)
        #expect(throws: Never.self) { try proof.verify(certificate) }
    }

    @Test func `the reason shown is of one that saw just what was certified`() throws {
        let proof = try Proof(members: 3, zones: ["eu", "us"])
        let rolls = [proof.roll, proof.roll]
        var certificate = try proof.certificate(rolls: rolls, definition: true) { place, entry in
            entry.reason = Reason("signer \(place)")
            entry.since = WallTime(milliseconds: UInt64(place))
        }
        #expect(certificate.foremost?.entry.reason.text == "signer 0")
        certificate.supporters[0].entry.stance = .dissents(.degraded)
        #expect(certificate.foremost?.entry.reason.text == "signer 1")
    }

    static let unwritten: [(String, String, String)] = [
        ("rolls that touch", "02 01 00 03 01 00 02", "02 02 00 01 01 02 01 00 02"),
        ("an empty run", "02 01 00 03 01 00 02", "02 02 00 03 00 00 01 00 02"),
        ("a roll that nobody uses", "02 01 00 03 01 00 02", "03 01 00 03 01 00 02 01 00 01"),
        ("one roll twice", "02 01 00 03 01 00 02", "02 01 00 03 01 00 03"),
        ("a node twice in a roll", "02 01 00 03 01 00 02", "02 02 00 03 00 01 01 00 02"),
        ("a node that is not there", "02 01 00 03 01 00 02", "02 01 00 04 01 00 02"),
        ("a signer written out", "03 01 00 03", "03 00 0e6960b6063fe133716aea3b22ecf1da 03"),
        ("a signer that is not there", "03 01 00 03", "03 01 02 03"),
        ("a zone that nobody is in", "02 02 6575 02 7573", "03 02 6575 02 7573 02 6170"),
        ("a zone that is not there", "02 02 6575 02 7573", "01 02 6575"),
        ("no rolls", "02 01 00 03 01 00 02", "00"),
        ("a signer without a roll", "01 c801 f0a204 12 00", "02 c801 f0a204 12 00"),
        ("a stance that does not exist", "01 c801 f0a204 12 00", "01 c801 f0a204 13 00"),
        ("generation 0", "01 c801 f0a204 12 00", "01 00 f0a204 12 00"),
        ("a state that does not exist", "02 00 02 00000000", "03 00 02 00000000"),
        ("a state before that does not exist", "02 00 02 00000000", "02 07 02 00000000"),
        ("neither a text nor its hash", "03 00 01 00 e0d403 01", "03 00 01 00 e0d403 02"),
        ("a rule that cannot be", "03 00 01 00 e0d403", "00 00 01 00 e0d403"),
    ]

    @Test(arguments: unwritten)
    func `what is never written is refused`(what: String, good: String, bad: String) throws {
        let golden = Self.golden.filter { !$0.isWhitespace }
        let parts = golden.split(separator: good.filter { !$0.isWhitespace })
        try #require(parts.count == 2)
        let proof = try Proof(members: 3, zones: ["eu", "us"])
        let bytes = try Proof.bytes(parts[0] + bad + parts[1])
        #expect(throws: DecodeError.invalid, "\(what)") { try proof.decode(bytes) }
    }

    @Test func `signers out of order are refused`() throws {
        let proof = try Proof()
        var certificate = try proof.certificate()
        certificate.supporters.swapAt(0, 1)
        let bytes = certificate.encoded()
        #expect(throws: DecodeError.invalid) { try proof.decode(bytes) }
    }

    @Test(arguments: [("02", "00", DecodeError.invalid), ("02", "2c", .tooLarge)])
    func `nobody signed, or more than can count`(
        good: String, bad: String, error: DecodeError
    ) throws {
        var bytes = try Proof.bytes(Self.golden)
        #expect(try Proof.bytes(good) == [bytes[Self.previousPlace + 1]])
        bytes[Self.previousPlace + 1] = try Proof.bytes(bad)[0]
        let changed = bytes
        let proof = try Proof(members: 3, zones: ["eu", "us"])
        #expect(throws: error) { try proof.decode(changed) }
    }

    @Test(arguments: [[0], [0, 1], [0, 1, 2], Array(0..<15)])
    func `a certificate comes back as it was written`(ranks: [Int]) throws {
        let proof = try Proof()
        let certificate = try proof.certificate(by: ranks) { place, entry in
            entry.reason = Reason(place == 0 ? "connection refused" : "")
        }
        let bytes = certificate.encoded()
        let decoded = try proof.decode(bytes)
        #expect(decoded == certificate)
        #expect(decoded.encoded() == bytes)
        #expect(decoded.supporters.map(\.node) == certificate.supporters.map(\.node).sorted())
    }

    @Test func `the order in which verdicts came does not show`() throws {
        let proof = try Proof()
        #expect(
            try proof.certificate(by: [2, 0, 1]).encoded()
                == proof.certificate(by: [0, 1, 2]).encoded())
    }

    @Test func `the definition comes along in a file`() throws {
        let proof = try Proof()
        let certificate = try proof.certificate(definition: true)
        let decoded = try proof.decode(certificate.encoded())
        #expect(
            decoded.definition == Certificate.Definition(rule: proof.rule, text: .whole(proof.text))
        )
        #expect(decoded == certificate)
    }

    @Test func `rolls that differ by a member share the rest`() throws {
        let proof = try Proof(members: 16)
        let rolls = [proof.roll(0..<15), proof.roll([0, 1, 2] + Array(4..<16))]
        let same = try proof.certificate(rolls: [rolls[0], rolls[0]])
        let different = try proof.certificate(rolls: rolls)
        #expect(different.rolls.count == 2 && same.rolls.count == 1)
        // Another node and zone, and a roll of two or three runs.
        #expect(different.encoded().count - same.encoded().count <= 17 + 7)
        #expect(try proof.decode(different.encoded()) == different)
    }

    @Test func `one node in two zones is written as its rolls have it`() throws {
        let proof = try Proof()
        var entries = proof.roll.entries
        entries[0].zone = try #require(Label("moon"))
        entries[9].zone = entries[0].zone
        let certificate = try proof.certificate(rolls: [proof.roll, Roll(entries: entries)])
        #expect(try proof.decode(certificate.encoded()) == certificate)
    }

    @Test func `a roll that no verdict is about is left out, one that is missing is asked for`()
        throws
    {
        let proof = try Proof()
        let flip = proof.flip(.down)
        let key = proof.members[0].key
        let entries = [(proof.sign(proof.entry(0), by: key), key)]
        let certificate = Certificate(
            flip: flip, previous: .up, entries: entries, rolls: [proof.roll([1]), proof.roll],
            definition: .init(rule: proof.rule, text: .hashed(proof.textID)),
            using: Proof.cryptography)
        #expect(certificate?.rolls == [proof.roll])
        let without = Certificate(
            flip: flip, previous: .up, entries: entries, rolls: [proof.roll([1])],
            definition: .init(rule: proof.rule, text: .hashed(proof.textID)),
            using: Proof.cryptography)
        #expect(without == nil)
    }

    @Test func `verdicts about another flip are our mistake`() async {
        await #expect(processExitsWith: .failure) {
            let proof = try Proof()
            _ = try proof.certificate { _, entry in entry.epoch = 9 }
        }
    }

    @Test(arguments: [(2, 600), (3, 740)])
    func `a certificate is thrifty`(signers: Int, bound: Int) throws {
        let proof = try Proof()
        let body = try proof.certificate(by: Array(0..<signers)).encoded()
        #expect(body.count <= bound)
    }

    @Test func `a certificate too large for a datagram has no update`() throws {
        let proof = try Proof()
        let small = try proof.certificate(by: [0, 1, 2])
        #expect(small.update() == Update(kind: 33, body: small.encoded()))
        #expect(try proof.certificate(by: Array(0..<6)).update() != nil)
        #expect(try proof.certificate(by: Array(0..<15)).update() == nil)
    }

    @Test func `what an encoding is about can be read from its first bytes`() throws {
        let proof = try Proof()
        let bytes = try proof.certificate().encoded()
        let peeked = try #require(Certificate.peekID(bytes))
        let flip = proof.flip(.down)
        #expect(peeked.0 == flip.id && peeked.1 == flip.check && peeked.epoch == flip.epoch)
        #expect(Certificate.peekID(Array(bytes[..<32])) == nil)
        #expect(Certificate.peekID([]) == nil)
    }

    @Test(arguments: [false, true])
    func `every truncation and every byte too many is refused`(hasDefinition: Bool) throws {
        let proof = try Proof(members: 5)
        let rolls = [proof.roll, proof.roll([0, 1, 3])]
        let bytes = try proof.certificate(rolls: rolls, definition: hasDefinition).encoded()
        for count in bytes.indices {
            #expect(throws: DecodeError.truncated, "\(count) of \(bytes.count)") {
                try proof.decode(Array(bytes[..<count]))
            }
        }
        #expect(throws: DecodeError.trailing) { try proof.decode(bytes + [0]) }
        let large = [UInt8](repeating: 0, count: Certificate.byteCountMax + 1)
        #expect(throws: DecodeError.tooLarge) { try proof.decode(large) }
    }

    /// Whatever one byte is changed to, it is refused, or is another certificate whose one encoding
    /// it is: no two byte strings are one certificate. And none of them proves anything, but for
    /// the state before, which who holds the parent compares.
    @Test func `no other bytes are the same certificate`() throws {
        let proof = try Proof(members: 4)
        let certificate = try proof.certificate(rolls: [proof.roll, proof.roll([0, 1, 3])])
        let bytes = certificate.encoded()
        var decodable = 0
        for place in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[place] ^= 1 << bit
                guard let decoded = try? proof.decode(changed) else { continue }
                decodable += 1
                #expect(decoded != certificate && decoded.encoded() == changed)
                if place == Self.previousPlace { continue }
                #expect(throws: CertificateFault.self, "byte \(place), bit \(bit)") {
                    try proof.verify(decoded)
                }
            }
        }
        #expect(decodable > bytes.count)
    }
}

import MeshCore
import MeshMembership
import Testing

struct MemberClaimTests {
    /// Wire version 1. Subject; generation; incarnation; and, but for a goodbye, the author.
    static let goldenBody = "202122232425262728292a2b2c2d2e2f 03 ac02 "
    static let goldenAuthor = "404142434445464748494a4b4c4d4e4f "

    static func golden(_ kind: MemberClaim.Kind, extension text: String = "") throws -> [UInt8] {
        try Wire.bytes(
            goldenBody + (kind == .left ? "" : goldenAuthor) + text + Wire.signatureText)
    }

    @Test(arguments: MemberClaim.Kind.allCases)
    func `a claim is written as it always was`(kind: MemberClaim.Kind) throws {
        let golden = try Self.golden(kind)
        #expect(Wire.claim(kind).encoded(signature: Wire.signature) == golden)

        let decoded = try MemberClaim.decode(kind, ByteReader(golden))
        #expect(decoded.claim == Wire.claim(kind))
        #expect(decoded.signature == Wire.signature)
    }

    @Test(
        arguments: [
            (.suspect, 2), (.dead, 3), (.left, 4), (.forgotten, 5),
        ] as [(MemberClaim.Kind, UInt8)])
    func `its author signs the domain, the mesh, the kind and the body`(
        kind: MemberClaim.Kind, code: UInt8
    ) throws {
        #expect(kind.rawValue == code)
        let mesh = MeshID(named: try #require(Label("m")), using: CountingCryptography())
        // "checkmesh claim 1", then the mesh's id, then the kind.
        let golden =
            try Wire.bytes("11 636865636b6d65736820636c61696d2031 606162636465666768696a6b6c6d6e6f")
            + [code] + Self.golden(kind).dropLast(Signature.byteCount)
        #expect(Wire.claim(kind).signedBytes(mesh: mesh) == golden)
    }

    @Test func `who leaves speaks for itself`() throws {
        let decoded = try MemberClaim.decode(.left, ByteReader(Self.golden(.left)))
        #expect(decoded.claim.author == decoded.claim.subject)
    }

    @Test func `nobody says goodbye for somebody else`() async {
        await #expect(processExitsWith: .failure) {
            _ = MemberClaim(
                .left, subject: Wire.subject, generation: 1, incarnation: 0, author: Wire.author)
        }
    }

    @Test(arguments: MemberClaim.Kind.allCases)
    func `fields of a later version are kept and relayed, up to their bound`(
        kind: MemberClaim.Kind
    ) throws {
        let largest = String(repeating: "07", count: MemberClaim.extensionByteCountMax)
        let golden = try Self.golden(kind, extension: largest)
        let decoded = try MemberClaim.decode(kind, ByteReader(golden))
        #expect(decoded.claim.extensionBytes.count == MemberClaim.extensionByteCountMax)
        #expect(decoded.claim.encoded(signature: decoded.signature) == golden)

        let above = try Self.golden(kind, extension: largest + "07")
        #expect(throws: DecodeError.tooLarge) { try MemberClaim.decode(kind, ByteReader(above)) }
    }

    @Test func `an extension beyond its bound is our mistake`() async {
        await #expect(processExitsWith: .failure) {
            _ = Wire.claim(
                .dead,
                extensionBytes: [UInt8](repeating: 0, count: MemberClaim.extensionByteCountMax + 1))
        }
    }

    @Test(arguments: MemberClaim.Kind.allCases)
    func `every truncation is refused`(kind: MemberClaim.Kind) throws {
        let golden = try Self.golden(kind)
        for count in 0..<golden.count {
            #expect(throws: DecodeError.truncated) {
                try MemberClaim.decode(kind, ByteReader(Array(golden[..<count])))
            }
        }
    }

    @Test func `generation 0 is refused`() throws {
        let bytes = try Wire.bytes(
            "202122232425262728292a2b2c2d2e2f 00 ac02 " + Self.goldenAuthor + Wire.signatureText)
        #expect(throws: DecodeError.invalid) { try MemberClaim.decode(.dead, ByteReader(bytes)) }
    }

    @Test func `a claim's standing is what it says of its subject`() {
        #expect(
            Wire.claim(.suspect).standing
                == Standing(generation: 3, incarnation: 300, state: .suspect))
        #expect(MemberClaim.Kind.allCases.map(\.state) == [.suspect, .dead, .left, .forgotten])
    }
}

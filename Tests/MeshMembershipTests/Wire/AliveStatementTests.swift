import MeshCore
import MeshMembership
import Testing

struct AliveStatementTests {
    /// Wire version 1. Key; name; zone; address; generation; boot id; incarnation; born; versions.
    static let goldenBody =
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 05 6672612d31 02 6575 "
        + "04 c0000201 1f0a 03 0102030405060708 ac02 80f2d6ca06 01 02 "

    @Test func `a statement is written as it always was`() throws {
        let golden = try Wire.bytes(Self.goldenBody + Wire.signatureText)
        #expect(try Wire.statement().encoded(signature: Wire.signature) == golden)

        let decoded = try AliveStatement.decode(ByteReader(golden))
        #expect(try decoded.statement == Wire.statement())
        #expect(decoded.signature == Wire.signature)
    }

    @Test func `its author signs the domain, the mesh and the body`() throws {
        let mesh = MeshID(
            named: try #require(Label("production")), using: CountingCryptography())
        // "checkmesh alive 1", then the mesh's id.
        let golden = try Wire.bytes(
            "11 636865636b6d65736820616c6976652031 606162636465666768696a6b6c6d6e6f "
                + Self.goldenBody)
        #expect(try Wire.statement().signedBytes(mesh: mesh) == golden)
    }

    @Test func `fields of a later version are kept, relayed and covered by the signature`() throws {
        let golden = try Wire.bytes(Self.goldenBody + "cafe" + Wire.signatureText)
        let decoded = try AliveStatement.decode(ByteReader(golden))
        #expect(decoded.statement.extensionBytes == [0xCA, 0xFE])
        #expect(decoded.statement.encoded(signature: decoded.signature) == golden)
        let mesh = MeshID(named: try #require(Label("m")), using: CountingCryptography())
        #expect(decoded.statement.signedBytes(mesh: mesh).suffix(2) == [0xCA, 0xFE])
    }

    @Test func `an extension is held to its bound`() throws {
        let largest = [UInt8](repeating: 7, count: AliveStatement.extensionByteCountMax)
        let statement = try Wire.statement(extensionBytes: largest)
        let bytes = statement.encoded(signature: Wire.signature)
        #expect(try AliveStatement.decode(ByteReader(bytes)).statement == statement)
        let above = bytes.dropLast(Signature.byteCount) + [7] + bytes.suffix(Signature.byteCount)
        #expect(throws: DecodeError.tooLarge) {
            try AliveStatement.decode(ByteReader(Array(above)))
        }
    }

    @Test func `every truncation is refused`() throws {
        let bytes = try Wire.statement().encoded(signature: Wire.signature)
        for count in 0..<bytes.count {
            #expect(throws: DecodeError.self) {
                try AliveStatement.decode(ByteReader(Array(bytes[..<count])))
            }
        }
    }

    @Test(
        arguments: [
            // Generation 0; it begins at 1.
            ("03 0102030405060708", "00 0102030405060708", .invalid),
            // The lowest wire version above the highest.
            ("80f2d6ca06 01 02", "80f2d6ca06 02 01", .invalid),
            // Port 0, the unspecified address, an unknown family.
            ("04 c0000201 1f0a", "04 c0000201 0000", .invalid),
            ("04 c0000201 1f0a", "04 00000000 1f0a", .invalid),
            ("04 c0000201 1f0a", "05 c0000201 1f0a", .invalid),
            // An empty name; a slash in one.
            ("05 6672612d31", "00", .invalid), ("05 6672612d31", "05 66722f2d31", .invalid),
            // A name longer than any label.
            ("05 6672612d31", "40 6672612d31", .tooLarge),
            // A birth of 33 bits.
            ("80f2d6ca06 01 02", "8080808010 01 02", .tooLarge),
            // An incarnation of 33 bits; one that is written longer than it must.
            ("ac02 80f2d6ca06", "8080808010 80f2d6ca06", .tooLarge),
            ("ac02 80f2d6ca06", "ac8200 80f2d6ca06", .invalid),
        ] as [(String, String, DecodeError)])
    func `a field that cannot be is refused`(field: String, by: String, error: DecodeError) throws {
        let body = Self.goldenBody.replacing(field, with: by)
        try #require(body != Self.goldenBody)
        let bytes = try Wire.bytes(body + Wire.signatureText)
        #expect(throws: error) { try AliveStatement.decode(ByteReader(bytes)) }
    }

    @Test func `the longest statement fits an update`() throws {
        let longest = try #require(Label(String(repeating: "n", count: Label.byteCountMax)))
        let statement = AliveStatement(
            key: Wire.key, name: longest, zone: longest,
            address: SocketAddress(host: Bytes16(high: .max, low: 0), port: 1), generation: .max,
            bootID: BootID(.max), incarnation: .max, born: .max,
            wireVersions: 0...255,
            extensionBytes: [UInt8](repeating: 0, count: AliveStatement.extensionByteCountMax))
        let bytes = statement.encoded(signature: Wire.signature)
        #expect(bytes.count <= Update.byteCountMax)
        #expect(try AliveStatement.decode(ByteReader(bytes)).statement == statement)
    }

    @Test func `an extension beyond its bound is our mistake`() async {
        await #expect(processExitsWith: .failure) {
            _ = try Wire.statement(
                extensionBytes: [UInt8](
                    repeating: 0, count: AliveStatement.extensionByteCountMax + 1))
        }
    }
}

import MeshCore
import MeshMembership
import Testing

/// What the golden vectors are about: one member, its statements, its signature. Bytes count up
/// from a different first digit per field, so that a misplaced one shows.
enum Wire {
    static let key = PublicKey(bytes32(from: 0x00))
    static let subject = NodeID(bytes32(from: 0x20).high)
    static let author = NodeID(bytes32(from: 0x40).high)
    static let signature = Signature(r: bytes32(from: 0x80), s: bytes32(from: 0xA0))
    static let signatureText =
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        + "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"

    static func statement(extensionBytes: [UInt8] = []) throws -> AliveStatement {
        AliveStatement(
            key: key, name: try #require(Label("fra-1")), zone: try #require(Label("eu")),
            address: SocketAddress(ipv4: 0xC000_0201, port: 7_946), generation: 3,
            bootID: BootID(0x0102_0304_0506_0708), incarnation: 300,
            born: 1_767_225_600, wireVersions: 1...2,
            extensionBytes: extensionBytes)
    }

    /// The shortest statement that can be made.
    static func shortestStatement() throws -> AliveStatement {
        AliveStatement(
            key: key, name: try #require(Label("a")), zone: try #require(Label("z")),
            address: SocketAddress(ipv4: 1, port: 1), generation: 1, bootID: BootID(0),
            incarnation: 0, born: 0, wireVersions: 1...1)
    }

    static func claim(_ kind: MemberClaim.Kind, extensionBytes: [UInt8] = []) -> MemberClaim {
        MemberClaim(
            kind, subject: subject, generation: 3, incarnation: 300,
            author: kind == .left ? subject : author, extensionBytes: extensionBytes)
    }

    static func bytes32(from first: UInt8) -> Bytes32 {
        func word(_ offset: UInt8) -> UInt64 {
            (0..<8 as Range<UInt8>).reduce(0) { $0 << 8 | UInt64(first + offset + $1) }
        }
        return Bytes32(
            high: Bytes16(high: word(0), low: word(8)), low: Bytes16(high: word(16), low: word(24)))
    }

    /// The bytes of hexadecimal text; spaces separate fields and count for nothing.
    static func bytes(_ text: String) throws -> [UInt8] {
        let digits = try text.filter { $0 != " " }.map { try #require($0.hexDigitValue) }
        try #require(digits.count.isMultiple(of: 2))
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}

/// Digests that are always the same 32 bytes, counted up from 0x60: golden vectors need a mesh's
/// id, not a hash.
struct CountingCryptography: Cryptography {
    func sha256(_ bytes: [UInt8]) -> Bytes32 { Wire.bytes32(from: 0x60) }
    func isValid(_ signature: Signature, over message: [UInt8], by key: PublicKey) -> Bool { false }
    func deriveKey(secret: [UInt8], salt: [UInt8], info: [UInt8]) -> any SealingKey { NoKey() }
}

private struct NoKey: SealingKey {
    func seal(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) {}
    func open(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) -> Bool { false }
}

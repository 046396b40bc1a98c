import MeshCore
import MeshCrypto
import Testing

/// Key derivation and sealing. A session key never shows its bytes, so a derivation is judged by
/// what it seals: the expected packets were made apart from this code, from the published keys.
struct PacketTests {
    let cryptography = OpenSSLCryptography()

    /// RFC 5869, A.1, A.2 and A.3: the first 32 bytes of each output as the key; then the packet
    /// `header body` with counter 1.
    struct Derivation: Sendable {
        let secret: String
        let salt: String
        let info: String
        let sealed: String
    }

    static let derivations = [
        Derivation(
            secret: "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
            salt: "000102030405060708090a0b0c",
            info: "f0f1f2f3f4f5f6f7f8f9",
            sealed: "6865616465723d5fb0be38111ad843c04d7adbab1a5401ce90cb"),
        Derivation(
            secret: """
                000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
                202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f
                404142434445464748494a4b4c4d4e4f
                """,
            salt: """
                606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f
                808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f
                a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
                """,
            info: """
                b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf
                d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef
                f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff
                """,
            sealed: "686561646572fc74be4120d433ffd3fa181793669c5cc1afcb91"),
        Derivation(
            secret: "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
            salt: "",
            info: "",
            sealed: "686561646572acf3b61f7dac85f25320f41bd77c75a92c372070"),
    ]

    @Test(arguments: derivations)
    func `a derived key is the standard's`(derivation: Derivation) throws {
        let key = cryptography.deriveKey(
            secret: try bytes(derivation.secret), salt: try bytes(derivation.salt),
            info: try bytes(derivation.info))
        var packet = Array("headerbody".utf8)
        key.seal(&packet, headerCount: 6, counter: 1)
        #expect(try packet == bytes(derivation.sealed))
    }

    /// Cases 13 and 14 of the GCM submission to NIST (McGrew and Viega, appendix B): key and nonce
    /// of zeros.
    @Test(arguments: [
        ("", "530f8afbc74536b9a963b4f1c4cb738b"),
        (
            "00000000000000000000000000000000",
            "cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919"
        ),
    ])
    func `a known key seals as the standard says`(plain: String, sealed: String) throws {
        var packet = try bytes(plain)
        SessionKey(.zero).seal(&packet, headerCount: 0, counter: 0)
        #expect(try packet == bytes(sealed))
    }

    /// A packet of a hundred bytes after a header of twenty, and a large counter, which shows that
    /// the nonce is four zero bytes and the counter big-endian.
    @Test func `a packet is sealed as it always was`() throws {
        var packet = (0..<120).map { UInt8($0) }
        key.seal(&packet, headerCount: 20, counter: 0x0102_0304_0506_0708)
        #expect(
            try packet
                == bytes(
                    """
                    000102030405060708090a0b0c0d0e0f10111213adf46a81331cb65214dee8ba
                    4872cfcf426e7939fd6897a693f365f95a08682692ce27d0429bba72e2fcd07f
                    102d6e55d4f904010a0536c6e4e7b6ea8b574fa613a40abb56345e03df8282ee
                    0581a8c453b8d1383473b38a2c3da91ad16f3e69f2f9bf3b6605ba25a3c9ed43
                    0f28ddc9e46c317b
                    """))
    }

    @Test(arguments: [(0, 0), (0, 1), (1, 0), (24, 1), (24, 16), (24, 17), (41, 1_143)])
    func `what was sealed opens again`(header: Int, body: Int) {
        let plain = (0..<header + body).map { UInt8(truncatingIfNeeded: $0) }
        var packet = plain
        key.seal(&packet, headerCount: header, counter: 7)
        #expect(packet.count == plain.count + sealTagByteCount)
        #expect(packet.prefix(header) == plain.prefix(header))
        let isAuthentic = key.open(&packet, headerCount: header, counter: 7)
        #expect(isAuthentic)
        #expect(packet == plain)
    }

    @Test func `a bit turned anywhere is found`() {
        var sealed = (0..<60).map { UInt8($0) }
        key.seal(&sealed, headerCount: 20, counter: 7)
        for bit in 0..<8 * sealed.count {
            var packet = sealed
            packet[bit / 8] ^= 1 << UInt8(bit % 8)
            let isAuthentic = key.open(&packet, headerCount: 20, counter: 7)
            #expect(!isAuthentic)
        }
    }

    @Test func `every truncation, another length of header and another counter are found`() {
        var sealed = (0..<60).map { UInt8($0) }
        key.seal(&sealed, headerCount: 20, counter: 7)
        for count in 0..<sealed.count {
            var packet = Array(sealed[..<count])
            let isAuthentic = key.open(&packet, headerCount: 20, counter: 7)
            #expect(!isAuthentic)
        }
        for header in 0...60 where header != 20 {
            var packet = sealed
            let isAuthentic = key.open(&packet, headerCount: header, counter: 7)
            #expect(!isAuthentic)
        }
        for counter in [0, 6, 8, 7 << 32, .max] as [UInt64] {
            var packet = sealed
            let isAuthentic = key.open(&packet, headerCount: 20, counter: counter)
            #expect(!isAuthentic)
        }
    }

    @Test func `another secret, salt or info is another key`() {
        var sealed = (0..<60).map { UInt8($0) }
        key.seal(&sealed, headerCount: 20, counter: 7)
        for (secret, salt, info) in [
            ("s", "salt", "info"), ("secret", "s", "info"), ("secret", "salt", "i"),
        ] {
            var packet = sealed
            let other = cryptography.deriveKey(
                secret: Array(secret.utf8), salt: Array(salt.utf8), info: Array(info.utf8))
            let isAuthentic = other.open(&packet, headerCount: 20, counter: 7)
            #expect(!isAuthentic)
        }
    }

    @Test func `keys used in turn do not disturb each other`() {
        let keys = (0..<10).map { number in
            cryptography.deriveKey(secret: [number], salt: [], info: [])
        }
        let packets = keys.enumerated().map { number, key in
            var packet = [UInt8](repeating: UInt8(number), count: 50)
            key.seal(&packet, headerCount: 4, counter: UInt64(number))
            return packet
        }
        for (number, key) in keys.enumerated().reversed() {
            var packet = packets[number]
            let isAuthentic = key.open(&packet, headerCount: 4, counter: UInt64(number))
            #expect(isAuthentic)
            #expect(packet == [UInt8](repeating: UInt8(number), count: 50))
        }
    }

    @Test func `a header longer than the packet is our mistake`() async {
        await #expect(processExitsWith: .failure) {
            let cryptography = OpenSSLCryptography()
            let key = cryptography.deriveKey(secret: [1], salt: [], info: [])
            var packet: [UInt8] = [1]
            key.seal(&packet, headerCount: 2, counter: 0)
        }
    }

    private var key: any SealingKey {
        cryptography.deriveKey(
            secret: Array("secret".utf8), salt: Array("salt".utf8), info: Array("info".utf8))
    }
}

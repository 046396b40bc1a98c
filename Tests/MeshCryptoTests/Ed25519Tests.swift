import MeshCore
import MeshCrypto
import Testing

struct Ed25519Tests {
    struct Vector: Sendable {
        let seed: String
        let key: String
        let message: String
        let signature: String
    }

    /// RFC 8032, 7.1: tests 1, 2, 3 and SHA(abc).
    static let vectors = [
        Vector(
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            message: "",
            signature: """
                e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155
                5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
                """),
        Vector(
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            message: "72",
            signature: """
                92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
                085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
                """),
        Vector(
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            message: "af82",
            signature: """
                6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac
                18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
                """),
        Vector(
            seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            key: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            message: """
                ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
                2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
                """,
            signature: """
                dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589
                09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704
                """),
    ]

    @Test(arguments: vectors)
    func `a seed signs as the standard says`(vector: Vector) throws {
        let key = Ed25519SigningKey(seed: try bytes32(vector.seed))
        let publicKey = key.publicKey
        let made = key.sign(try bytes(vector.message))
        let seed = key.seed
        #expect(try publicKey == PublicKey(bytes32(vector.key)))
        #expect(try made == signature(vector.signature))
        #expect(try seed == bytes32(vector.seed))
    }

    @Test(arguments: vectors)
    func `a signature holds for its message and key alone`(vector: Vector) throws {
        let cryptography = OpenSSLCryptography()
        let key = PublicKey(try bytes32(vector.key))
        let message = try bytes(vector.message)
        let good = try bytes(vector.signature)
        #expect(try cryptography.isValid(signature(vector.signature), over: message, by: key))

        for position in 0..<good.count {
            var reader = ByteReader(tampered(good, at: position))
            let bad = try reader.readSignature()
            #expect(!cryptography.isValid(bad, over: message, by: key), "byte \(position)")
        }
        for position in 0..<message.count {
            #expect(
                try !cryptography.isValid(
                    signature(vector.signature), over: tampered(message, at: position), by: key))
        }
        #expect(
            try !cryptography.isValid(signature(vector.signature), over: message + [0], by: key))
        for position in 0..<32 {
            var reader = ByteReader(tampered(key.bytes.array, at: position))
            let other = PublicKey(try reader.readBytes32())
            #expect(
                try !cryptography.isValid(signature(vector.signature), over: message, by: other))
        }
    }

    /// S above the group's order would give every signature a second form (RFC 8032, 5.1.7).
    @Test func `a signature with a scalar beyond the order is refused`() throws {
        let vector = Self.vectors[0]
        let order = try bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var second = try bytes(vector.signature)
        var carry = 0
        for position in 0..<32 {
            carry += Int(second[32 + position]) + Int(order[position])
            second[32 + position] = UInt8(carry & 0xFF)
            carry >>= 8
        }
        var reader = ByteReader(second)
        let malleated = try reader.readSignature()
        let key = PublicKey(try bytes32(vector.key))
        #expect(!OpenSSLCryptography().isValid(malleated, over: [], by: key))
    }

    @Test func `bytes that are no point make a key that verifies nothing`() throws {
        let nothing = PublicKey(Bytes32(high: .zero, low: Bytes16(high: .max, low: .max)))
        let some = try signature(Self.vectors[0].signature)
        #expect(!OpenSSLCryptography().isValid(some, over: [], by: nothing))
    }

    @Test func `generated keys differ, sign, and grow again from their seeds`() {
        let one = Ed25519SigningKey.generate()
        let other = Ed25519SigningKey.generate()
        let message = Array("checkmesh".utf8)
        let made = one.sign(message)
        let publicKeys = (one.publicKey, other.publicKey)
        let again = Ed25519SigningKey(seed: one.seed)
        let grown = again.publicKey
        let cryptography = OpenSSLCryptography()
        #expect(publicKeys.0 != publicKeys.1)
        #expect(grown == publicKeys.0)
        #expect(cryptography.isValid(made, over: message, by: publicKeys.0))
        #expect(!cryptography.isValid(made, over: message, by: publicKeys.1))
    }

    func tampered(_ bytes: [UInt8], at position: Int) -> [UInt8] {
        var bytes = bytes
        bytes[position] ^= 0x10
        return bytes
    }
}

import MeshCore
import MeshCrypto
import Testing

struct SHA256Tests {
    /// FIPS 180-4's examples, and the empty message.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func `a message has the digest that the standard gives it`(
        message: String, digest: String
    ) throws {
        #expect(try OpenSSLCryptography().sha256(Array(message.utf8)) == bytes32(digest))
    }

    /// Part of the wire format: another implementation must reach the same ids.
    @Test func `a node's id and a mesh's id are the first halves of digests`() throws {
        let cryptography = OpenSSLCryptography()
        let key = PublicKey(
            try bytes32("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
        #expect(
            NodeID(of: key, using: cryptography).description == "21fe31dfa154a261626bf854046fd227")
    }
}

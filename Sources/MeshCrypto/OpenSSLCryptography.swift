import COpenSSL
package import MeshCore

/// The core's cryptography by OpenSSL 3's libcrypto: what a node runs with.
///
/// All of it is total: the only ways in which these calls fail are a libcrypto without the
/// algorithm and no memory, and no node can go on in either.
package struct OpenSSLCryptography: Cryptography {
    private let cipher = PacketCipher()
    private let digest = MessageDigest()

    package init() {}

    package func sha256(_ bytes: [UInt8]) -> Bytes32 { digest.hash(bytes) }

    package func isValid(
        _ signature: Signature, over message: [UInt8], by key: PublicKey
    ) -> Bool {
        Ed25519.isValid(signature, over: message, by: key)
    }

    package func deriveKey(secret: [UInt8], salt: [UInt8], info: [UInt8]) -> any SealingKey {
        SessionKey(deriving: secret, salt: salt, info: info, for: cipher)
    }
}

/// SHA-256 (FIPS 180-4).
@safe
private final class MessageDigest: @unchecked Sendable {
    // @unchecked: a fetched EVP_MD is never changed; OpenSSL lets any thread use it at once.
    private let algorithm: OpaquePointer

    init() {
        // Fetched once: OpenSSL 3 looks an algorithm up by name, under a lock, on every other way.
        // The pointer is checked, owned here and freed in `deinit`.
        guard let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil) else {
            fatalError("expected a libcrypto with SHA-256")
        }
        unsafe self.algorithm = unsafe algorithm
    }

    deinit {
        // Nobody else holds the pointer: it never leaves this class.
        unsafe EVP_MD_free(algorithm)
    }

    func hash(_ bytes: [UInt8]) -> Bytes32 {
        Bytes32 { out in
            // Reads `bytes.count` bytes and writes 32 of 32, the length of this algorithm's digest.
            unsafe EVP_Digest(bytes, bytes.count, &out, nil, algorithm, nil)
        }
    }
}

extension Bytes32 {
    /// The 32 bytes that `write`, an OpenSSL call that answers 1 for success, fills in.
    init(writtenBy write: (inout [UInt8]) -> Int32) {
        var array = [UInt8](repeating: 0, count: 32)
        require(write(&array))
        var reader = ByteReader(array)
        guard let bytes = try? reader.readBytes32() else { fatalError("expected 32 bytes") }
        self = bytes
    }
}

/// Expects an OpenSSL call to have answered 1 where it can fail only for want of memory.
func require(_ answer: Int32, _ what: StaticString = #function) {
    precondition(answer == 1, "expected OpenSSL to answer 1 in \(what)")
}

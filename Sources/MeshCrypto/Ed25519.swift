import COpenSSL
package import MeshCore

/// Ed25519 (RFC 8032), pure: no prehash, no context.
enum Ed25519 {
    static func isValid(
        _ signature: Signature, over message: [UInt8], by key: PublicKey
    ) -> Bool {
        // Reads the 32 bytes of the array. Any 32 bytes make a key here; a point that is not on
        // the curve is found out when the signature is checked.
        guard
            let publicKey = unsafe EVP_PKEY_new_raw_public_key(
                EVP_PKEY_ED25519, nil, key.bytes.array, 32)
        else { return false }
        // Made above, used only here, and freed on the way out.
        defer { unsafe EVP_PKEY_free(publicKey) }
        // The context is lent to the closure alone.
        return unsafe withDigestContext { context in
            // The context and the key are alive for the length of this closure.
            require(unsafe EVP_DigestVerifyInit(context, nil, nil, nil, publicKey))
            let bytes = signature.r.array + signature.s.array
            // Each array is read to its own count and kept by nobody.
            return unsafe EVP_DigestVerify(context, bytes, bytes.count, message, message.count) == 1
        }
    }

    fileprivate static func withDigestContext<Result>(
        _ body: (OpaquePointer) -> Result
    ) -> Result {
        guard let context = unsafe EVP_MD_CTX_new() else { fatalError("expected memory") }
        // Made above, lent to `body` only, and freed on the way out.
        defer { unsafe EVP_MD_CTX_free(context) }
        return unsafe body(context)
    }
}

/// A node's private key. It stays in the shell: the core asks for signatures by an effect.
@safe
package struct Ed25519SigningKey: ~Copyable, @unchecked Sendable {
    // @unchecked: the key has one owner, never changes, and OpenSSL reads it from any thread.
    private let key: OpaquePointer

    package let publicKey: PublicKey

    /// The key that grows from 32 secret bytes (RFC 8032, 5.1.5): how it is stored and loaded.
    package init(seed: Bytes32) {
        var bytes = seed.array
        // Reads the 32 bytes of the array; what it makes is checked, owned here, freed in `deinit`.
        guard
            let key = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, bytes, 32)
        else { fatalError("expected a libcrypto with Ed25519") }
        // The array is this function's own and is wiped to its own length.
        unsafe OPENSSL_cleanse(&bytes, bytes.count)
        unsafe self.key = unsafe key
        publicKey = PublicKey(
            Bytes32 { out in
                var count = out.count
                // Writes at most `count` bytes, the array's own.
                return unsafe EVP_PKEY_get_raw_public_key(key, &out, &count)
            })
    }

    /// A new key of the operating system's randomness.
    package static func generate() -> Ed25519SigningKey {
        Ed25519SigningKey(
            seed: Bytes32 { out in
                // Writes 32 bytes to an array of 32. Unless it answers 1 there is no randomness to
                // be had, and then no key must be made.
                unsafe RAND_priv_bytes(&out, 32)
            })
    }

    deinit {
        // This value is the key's only owner; freeing wipes it.
        unsafe EVP_PKEY_free(key)
    }

    /// The 32 secret bytes, to be stored where only the node can read them.
    package var seed: Bytes32 {
        Bytes32 { out in
            var count = out.count
            // Writes at most `count` bytes, the array's own.
            return unsafe EVP_PKEY_get_raw_private_key(key, &out, &count)
        }
    }

    package func sign(_ message: [UInt8]) -> Signature {
        var bytes = [UInt8](repeating: 0, count: Signature.byteCount)
        var count = bytes.count
        // The context is lent to the closure alone.
        unsafe Ed25519.withDigestContext { context in
            // The context and the key are alive for the length of this closure.
            require(unsafe EVP_DigestSignInit(context, nil, nil, nil, key))
            // Writes at most `count` bytes, the array's length, and reads the message's own count.
            require(unsafe EVP_DigestSign(context, &bytes, &count, message, message.count))
        }
        var reader = ByteReader(bytes)
        guard count == Signature.byteCount, let signature = try? reader.readSignature() else {
            fatalError("expected a signature of 64 bytes")
        }
        return signature
    }
}

/// An Ed25519 public key (RFC 8032).
package struct PublicKey: Hashable, Sendable {
    package var bytes: Bytes32
    package init(_ bytes: Bytes32) { self.bytes = bytes }
}

/// An Ed25519 signature (RFC 8032): the point R, then the scalar S.
package struct Signature: Hashable, Sendable {
    package var r: Bytes32
    package var s: Bytes32

    package init(r: Bytes32, s: Bytes32) {
        self.r = r
        self.s = s
    }

    package static let byteCount = 64
}

extension ByteWriter {
    package mutating func write(_ signature: Signature) {
        write(signature.r)
        write(signature.s)
    }
}

extension ByteReader {
    package mutating func readSignature() throws(DecodeError) -> Signature {
        Signature(r: try readBytes32(), s: try readBytes32())
    }
}

/// What the core asks of cryptography: pure, synchronous functions. Signing is not among them: the
/// private key stays in the shell, and a signature is an effect with an answer.
///
/// A node runs with OpenSSL behind this; the simulator with a keyed fake that is a hundred times
/// faster and forgets nothing that a test could want to know. It is held as an existential, not as
/// a generic parameter: generic types of one module are not specialised in another, and looking
/// their metadata up took a tenth of a simulation, where a dynamic call takes nanoseconds.
package protocol Cryptography: Sendable {
    func sha256(_ bytes: [UInt8]) -> Bytes32

    /// Whether `signature` is Ed25519's over `message` under `key`.
    func isValid(_ signature: Signature, over message: [UInt8], by key: PublicKey) -> Bool

    /// HKDF-SHA256 (RFC 5869) of the mesh secret, with `salt` and `info`, to 32 bytes of key.
    func deriveKey(secret: [UInt8], salt: [UInt8], info: [UInt8]) -> any SealingKey
}

/// The key that seals the datagrams of one boot of one node (AES-256-GCM, NIST SP 800-38D).
package protocol SealingKey: Sendable {
    /// Encrypts `packet` after its first `headerCount` bytes in place, authenticates all of it and
    /// appends a tag of `sealTagByteCount` bytes. `counter` must never repeat under one key.
    func seal(_ packet: inout [UInt8], headerCount: Int, counter: UInt64)

    /// Undoes `seal`: decrypts in place and removes the tag. False, with `packet` in any state, if
    /// one bit differs from what was sealed.
    func open(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) -> Bool
}

/// Bytes that sealing adds to a datagram: the tag of AES-GCM.
package let sealTagByteCount = 16

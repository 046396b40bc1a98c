import COpenSSL
package import MeshCore

/// The AES-256-GCM key of one boot of one node, wiped when the last holder lets go.
///
/// It is 32 bytes and no prepared cipher: a node holds one per member, and a prepared cipher takes
/// a kilobyte to save a fraction of a microsecond per datagram.
@safe
package final class SessionKey: SealingKey, @unchecked Sendable {
    static let byteCount = 32

    // @unchecked: written in `init` only; afterwards it is only read, until `deinit` wipes it.
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    private let cipher: PacketCipher

    /// A key that is known: a published test vector's.
    package init(_ key: Bytes32) {
        cipher = PacketCipher()
        // Owned by this object from here to `deinit`; both are 32 bytes long.
        unsafe bytes = .allocate(capacity: Self.byteCount)
        _ = unsafe bytes.initialize(fromContentsOf: key.array)
    }

    /// HKDF with SHA-256 (RFC 5869).
    init(deriving secret: [UInt8], salt: [UInt8], info: [UInt8], for cipher: PacketCipher) {
        self.cipher = cipher
        // Owned by this object from here to `deinit`; initialised before anything reads it.
        unsafe bytes = .allocate(capacity: Self.byteCount)
        unsafe bytes.initialize(repeating: 0)
        guard let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nil) else {
            fatalError("expected a libcrypto with HKDF")
        }
        // Made above, used only here, and freed on the way out.
        defer { unsafe EVP_PKEY_CTX_free(context) }
        require(unsafe EVP_PKEY_derive_init(context))
        // An EVP_MD of the library's own, constant for the life of the process.
        require(unsafe EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha256()))
        // Each copies as many bytes as its array has.
        require(unsafe EVP_PKEY_CTX_set1_hkdf_salt(context, salt, Int32(salt.count)))
        require(unsafe EVP_PKEY_CTX_set1_hkdf_key(context, secret, Int32(secret.count)))
        require(unsafe EVP_PKEY_CTX_add1_hkdf_info(context, info, Int32(info.count)))
        var count = Self.byteCount
        // Writes at most `count` bytes, which is what was allocated.
        require(unsafe EVP_PKEY_derive(context, bytes.baseAddress, &count))
        precondition(count == Self.byteCount, "expected a whole key")
    }

    deinit {
        // The last reference is gone, so nothing reads the bytes any more; the length is theirs.
        unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        unsafe bytes.deallocate()
    }

    package func seal(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) {
        cipher.seal(&packet, headerCount: headerCount, counter: counter, with: self)
    }

    package func open(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) -> Bool {
        cipher.open(&packet, headerCount: headerCount, counter: counter, with: self)
    }

    /// Lends the 32 bytes for the length of one call.
    func withBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        guard let start = unsafe bytes.baseAddress else { fatalError("expected a key") }
        // `self` keeps the bytes alive during `body`, which must not keep the pointer.
        return withExtendedLifetime(self) { unsafe body(UnsafePointer(start)) }
    }
}

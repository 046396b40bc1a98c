import COpenSSL
package import MeshCore

/// What all TLS sessions of a node share: TLS 1.3 (RFC 8446) with keys that both sides had before
/// (external PSK, 2.2 there), and nothing else: no certificates, no tickets, no early data.
///
/// Each mesh secret becomes one key, HKDF(secret, mesh name, a label of its own), and one name for
/// it, which the client says and the server looks up: a key is never found by trying. The first
/// secret is offered; all of them are accepted, so that secrets can be rotated node by node. The
/// key exchange (X25519) is done all the same: a secret that is stolen later opens no recording.
///
/// One context serves all sessions, since making one takes 0.3 ms. Sessions keep theirs alive: a
/// reload makes another for those that follow.
@safe
package final class TLSContext {
    /// Secrets that one mesh may have at once.
    package static let secretsMax = 16
    private static let identityByteCount = 8
    private static let keyDomain = "checkmesh stream 1"
    private static let identityDomain = "checkmesh stream key id 1"

    let context: OpaquePointer
    private let keys: [Key]
    /// The first key's name where OpenSSL can point to it.
    private let offeredIdentity: UnsafeMutableBufferPointer<UInt8>

    private struct Key {
        let identity: [UInt8]
        let secret: SessionKey
    }

    /// Expects a secret, and at most `secretsMax`.
    package init(mesh: Label, secrets: [[UInt8]]) {
        precondition(
            (1...Self.secretsMax).contains(secrets.count), "expected one mesh secret or a few")
        let cipher = PacketCipher()
        keys = secrets.map { Self.key(of: $0, mesh: mesh, for: cipher) }
        // Owned by this object from here to `deinit`.
        unsafe offeredIdentity = .allocate(capacity: Self.identityByteCount)
        _ = unsafe offeredIdentity.initialize(fromContentsOf: keys[0].identity)
        // Checked, owned here and freed in `deinit`.
        guard let context = unsafe SSL_CTX_new(TLS_method()) else {
            fatalError("expected a libssl")
        }
        unsafe self.context = unsafe context

        // The context is alive and its own; the texts are constants.
        require(unsafe copenssl_require_tls13(context))
        require(unsafe SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384"))
        require(unsafe copenssl_set_groups(context, "X25519"))
        require(unsafe SSL_CTX_set_num_tickets(context, 0))
        unsafe copenssl_keep_nothing(context)
        // The context must find its way back from a callback. It does not outlive this object,
        // which every session of it keeps alive.
        require(unsafe SSL_CTX_set_ex_data(context, 0, Unmanaged.passUnretained(self).toOpaque()))
        unsafe SSL_CTX_set_psk_use_session_callback(context, offerKey)
        unsafe SSL_CTX_set_psk_find_session_callback(context, findKey)
    }

    deinit {
        // Every session has gone before: each holds this object. Nobody else has the pointers.
        unsafe SSL_CTX_free(context)
        unsafe offeredIdentity.deallocate()
    }

    private static func key(of secret: [UInt8], mesh: Label, for cipher: PacketCipher) -> Key {
        var info = ByteWriter()
        info.writePrefixed(Array(keyDomain.utf8))
        var name = ByteWriter()
        name.writePrefixed(Array(identityDomain.utf8))
        name.write(mesh)
        name.writePrefixed(secret)
        let digest = OpenSSLCryptography().sha256(name.bytes)
        return Key(
            identity: Array(digest.array.prefix(identityByteCount)),
            secret: SessionKey(
                deriving: secret, salt: Array(mesh.text.utf8), info: info.bytes, for: cipher))
    }

    // MARK: What the callbacks ask

    /// The context that an `SSL` was made from.
    fileprivate static func of(_ ssl: OpaquePointer) -> TLSContext {
        // Set in `init`, for as long as the context lives; a session holds the object.
        guard let pointer = unsafe SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0) else {
            fatalError("expected a context of ours")
        }
        return unsafe Unmanaged<TLSContext>.fromOpaque(pointer).takeUnretainedValue()
    }

    fileprivate func hasKey(named identity: [UInt8]) -> Bool {
        keys.contains { $0.identity == identity }
    }

    /// A PSK as OpenSSL wants it: a session that it is to "resume". The caller owns it.
    fileprivate func makeSession(named identity: [UInt8], for ssl: OpaquePointer) -> OpaquePointer?
    {
        // TLS_AES_256_GCM_SHA384, as registered: the only suite that either side offers.
        let suite: [UInt8] = [0x13, 0x02]
        // Reads two bytes; the cipher is the library's own. The session is new and ours to give.
        guard let key = keys.first(where: { $0.identity == identity }),
            let cipher = unsafe SSL_CIPHER_find(ssl, suite),
            let session = unsafe SSL_SESSION_new()
        else { return nil }
        let isSet = unsafe key.secret.withBytes { bytes in
            // Copies the 32 bytes that are lent.
            unsafe SSL_SESSION_set1_master_key(session, bytes, SessionKey.byteCount) == 1
                && SSL_SESSION_set_cipher(session, cipher) == 1
                && SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1
        }
        if isSet { return unsafe session }
        // Nobody else has it yet.
        unsafe SSL_SESSION_free(session)
        return nil
    }

    fileprivate func offer(
        _ ssl: OpaquePointer, _ identity: UnsafeMutablePointer<UnsafePointer<UInt8>?>,
        _ count: UnsafeMutablePointer<Int>, _ session: UnsafeMutablePointer<OpaquePointer?>
    ) {
        // OpenSSL's own variables. The name lives as long as this object; the session becomes its.
        unsafe identity.pointee = UnsafePointer(offeredIdentity.baseAddress)
        unsafe count.pointee = offeredIdentity.count
        unsafe session.pointee = makeSession(named: keys[0].identity, for: ssl)
    }
}

/// The client's side of RFC 8446, 4.2.11: which key is offered. 1 to go on.
private func offerKey(
    ssl: OpaquePointer?, digest: OpaquePointer?,
    identity: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, count: UnsafeMutablePointer<Int>?,
    session: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    guard let ssl = unsafe ssl, let identity = unsafe identity, let count = unsafe count,
        let session = unsafe session
    else { return 0 }
    unsafe TLSContext.of(ssl).offer(ssl, identity, count, session)
    // Without a key there is nothing to offer, and no handshake.
    return unsafe session.pointee == nil ? 0 : 1
}

/// The server's side: the key that the client names. 1 without a session where there is none: the
/// handshake then looks for a certificate, has none, and ends with an alert that says so.
private func findKey(
    ssl: OpaquePointer?, identity: UnsafePointer<UInt8>?, count: Int,
    session: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
    guard let ssl = unsafe ssl, let session = unsafe session else { return 0 }
    // Reads the `count` bytes that OpenSSL has parsed; the copy is ours.
    let name = unsafe Array(UnsafeBufferPointer(start: identity, count: count))
    let context = unsafe TLSContext.of(ssl)
    unsafe session.pointee = nil
    guard context.hasKey(named: name) else {
        unsafe TLSSession.of(ssl)?.noteUnknownKey()
        return 1
    }
    unsafe session.pointee = context.makeSession(named: name, for: ssl)
    return unsafe session.pointee == nil ? 0 : 1
}

import COpenSSL
package import MeshCore

/// A client's side of one TLS session with a server that shows certificates, without a connection:
/// bytes of the network in, bytes for the network out.
///
/// The chain and, unless anybody will do, the name are verified within the handshake: it fails
/// with every fault that was found, and the server is told by an alert. `chain` is there either way.
///
/// Calls as for `TLSSession`: `receive` for what has arrived, `write` once `isEstablished`, `finish`
/// when all is said, and after each `takeOutgoing` for what is to be sent.
///
/// Bounds: one record that has not arrived in full, 16 KiB and a little, whatever is written and not
/// taken yet, and a handshake of `handshakeByteCountMax`.
@safe
package final class CertificateSession {
    /// OpenSSL's own limit for a chain is 100 KiB.
    package static let handshakeByteCountMax = 128 * 1_024
    private static let faultsMax = 8

    /// Both sides have finished the handshake, and the certificate is believed.
    package private(set) var isEstablished = false
    /// The peer has said that it sends no more: nothing was cut off.
    package private(set) var isPeerFinished = false
    /// What the server has shown; `nil` before it has.
    package private(set) var chain: CertificateChain?
    /// The server wants a certificate of the client's. By TLS 1.3 it judges that after the client
    /// is done with the handshake.
    package private(set) var isAskedForCertificate = false

    private let context: CertificateContext
    private let pipe: TLSPipe
    private var complaints: [(code: CInt, place: Int)] = []
    private var faults: [CertificateFault] = []
    private var handshakeByteCount = 0
    private var failure: CertificateTLSError?
    private var isFinished = false

    /// A session for `host`, a name or an address, with its first bytes ready to be taken. `minimum`
    /// is the oldest version that is spoken.
    package init(_ context: CertificateContext, host: String, minimum: TLSVersion = .tls12) {
        self.context = context
        pipe = unsafe TLSPipe(of: context.context)
        let ssl = unsafe pipe.ssl
        // A callback must find its way back. It runs only within calls of this object, which keeps
        // the session alive.
        require(unsafe SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque()))
        unsafe SSL_set_connect_state(ssl)
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        // The texts are copied by the calls. An address is no name to be said (RFC 6066, 3).
        if SocketAddress(numericHost: name, port: 0) == nil {
            require(unsafe copenssl_say_name(ssl, name))
        }
        if context.trust != .anything {
            // What a common name says counts for nothing, as in browsers (RFC 9525, 2).
            unsafe SSL_set_hostflags(
                ssl,
                CUnsignedInt(
                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            require(unsafe SSL_set1_host(ssl, name))
        }
        unsafe set(minimum, ssl)
        // Writes the first flight, and waits for an answer that cannot be here.
        _ = pipe.shakeHands()
    }

    @unsafe
    private func set(_ minimum: TLSVersion, _ ssl: OpaquePointer) {
        let number =
            switch minimum {
            case .tls10: TLS1_VERSION
            case .tls11: TLS1_1_VERSION
            case .tls12: TLS1_2_VERSION
            case .tls13: TLS1_3_VERSION
            }
        // The session is alive.
        require(unsafe copenssl_set_minimum(ssl, number))
        switch minimum {
        case .tls12, .tls13: break
        case .tls10, .tls11:
            // OpenSSL 3 speaks those with its guard down only: they sign with SHA-1.
            require(unsafe SSL_set_cipher_list(ssl, "DEFAULT@SECLEVEL=0"))
        }
    }

    // MARK: What the callbacks ask

    /// The session that an `SSL` belongs to, within a callback.
    static func of(_ ssl: OpaquePointer) -> CertificateSession? {
        // Set in `init`; callbacks come from calls of that very object only.
        guard let pointer = unsafe SSL_get_ex_data(ssl, 0) else { return nil }
        return unsafe Unmanaged<CertificateSession>.fromOpaque(pointer).takeUnretainedValue()
    }

    @unsafe
    static func of(store: OpaquePointer) -> CertificateSession? {
        // OpenSSL keeps the `SSL` that it verifies for under this index.
        let index = SSL_get_ex_data_X509_STORE_CTX_idx()
        guard let ssl = unsafe X509_STORE_CTX_get_ex_data(store, index) else { return nil }
        return unsafe of(OpaquePointer(ssl))
    }

    func noteRequest() { isAskedForCertificate = true }

    /// Judges what the server has shown; keeps it, whatever the judgement.
    @unsafe
    func verify(_ store: OpaquePointer) -> Bool {
        if context.trust == .anything {
            // Counts the certificates, which OpenSSL goes on using.
            let shown = unsafe X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(store))
            chain = unsafe shown.flatMap { unsafe CertificateChain(owning: $0) }
            return true
        }
        // The callback runs within the next call only.
        unsafe X509_STORE_CTX_set_verify_cb(store, noteFault)
        let answer = unsafe X509_verify_cert(store)
        // Copies the stack and counts its certificates.
        let path = unsafe X509_STORE_CTX_get1_chain(store)
        chain = unsafe path.flatMap { unsafe CertificateChain(owning: $0) }
        if let chain {
            faults = complaints.map { CertificateFault(code: $0.code, place: $0.place, chain) }
        }
        guard complaints.isEmpty, answer == 1 else {
            // Which alert the server gets goes by it.
            let first = complaints.first?.code ?? X509_V_ERR_UNSPECIFIED
            unsafe X509_STORE_CTX_set_error(store, first)
            return false
        }
        return true
    }

    fileprivate func note(_ code: CInt, at place: Int) {
        guard complaints.count < Self.faultsMax,
            !complaints.contains(where: { $0.code == code && $0.place == place })
        else { return }
        complaints.append((code, place))
    }

    // MARK: Receiving

    /// Takes what the network has brought and appends to `plaintext` what that opens, also where it
    /// throws. Bytes after the peer's last are ignored.
    package func receive(
        _ bytes: [UInt8], into plaintext: inout [UInt8]
    ) throws(CertificateTLSError) {
        if let failure { throw failure }
        var position = 0
        while position < bytes.count, !isPeerFinished {
            let end = min(bytes.count, position + TLSPipe.pieceByteCount)
            if !isEstablished {
                guard handshakeByteCount <= Self.handshakeByteCountMax else { throw fail(.tooLong) }
                handshakeByteCount += end - position
            }
            pipe.feed(bytes[position..<end])
            position = end
            if !isEstablished { try shakeHands() }
            if isEstablished { try open(into: &plaintext) }
        }
    }

    /// The network ends: throws unless the peer had said that it would.
    package func receiveEnd() throws(CertificateTLSError) {
        if let failure { throw failure }
        guard isPeerFinished else { throw fail(.truncated) }
    }

    private func shakeHands() throws(CertificateTLSError) {
        switch pipe.shakeHands() {
        case .waiting: return
        case .finished: throw fail(.truncated)
        case .failed: throw fail(reason())
        case .done: isEstablished = true
        }
    }

    private func open(into plaintext: inout [UInt8]) throws(CertificateTLSError) {
        while true {
            switch pipe.read(into: &plaintext) {
            case .done: continue
            case .waiting: return
            case .finished:
                isPeerFinished = true
                return
            case .failed: throw fail(reason())
            }
        }
    }

    // MARK: Writing

    /// Seals `bytes`. Expects `isEstablished`, and no `finish` before.
    package func write(_ bytes: [UInt8]) throws(CertificateTLSError) {
        if let failure { throw failure }
        precondition(isEstablished && !isFinished, "expected an established session")
        guard pipe.write(bytes) else { throw fail(reason()) }
    }

    /// Says that nothing more will be written. Does nothing before the handshake is done.
    package func finish() {
        guard isEstablished, !isFinished, failure == nil else { return }
        isFinished = true
        pipe.finish()
    }

    /// What is to be sent now, which is then forgotten here.
    package func takeOutgoing() -> [UInt8] { pipe.takeOutgoing() }

    // MARK: Saying more

    /// By TLS 1.3 a server judges a client's certificate after the client is done.
    package var mayStillBeRefused: Bool {
        // Alive until `deinit`.
        unsafe isAskedForCertificate && SSL_version(pipe.ssl) >= TLS1_3_VERSION
    }

    private func fail(_ error: CertificateTLSError) -> CertificateTLSError {
        failure = error
        return error
    }

    /// What OpenSSL's first complaint means.
    private func reason() -> CertificateTLSError {
        let (number, text) = TLSPipe.takeReason()
        switch number {
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            return .untrusted(faults.sorted { $0.rank < $1.rank })
        case SSL_AD_REASON_OFFSET + 70, SSL_R_UNSUPPORTED_PROTOCOL:
            return isEstablished ? .refused(alert: 70) : .tooOld
        case SSL_AD_REASON_OFFSET..<SSL_AD_REASON_OFFSET + 256:
            return .refused(alert: UInt8(number - SSL_AD_REASON_OFFSET))
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST,
            SSL_R_BAD_RECORD_TYPE, SSL_R_PACKET_LENGTH_TOO_LONG:
            if handshakeByteCount <= TLSPipe.pieceByteCount, chain == nil { return .notTLS }
        default: break
        }
        return .violation(text ?? "TLS failed")
    }
}

/// Notes what is wrong and lets OpenSSL look on, so that all that is wrong is told.
private func noteFault(isGood: CInt, store: OpaquePointer?) -> CInt {
    guard isGood == 0, let store = unsafe store else { return 1 }
    // The store is alive within its callback.
    let code = unsafe X509_STORE_CTX_get_error(store)
    let place = Int(unsafe X509_STORE_CTX_get_error_depth(store))
    unsafe CertificateSession.of(store: store)?.note(code, at: place)
    return 1
}

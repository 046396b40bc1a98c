import COpenSSL
import MeshCore

/// One side of one TLS 1.3 session, without a connection: bytes of the network in, bytes for the
/// network out. `TLSContext` says with which keys.
///
/// Three calls, and after each `takeOutgoing` for what is to be sent: `receive` for what has
/// arrived, `write` once `isEstablished`, `finish` when all is said. A call that throws ends the
/// session; what `takeOutgoing` then answers is the alert that tells the peer.
///
/// Bounds: it holds at most one record that has not arrived in full, 16 KiB and a little, and
/// whatever is written and not taken yet. A handshake may take `handshakeByteCountMax`.
@safe
package final class TLSSession {
    package enum Role: Sendable, Hashable {
        case client, server
    }

    /// A client's and a server's flights are below a KiB each.
    package static let handshakeByteCountMax = 8_192

    package let role: Role
    /// Both sides have proved that they have the key.
    package private(set) var isEstablished = false
    /// The peer has said that it sends no more: nothing was cut off.
    package private(set) var isPeerFinished = false

    private let context: TLSContext
    private let pipe: TLSPipe
    private var handshakeByteCount = 0
    private var failure: TLSError?
    private var hasUnknownKey = false
    private var isFinished = false

    /// A client has its first bytes ready to be taken.
    package init(_ role: Role, _ context: TLSContext) {
        self.role = role
        self.context = context
        pipe = unsafe TLSPipe(of: context.context)
        // A callback must find its way back. It runs only within calls of this object.
        require(unsafe SSL_set_ex_data(pipe.ssl, 0, Unmanaged.passUnretained(self).toOpaque()))
        switch role {
        case .server: unsafe SSL_set_accept_state(pipe.ssl)
        case .client:
            unsafe SSL_set_connect_state(pipe.ssl)
            // A certificate in place of the key would have to be trusted, and none is.
            unsafe SSL_set_verify(pipe.ssl, SSL_VERIFY_PEER, nil)
            // Writes the first flight, and waits for an answer that cannot be here.
            _ = pipe.shakeHands()
        }
    }

    /// The session that an `SSL` belongs to, within a callback.
    static func of(_ ssl: OpaquePointer) -> TLSSession? {
        // Set in `init`; callbacks come from calls of that very object only.
        guard let pointer = unsafe SSL_get_ex_data(ssl, 0) else { return nil }
        return unsafe Unmanaged<TLSSession>.fromOpaque(pointer).takeUnretainedValue()
    }

    func noteUnknownKey() { hasUnknownKey = true }

    // MARK: Receiving

    /// Takes what the network has brought and appends to `plaintext` what that opens, also where it
    /// throws: what came before the fault is good. Bytes after the peer's last are ignored.
    package func receive(_ bytes: [UInt8], into plaintext: inout [UInt8]) throws(TLSError) {
        if let failure { throw failure }
        var position = 0
        while position < bytes.count, !isPeerFinished {
            let end = min(bytes.count, position + TLSPipe.pieceByteCount)
            try feed(bytes[position..<end])
            position = end
            if !isEstablished { try shakeHands() }
            if isEstablished { try open(into: &plaintext) }
        }
    }

    /// The network ends: throws unless the peer had said that it would.
    package func receiveEnd() throws(TLSError) {
        if let failure { throw failure }
        guard isPeerFinished else { throw fail(.truncated) }
    }

    private func feed(_ piece: ArraySlice<UInt8>) throws(TLSError) {
        if !isEstablished {
            guard handshakeByteCount <= Self.handshakeByteCountMax else {
                throw fail(.handshakeTooLong)
            }
            handshakeByteCount += piece.count
        }
        pipe.feed(piece)
    }

    private func shakeHands() throws(TLSError) {
        switch pipe.shakeHands() {
        case .waiting: return
        case .finished, .failed: throw fail(reason())
        case .done: break
        }
        // "Resumed" is what OpenSSL calls a handshake by a key that both had. Alive until `deinit`.
        guard unsafe SSL_session_reused(pipe.ssl) == 1 else { throw fail(.unknownKey) }
        isEstablished = true
    }

    private func open(into plaintext: inout [UInt8]) throws(TLSError) {
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
    package func write(_ bytes: [UInt8]) throws(TLSError) {
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

    // MARK: Failing

    private func fail(_ error: TLSError) -> TLSError {
        failure = error
        return error
    }

    /// What OpenSSL's first complaint means.
    private func reason() -> TLSError {
        let (number, text) = TLSPipe.takeReason()
        if hasUnknownKey, !isEstablished { return .unknownKey }
        switch number {
        case SSL_R_BINDER_DOES_NOT_VERIFY: return .wrongKey
        case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SSL_R_DECRYPTION_FAILED: return .tampered
        case SSL_AD_REASON_OFFSET..<SSL_AD_REASON_OFFSET + 256:
            return .refused(alert: UInt8(number - SSL_AD_REASON_OFFSET))
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST,
            SSL_R_BAD_RECORD_TYPE, SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_PACKET_LENGTH_TOO_LONG,
            SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_UNEXPECTED_MESSAGE:
            if !isEstablished { return .notTLS13 }
        default: break
        }
        return .violation(text ?? "TLS failed")
    }
}

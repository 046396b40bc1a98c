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
    private static let pieceByteCount = 16_384

    package let role: Role
    /// Both sides have proved that they have the key.
    package private(set) var isEstablished = false
    /// The peer has said that it sends no more: nothing was cut off.
    package private(set) var isPeerFinished = false

    private let context: TLSContext
    private let ssl: OpaquePointer
    // What the network has brought and what it is to take: OpenSSL's, freed with `ssl`.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private var taken: [UInt8] = []
    private var handshakeByteCount = 0
    private var failure: TLSError?
    private var hasUnknownKey = false
    private var isFinished = false

    /// A client has its first bytes ready to be taken.
    package init(_ role: Role, _ context: TLSContext) {
        self.role = role
        self.context = context
        // All three are checked; the session takes the other two over and is freed in `deinit`.
        guard let ssl = unsafe SSL_new(context.context),
            let incoming = unsafe BIO_new(BIO_s_mem()),
            let outgoing = unsafe BIO_new(BIO_s_mem())
        else { fatalError("expected memory") }
        unsafe self.ssl = unsafe ssl
        unsafe self.incoming = unsafe incoming
        unsafe self.outgoing = unsafe outgoing
        unsafe SSL_set_bio(ssl, incoming, outgoing)
        // A callback must find its way back. It runs only within calls of this object.
        require(unsafe SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque()))
        switch role {
        case .server: unsafe SSL_set_accept_state(ssl)
        case .client:
            unsafe SSL_set_connect_state(ssl)
            // A certificate in place of the key would have to be trusted, and none is.
            unsafe SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
            // Writes the first flight, and waits for an answer that cannot be here.
            _ = unsafe SSL_do_handshake(ssl)
            ERR_clear_error()
        }
    }

    deinit {
        // Nobody else has the pointer; this frees both buffers as well.
        unsafe SSL_free(ssl)
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
            let end = min(bytes.count, position + Self.pieceByteCount)
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
        let count = unsafe piece.withUnsafeBufferPointer { buffer in
            // Copies the piece, to its own count.
            unsafe BIO_write(incoming, buffer.baseAddress, CInt(buffer.count))
        }
        precondition(Int(count) == piece.count, "expected memory for a piece")
    }

    private func shakeHands() throws(TLSError) {
        ERR_clear_error()
        // Alive until `deinit`.
        let answer = unsafe SSL_do_handshake(ssl)
        if answer == 1 {
            // "Resumed" is what OpenSSL calls a handshake by a key that both had.
            guard unsafe SSL_session_reused(ssl) == 1 else { throw fail(.unknownKey) }
            isEstablished = true
            return
        }
        try expectWaiting(answer)
    }

    private func open(into plaintext: inout [UInt8]) throws(TLSError) {
        while true {
            var answer: CInt = 0
            // Both calls take what is this function's own; it reads at most the capacity.
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceByteCount) {
                buffer, count in
                ERR_clear_error()
                answer = unsafe SSL_read(ssl, buffer.baseAddress, CInt(Self.pieceByteCount))
                count = Int(max(0, answer))
            }
            if answer > 0 {
                plaintext += piece
                continue
            }
            // Asks about the call just made.
            if unsafe SSL_get_error(ssl, answer) == SSL_ERROR_ZERO_RETURN {
                isPeerFinished = true
                return
            }
            return try expectWaiting(answer)
        }
    }

    /// Throws unless the call that answered this has only run out of bytes.
    private func expectWaiting(_ answer: CInt) throws(TLSError) {
        // Asks about the call just made, and reads the thread's queue of errors.
        guard unsafe SSL_get_error(ssl, answer) != SSL_ERROR_WANT_READ else { return }
        throw fail(reason())
    }

    // MARK: Writing

    /// Seals `bytes`. Expects `isEstablished`, and no `finish` before.
    package func write(_ bytes: [UInt8]) throws(TLSError) {
        if let failure { throw failure }
        precondition(isEstablished && !isFinished, "expected an established session")
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + Self.pieceByteCount)
            let count = unsafe bytes[position..<end].withUnsafeBufferPointer { buffer in
                // Reads the piece, to its own count; there is room for it in memory.
                ERR_clear_error()
                return unsafe SSL_write(ssl, buffer.baseAddress, CInt(buffer.count))
            }
            guard Int(count) == end - position else { throw fail(reason()) }
            position = end
            // Taken piece by piece: OpenSSL's own buffer then never grows beyond one.
            drain()
        }
    }

    /// Says that nothing more will be written. Does nothing before the handshake is done.
    package func finish() {
        guard isEstablished, !isFinished, failure == nil else { return }
        isFinished = true
        // Writes one record; its answer says only whether the peer has done the same.
        _ = unsafe SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// What is to be sent now, which is then forgotten here.
    package func takeOutgoing() -> [UInt8] {
        drain()
        defer { taken = [] }
        return taken
    }

    private func drain() {
        // Reads exactly as many bytes as it says that there are.
        let count = unsafe BIO_ctrl_pending(outgoing)
        guard count > 0 else { return }
        taken += unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = Int(max(0, unsafe BIO_read(outgoing, buffer.baseAddress, CInt(count))))
        }
    }

    // MARK: Failing

    private func fail(_ error: TLSError) -> TLSError {
        failure = error
        return error
    }

    /// What OpenSSL's first complaint means.
    private func reason() -> TLSError {
        let code = ERR_peek_error()
        defer { ERR_clear_error() }
        if hasUnknownKey, !isEstablished { return .unknownKey }
        let number = CInt(ERR_GET_REASON(code))
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
        // Answers a text that is the library's own.
        let text = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) }
        return .violation(text ?? "TLS failed")
    }
}

import COpenSSL

/// OpenSSL's side of a TLS session between two buffers: bytes of the network in, bytes for the
/// network out, no socket. What the sessions by key and those by certificate share.
@safe
final class TLSPipe {
    /// What a call has come to.
    enum Step {
        /// It did what it should; of `read`: there may be more.
        case done
        /// It needs bytes that have not arrived.
        case waiting
        /// The peer has said that it sends no more.
        case finished
        /// The first of the thread's queue of errors says why.
        case failed
    }

    static let pieceByteCount = 16_384

    let ssl: OpaquePointer
    // What the network has brought and what it is to take: OpenSSL's, freed with `ssl`.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private var taken: [UInt8] = []

    /// Expects an `SSL_CTX` that its owner keeps for as long as this lives.
    init(of context: OpaquePointer) {
        // All three are checked; the session takes the other two over and is freed in `deinit`.
        guard let ssl = unsafe SSL_new(context),
            let incoming = unsafe BIO_new(BIO_s_mem()),
            let outgoing = unsafe BIO_new(BIO_s_mem())
        else { fatalError("expected memory") }
        unsafe self.ssl = unsafe ssl
        unsafe self.incoming = unsafe incoming
        unsafe self.outgoing = unsafe outgoing
        unsafe SSL_set_bio(ssl, incoming, outgoing)
    }

    deinit {
        // Nobody else has the pointer; this frees both buffers as well.
        unsafe SSL_free(ssl)
    }

    /// Takes at most `pieceByteCount` bytes that the network has brought.
    func feed(_ piece: ArraySlice<UInt8>) {
        let count = unsafe piece.withUnsafeBufferPointer { buffer in
            // Copies the piece, to its own count.
            unsafe BIO_write(incoming, buffer.baseAddress, CInt(buffer.count))
        }
        precondition(Int(count) == piece.count, "expected memory for a piece")
    }

    func shakeHands() -> Step {
        ERR_clear_error()
        // Alive until `deinit`.
        return step(unsafe SSL_do_handshake(ssl))
    }

    /// Opens one piece and appends it.
    func read(into plaintext: inout [UInt8]) -> Step {
        var answer: CInt = 0
        ERR_clear_error()
        // Both calls take what is this function's own; it reads at most the capacity.
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceByteCount) {
            buffer, count in
            answer = unsafe SSL_read(ssl, buffer.baseAddress, CInt(Self.pieceByteCount))
            count = Int(max(0, answer))
        }
        plaintext += piece
        return step(answer)
    }

    /// Seals `bytes`; false if it cannot.
    func write(_ bytes: [UInt8]) -> Bool {
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + Self.pieceByteCount)
            let count = unsafe bytes[position..<end].withUnsafeBufferPointer { buffer in
                // Reads the piece, to its own count; there is room for it in memory.
                ERR_clear_error()
                return unsafe SSL_write(ssl, buffer.baseAddress, CInt(buffer.count))
            }
            guard Int(count) == end - position else { return false }
            position = end
            // Taken piece by piece: OpenSSL's own buffer then never grows beyond one.
            drain()
        }
        return true
    }

    /// Says that nothing more will be written.
    func finish() {
        // Writes one record; its answer says only whether the peer has done the same.
        _ = unsafe SSL_shutdown(ssl)
        ERR_clear_error()
    }

    /// What is to be sent now, which is then forgotten here.
    func takeOutgoing() -> [UInt8] {
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

    private func step(_ answer: CInt) -> Step {
        if answer > 0 { return .done }
        // Asks about the call just made.
        return switch unsafe SSL_get_error(ssl, answer) {
        case SSL_ERROR_WANT_READ: .waiting
        case SSL_ERROR_ZERO_RETURN: .finished
        default: .failed
        }
    }

    /// What OpenSSL's first complaint was: its reason, and that in words. Forgets it.
    static func takeReason() -> (number: CInt, text: String?) {
        let code = ERR_peek_error()
        defer { ERR_clear_error() }
        // Answers a text that is the library's own.
        let text = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) }
        return (CInt(ERR_GET_REASON(code)), text)
    }
}

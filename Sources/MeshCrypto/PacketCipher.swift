import COpenSSL
import MeshCore
import Synchronization

/// Seals and opens datagrams in place: AES-256-GCM (NIST SP 800-38D), a nonce of four zero bytes
/// and the big-endian counter, the header as additional data, the tag at the end.
///
/// One prepared context serves all keys, behind a lock: it is set to a packet's key and nonce at
/// the packet's turn, which spares the four allocations that a context of its own would take.
final class PacketCipher: Sendable {
    private static let nonceByteCount = 12

    private let context = Mutex(CipherContext())

    func seal(_ packet: inout [UInt8], headerCount: Int, counter: UInt64, with key: SessionKey) {
        precondition(
            headerCount >= 0 && headerCount <= packet.count, "expected the header in the packet")
        let bodyCount = packet.count - headerCount
        packet.append(contentsOf: repeatElement(0, count: sealTagByteCount))
        context.withLock { context in
            context.begin(.seal, key: key, nonce: Self.nonce(counter))
            // `packet` is lent whole for the length of the closure: header, body and 16 for the tag.
            unsafe packet.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress else {
                    fatalError("expected room for the tag")
                }
                unsafe context.authenticate(start, count: headerCount)
                unsafe context.transform(start + headerCount, count: bodyCount)
                unsafe context.finishSealing(tag: start + headerCount + bodyCount)
            }
        }
    }

    func open(
        _ packet: inout [UInt8], headerCount: Int, counter: UInt64, with key: SessionKey
    ) -> Bool {
        precondition(headerCount >= 0, "expected a header of some length")
        let bodyCount = packet.count - headerCount - sealTagByteCount
        // Bytes from outside: too short is no mistake of ours.
        guard bodyCount >= 0 else { return false }
        let isAuthentic = context.withLock { context in
            context.begin(.open, key: key, nonce: Self.nonce(counter))
            // `packet` is lent whole for the length of the closure; the three ranges are within it.
            return unsafe packet.withUnsafeMutableBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return false }
                unsafe context.authenticate(start, count: headerCount)
                unsafe context.transform(start + headerCount, count: bodyCount)
                return unsafe context.finishOpening(tag: start + headerCount + bodyCount)
            }
        }
        packet.removeLast(sealTagByteCount)
        return isAuthentic
    }

    private static func nonce(_ counter: UInt64) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: nonceByteCount)
        writer.write(0 as UInt32)
        writer.write(counter)
        return writer.bytes
    }
}

/// Owns one OpenSSL cipher context and the algorithm it runs.
@safe
private struct CipherContext: ~Copyable, @unchecked Sendable {
    enum Direction: Int32 {
        case open = 0
        case seal = 1
    }

    // @unchecked: the context has one owner, which the mutex around it lends to one thread a time.
    private let context: OpaquePointer
    private let algorithm: OpaquePointer

    init() {
        // Both are checked, owned here and freed in `deinit`.
        guard let context = unsafe EVP_CIPHER_CTX_new(),
            let algorithm = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
        else { fatalError("expected a libcrypto with AES-256-GCM") }
        unsafe self.context = unsafe context
        unsafe self.algorithm = unsafe algorithm
    }

    deinit {
        // This value is their only owner. Freeing the context also wipes the last key schedule.
        unsafe EVP_CIPHER_CTX_free(context)
        unsafe EVP_CIPHER_free(algorithm)
    }

    func begin(_ direction: Direction, key: SessionKey, nonce: [UInt8]) {
        // Reads 32 bytes of key and 12 of nonce, which is AES-256-GCM's default nonce length.
        unsafe key.withBytes { bytes in
            require(
                unsafe EVP_CipherInit_ex(
                    context, algorithm, nil, bytes, nonce, direction.rawValue))
        }
    }

    /// Takes `count` readable bytes from `start` as additional data.
    @unsafe func authenticate(_ start: UnsafePointer<UInt8>, count: Int) {
        var written: Int32 = 0
        // Writes nothing without an output; reads what the caller vouches for.
        require(unsafe EVP_CipherUpdate(context, nil, &written, start, Int32(count)))
    }

    /// Encrypts or decrypts `count` bytes from `start` in place.
    @unsafe func transform(_ start: UnsafeMutablePointer<UInt8>, count: Int) {
        // With nothing to do OpenSSL would take the call for the end.
        guard count > 0 else { return }
        var written: Int32 = 0
        // GCM is a stream: it writes as many bytes as it reads, and may do so in place.
        require(unsafe EVP_CipherUpdate(context, start, &written, start, Int32(count)))
        precondition(Int(written) == count, "expected every byte")
    }

    /// Writes the tag's 16 bytes to `tag`.
    @unsafe func finishSealing(tag: UnsafeMutablePointer<UInt8>) {
        var written: Int32 = 0
        // GCM has no last block: nothing is written but the tag, in 16 bytes of the caller's.
        require(unsafe EVP_CipherFinal_ex(context, tag, &written))
        require(
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(sealTagByteCount), tag)
        )
    }

    /// Whether the 16 bytes at `tag` are the tag. OpenSSL compares in constant time.
    @unsafe func finishOpening(tag: UnsafeMutablePointer<UInt8>) -> Bool {
        var written: Int32 = 0
        // Reads 16 bytes of the caller's; GCM has no last block, so nothing is written.
        require(
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(sealTagByteCount), tag)
        )
        return unsafe EVP_CipherFinal_ex(context, tag, &written) == 1
    }
}

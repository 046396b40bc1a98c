import CLinux
import MeshCore

/// Datagrams that wait to be sent: their bytes in one piece, so that a batch is handed to the
/// kernel as it lies, and where each begins.
///
/// Bound: `limit`. Beyond, the oldest gives way, and is counted: what has waited longest is a ping
/// whose time is up, or an answer to one, and gossip says again what was lost.
struct DatagramQueue {
    /// What is kept of the memory when nothing waits: a burst's is not, for the quiet after it.
    private static let keptByteCountMax = 65_536

    let limit: Int
    private(set) var droppedCount: UInt64 = 0
    private var bytes: [UInt8] = []
    private var parts: [clinux_datagram] = []
    /// How many parts, from the first on, have been sent or have given way.
    private var doneCount = 0

    init(limit: Int) {
        precondition(limit > 0, "expected room for a datagram")
        self.limit = limit
    }

    var count: Int { parts.count - doneCount }
    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count >= limit }

    /// Who gets the next one. Expects one to wait.
    var nextReceiver: SocketAddress { SocketAddress(parts[doneCount].address) }

    mutating func append(_ datagram: [UInt8], to receiver: SocketAddress) {
        if isFull {
            removeFirst(1)
            droppedCount += 1
        }
        var part = clinux_datagram()
        part.address = receiver.flat
        part.offset = UInt32(bytes.count)
        part.count = UInt32(datagram.count)
        bytes.append(contentsOf: datagram)
        parts.append(part)
    }

    /// Takes `removedCount` away. Expects as many to wait.
    mutating func removeFirst(_ removedCount: Int) {
        precondition(removedCount <= count, "expected as many to wait")
        doneCount += removedCount
        guard doneCount < parts.count else {
            let keeps = bytes.capacity <= Self.keptByteCountMax
            bytes.removeAll(keepingCapacity: keeps)
            parts.removeAll(keepingCapacity: keeps)
            doneCount = 0
            return
        }
        // What is done with is given back once it is more than what waits, and more than a batch:
        // each datagram is then moved once at the most, on average.
        guard doneCount > max(count, Int(CLINUX_DATAGRAMS_MAX)) else { return }
        let start = parts[doneCount].offset
        bytes.removeFirst(Int(start))
        parts.removeFirst(doneCount)
        for position in parts.indices { parts[position].offset -= start }
        doneCount = 0
    }

    /// Lends the next datagrams, as many as one call to the kernel takes, as that wants them.
    @unsafe func withBatch<Answer>(
        _ body: (
            _ bytes: UnsafePointer<UInt8>?, _ first: UnsafePointer<clinux_datagram>?,
            _ count: CInt
        ) -> Answer
    ) -> Answer {
        let batchCount = CInt(min(count, Int(CLINUX_DATAGRAMS_MAX)))
        // Each part lies within the bytes, and `batchCount` parts follow the first.
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe parts.withUnsafeBufferPointer { parts in
                unsafe body(
                    bytes.baseAddress, parts.baseAddress?.advanced(by: doneCount), batchCount)
            }
        }
    }
}

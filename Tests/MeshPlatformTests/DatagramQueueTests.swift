import CLinux
import MeshCore
import Testing

@testable import MeshPlatform

struct DatagramQueueTests {
    /// What the next batch would send.
    private func batch(_ queue: DatagramQueue) -> [[UInt8]] {
        // Reads `count` parts and the bytes that each describes, within the closure.
        unsafe queue.withBatch { bytes, first, count in
            let parts = unsafe UnsafeBufferPointer(start: first, count: Int(count))
            return unsafe parts.map { part in
                let start = unsafe bytes?.advanced(by: Int(part.offset))
                return unsafe Array(UnsafeBufferPointer(start: start, count: Int(part.count)))
            }
        }
    }

    /// Fills and empties it by every pattern of a small machine and compares it with an array.
    @Test func `it is a queue whose oldest gives way, however it is used`() {
        var generator = SeededGenerator(seed: 4)
        for limit in [1, 2, 7, 100, 300] {
            var queue = DatagramQueue(limit: limit)
            var expected: [[UInt8]] = []
            var droppedCount: UInt64 = 0
            for step in 0..<3_000 {
                if generator.index(below: 100) < 60 {
                    let mark = [UInt8(step >> 8), UInt8(step & 0xFF)]
                    let datagram = mark + [UInt8](repeating: 9, count: step % 40)
                    queue.append(datagram, to: SocketAddress(ipv4: UInt32(step), port: 1))
                    if expected.count == limit {
                        expected.removeFirst()
                        droppedCount += 1
                    }
                    expected.append(datagram)
                } else {
                    let count = generator.index(below: min(expected.count, 64) + 1)
                    queue.removeFirst(count)
                    expected.removeFirst(count)
                }
                #expect(queue.count == expected.count)
                #expect(queue.droppedCount == droppedCount)
                #expect(batch(queue) == Array(expected.prefix(Int(CLINUX_DATAGRAMS_MAX))))
                if let first = expected.first {
                    let number = UInt32(first[0]) << 8 | UInt32(first[1])
                    #expect(queue.nextReceiver == SocketAddress(ipv4: number, port: 1))
                }
            }
        }
    }
}

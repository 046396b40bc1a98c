import CLinux
import Glibc
package import MeshCore

/// One UDP socket on a loop: datagrams in and out, many to a call.
///
/// Nothing that a peer or the network does stops it. An error that belongs to one destination (no
/// route, refused, dropped by a filter) is counted and costs that datagram only. What ICMP says of
/// earlier datagrams is not asked for (IP_RECVERR): the kernel would lay it on the next call,
/// which may be about another peer, and membership finds out by itself who answers.
///
/// It lives on its loop until `close`. Bounds: one below beside each thing.
package final class UDPSocket {
    /// Datagrams waiting to be sent. Beyond, the oldest gives way.
    package static let queuedMax = 4_096
    /// The most that UDP over IPv4 can carry.
    package static let byteCountMax = 65_507
    private static let batchMax = 32
    /// Batches read before the loop looks at other descriptors and at its timers.
    private static let batchesPerTurnMax = 8
    /// What is asked of the kernel for either direction: room for a tenth of a second of a flood.
    private static let kernelBufferByteCount: CInt = 1_048_576

    /// What has happened, since the start.
    package struct Counters: Sendable, Hashable {
        package var received: UInt64 = 0
        package var sent: UInt64 = 0
        /// Longer than `receiveByteCountMax`, or without a sender that could be answered; dropped.
        package var oversized: UInt64 = 0
        /// Refused by the kernel for their destination; lost.
        package var sendErrors: UInt64 = 0
        /// Reads that answered an error and no datagram.
        package var receiveErrors: UInt64 = 0
        /// Gave way because the kernel's buffer and the queue were full.
        package var dropped: UInt64 = 0
    }

    package private(set) var counters = Counters()
    /// Why a datagram was refused last, for people.
    package private(set) var lastSendError: SystemError?
    /// Where it is bound, with the port that the system chose if that was left to it.
    package let address: SocketAddress

    private let loop: EventLoop
    private let family: CInt
    private var descriptor: FileDescriptor?
    private var watch: EventLoop.Watch?
    private var handler: (([UInt8], SocketAddress) -> Void)?

    private let slotByteCount: Int
    private var received: [UInt8]
    private var receivedParts: [clinux_datagram]

    private var queue = DatagramQueue(limit: queuedMax)
    private var isFlushDue = false
    /// The kernel's buffer is full; it will say when it is not.
    private var isBlocked = false

    /// Binds `address`; `handler` gets each datagram of at most `receiveByteCountMax` bytes. Longer
    /// ones are counted.
    package init(
        on loop: EventLoop, at address: SocketAddress, receiveByteCountMax: Int = 2_048,
        _ handler: @escaping (_ bytes: [UInt8], _ from: SocketAddress) -> Void
    ) throws(SystemError) {
        precondition(
            (1...65_535).contains(receiveByteCountMax), "expected a bound that a datagram can reach"
        )
        let descriptor = try Socket.open(.datagram, for: address)
        try Socket.enlargeBuffers(descriptor.number, to: Self.kernelBufferByteCount)
        self.address = try Socket.bind(descriptor, to: address)
        self.loop = loop
        self.handler = handler
        family = address.family
        slotByteCount = receiveByteCountMax
        received = [UInt8](repeating: 0, count: Self.batchMax * receiveByteCountMax)
        receivedParts = [clinux_datagram](repeating: clinux_datagram(), count: Self.batchMax)
        let number = descriptor.number
        self.descriptor = consume descriptor
        watch = try loop.watch(number, for: .read) { self.handle($0) }
    }

    /// Ends it after one try to send what waits. The handler is not called again.
    package func close() {
        if !isBlocked { flush() }
        if let watch { loop.cancel(watch) }
        watch = nil
        handler = nil
        descriptor = nil
    }

    private func handle(_ readiness: EventLoop.Readiness) {
        if readiness.contains(.read) { read() }
        if readiness.contains(.write), isBlocked { flush() }
    }

    // MARK: Receiving

    private func read() {
        for _ in 0..<Self.batchesPerTurnMax {
            guard let number = descriptor?.number else { return }
            let count: Int
            do throws(SystemError) {
                count = try receiveBatch(number)
            } catch {
                if error.code == EAGAIN { return }
                counters.receiveErrors += 1
                continue
            }
            for position in 0..<count { hand(receivedParts[position]) }
            if count < Self.batchMax { return }
        }
    }

    private func receiveBatch(_ number: CInt) throws(SystemError) -> Int {
        let slot = UInt32(slotByteCount)
        return Int(
            try systemCall("recvmmsg \(address)") {
                // Fills at most `batchMax` slots of `slot` bytes: the array has that many bytes,
                // and the other that many parts.
                unsafe clinux_receive_datagrams(
                    number, &received, slot, &receivedParts, CInt(Self.batchMax))
            })
    }

    private func hand(_ part: clinux_datagram) {
        guard let handler else { return }
        guard part.is_truncated == 0, part.is_addressed == 1 else {
            counters.oversized += 1
            return
        }
        counters.received += 1
        let start = Int(part.offset)
        let bytes = Array(received[start..<start + Int(part.count)])
        handler(bytes, SocketAddress(part.address))
    }

    // MARK: Sending

    /// Sends `bytes` with what else this turn of the loop sends. More than `byteCountMax` of them
    /// count as a send error.
    package func send(_ bytes: [UInt8], to receiver: SocketAddress) {
        guard descriptor != nil else { return }
        guard bytes.count <= Self.byteCountMax else {
            return refuse(SystemError(EMSGSIZE, "send \(bytes.count) bytes to \(receiver)"))
        }
        if queue.isFull, !isBlocked { flush() }
        queue.append(bytes, to: receiver)
        counters.dropped = queue.droppedCount
        guard !isFlushDue, !isBlocked else { return }
        isFlushDue = true
        loop.beforeWaiting { self.flush() }
    }

    private func flush() {
        isFlushDue = false
        guard let number = descriptor?.number else { return }
        while !queue.isEmpty {
            do throws(SystemError) {
                let count = try sendBatch(number)
                queue.removeFirst(count)
                counters.sent += UInt64(count)
            } catch {
                if error.code == EAGAIN { return wait(for: [.read, .write]) }
                // Only the first of the batch was tried.
                refuse(SystemError(error.code, "send to \(queue.nextReceiver)"))
                queue.removeFirst(1)
            }
        }
        if isBlocked { wait(for: .read) }
    }

    private func sendBatch(_ number: CInt) throws(SystemError) -> Int {
        Int(
            try systemCall("sendmmsg") {
                // What is lent is read to the counts that come with it.
                unsafe queue.withBatch { bytes, first, count in
                    unsafe clinux_send_datagrams(number, family, bytes, first, count)
                }
            })
    }

    private func refuse(_ error: SystemError) {
        counters.sendErrors += 1
        lastSendError = error
    }

    private func wait(for interest: EventLoop.Interest) {
        guard let watch else { return }
        do throws(SystemError) {
            try loop.change(watch, to: interest)
            isBlocked = interest.contains(.write)
        } catch {
            // No memory for the change: the next datagram to be sent tries again.
            isBlocked = false
        }
    }
}

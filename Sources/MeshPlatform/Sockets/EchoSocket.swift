import CLinux
import Glibc
package import MeshCore

/// One ICMP socket of one family on a loop, for the pings of everything that this node watches.
///
/// A datagram socket first, which `net.ipv4.ping_group_range` allows to groups and which hears the
/// answers to its own requests alone; a raw one where that is not allowed and CAP_NET_RAW is there.
/// What comes back is stamped by the kernel as it arrives: a loop that is busy with a thousand other
/// things must not make its targets look slow.
///
/// It is asked what ICMP says of packets on their way (IP_RECVERR), because "host unreachable" from a
/// router is worth more to whoever reads it than silence. The kernel also lays such an error on the
/// next call, which may be about another target; each call is therefore tried twice.
///
/// Bounds: `byteCountMax` of a message, `batchMax` messages and `refusalsPerTurnMax` refusals of one
/// turn.
package final class EchoSocket {
    package static let byteCountMax = 2_048
    private static let batchMax = 32
    private static let batchesPerTurnMax = 16
    private static let refusalsPerTurnMax = 64
    /// Room for what thousands of hosts answer at once.
    private static let kernelBufferByteCount: CInt = 1_048_576

    /// Which of the two kinds of socket it is.
    package enum Kind: Sendable, Hashable {
        case datagram
        /// What it receives over IPv4 has an IP header, and may be the answer to anybody.
        case raw
    }

    /// A message that came, in `range` of `bytes`.
    package struct Arrival {
        package var bytes: [UInt8]
        package var range: Range<Int>
        package var sender: SocketAddress
        /// Nanoseconds of the wall clock at which the kernel received it; 0 if it did not say.
        package var stamp: Int64
    }

    /// What became of a message that was sent.
    package struct Refusal {
        package var target: SocketAddress
        /// Who says so; `nil`: this machine.
        package var reporter: SocketAddress?
        /// What is quoted of the message: of ICMP at least its header.
        package var quoted: [UInt8]
        package var error: CInt
        /// Type and code of the ICMP message that says so, if one does.
        package var icmp: (type: UInt8, code: UInt8)?
    }

    package enum Sent {
        /// Handed to the network, at so many nanoseconds of the wall clock.
        case sent(at: Int64)
        /// The kernel has no room for it now.
        case full
        case failed(CInt)
    }

    package let kind: Kind
    package let isIPv4: Bool
    private let loop: EventLoop
    private let descriptor: FileDescriptor
    private var watch: EventLoop.Watch?
    private let arrived: (Arrival) -> Void
    private let refused: (Refusal) -> Void

    private var received = [UInt8](repeating: 0, count: batchMax * byteCountMax)
    private var parts = [clinux_datagram](repeating: clinux_datagram(), count: batchMax)
    private var stamps = [Int64](repeating: 0, count: batchMax)

    /// Which kind this machine allows this process; throws why not even a raw one.
    package static func kind(isIPv4: Bool) throws(SystemError) -> Kind {
        try open(isIPv4: isIPv4).kind
    }

    /// Throws EACCES or EPERM where this machine allows neither kind, and what else `socket` may.
    package init(
        on loop: EventLoop, isIPv4: Bool, arrived: @escaping (Arrival) -> Void,
        refused: @escaping (Refusal) -> Void
    ) throws(SystemError) {
        let opened = try Self.open(isIPv4: isIPv4)
        kind = opened.kind
        descriptor = opened.descriptor
        self.isIPv4 = isIPv4
        self.loop = loop
        self.arrived = arrived
        self.refused = refused
        try Socket.enlargeBuffers(descriptor.number, to: Self.kernelBufferByteCount)
        watch = try loop.watch(descriptor.number, for: .read) { [unowned self] in self.handle($0) }
    }

    deinit { if let watch { loop.cancel(watch) } }

    private struct Opened: ~Copyable {
        var kind: Kind
        var descriptor: FileDescriptor
    }

    private static func open(isIPv4: Bool) throws(SystemError) -> Opened {
        let family = isIPv4 ? AF_INET : AF_INET6
        let number = clinux_echo_socket(family, 0)
        if number >= 0 {
            return Opened(kind: .datagram, descriptor: FileDescriptor(owning: number))
        }
        let raw = try systemCall("socket for ICMP") { clinux_echo_socket(family, 1) }
        return Opened(kind: .raw, descriptor: FileDescriptor(owning: raw))
    }

    // MARK: Sending

    package func send(_ message: [UInt8], to target: SocketAddress) -> Sent {
        let family = isIPv4 ? AF_INET : AF_INET6
        for isLast in [false, true] {
            let sentAt = SystemClock.wallNanoseconds
            // Reads as many bytes as there are.
            let answer = unsafe clinux_send_datagram(
                descriptor.number, family, message, UInt32(message.count), target.flat)
            guard answer < 0 else { return .sent(at: sentAt) }
            let code = errno
            if code == EAGAIN || code == ENOBUFS { return .full }
            if isLast { return .failed(code) }
        }
        return .full
    }

    // MARK: Receiving

    private func handle(_ readiness: EventLoop.Readiness) {
        // Only an error makes it ready for writing, which is not waited for.
        if readiness.contains(.write) { readRefusals() }
        for _ in 0..<Self.batchesPerTurnMax {
            let count = receiveBatch()
            for position in 0..<max(0, count) { hand(position) }
            if count < Self.batchMax { return }
        }
    }

    /// -1 where there is none, or an error.
    private func receiveBatch() -> Int {
        for _ in 0..<2 {
            // Fills at most `batchMax` slots of `byteCountMax` bytes, their parts and their stamps:
            // each array has as many.
            let count = unsafe clinux_receive_stamped(
                descriptor.number, &received, UInt32(Self.byteCountMax), &parts, &stamps,
                CInt(Self.batchMax))
            if count >= 0 || errno == EAGAIN { return Int(count) }
        }
        return -1
    }

    private func hand(_ position: Int) {
        let part = parts[position]
        guard part.is_truncated == 0, part.is_addressed == 1 else { return }
        let start = Int(part.offset)
        arrived(
            Arrival(
                bytes: received, range: start..<start + Int(part.count),
                sender: SocketAddress(part.address), stamp: stamps[position]))
    }

    private func readRefusals() {
        _ = Socket.takeError(descriptor.number)
        for _ in 0..<Self.refusalsPerTurnMax {
            var said = clinux_refusal()
            var quoted = [UInt8](repeating: 0, count: Self.byteCountMax)
            // Fills at most the array, and our own variable.
            let answer = unsafe clinux_next_refusal(
                descriptor.number, &quoted, UInt32(quoted.count), &said)
            guard answer == 1 else { return }
            quoted.removeLast(quoted.count - Int(said.count))
            refused(
                Refusal(
                    target: SocketAddress(said.target),
                    reporter: said.has_reporter == 1 ? SocketAddress(said.reporter) : nil,
                    quoted: quoted, error: said.error,
                    icmp: said.is_icmp == 1 ? (said.type, said.code) : nil))
        }
    }
}

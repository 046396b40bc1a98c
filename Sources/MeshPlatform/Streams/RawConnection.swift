import CLinux
import Glibc
package import MeshCore

/// One TCP connection on a loop without any buffer: what is read is handed on, what cannot be sent
/// stays with the caller. For looks, which say little, hear little, and are over.
///
/// It is closed with its last reference; nothing is called then.
package final class RawConnection {
    package enum Received: Sendable {
        case bytes([UInt8])
        /// Nothing for now.
        case nothing
        /// The peer sends no more.
        case ended
        /// `errno`.
        case broken(CInt)
    }

    /// Called with what it is ready for, until the connection goes. An error is ready for both.
    package var whenReady: (EventLoop.Readiness) -> Void = { _ in }
    package let peer: SocketAddress

    private let descriptor: FileDescriptor
    private let loop: EventLoop
    private var watch: EventLoop.Watch?
    private var interest = EventLoop.Interest.write

    /// Begins to connect. It is ready for writing once that has succeeded or failed: `connectError`.
    package init(connecting loop: EventLoop, to address: SocketAddress) throws(SystemError) {
        self.loop = loop
        peer = address
        descriptor = try Socket.open(.stream, for: address)
        let number = descriptor.number
        do throws(SystemError) {
            try systemCall("connect \(address)") {
                clinux_connect(number, address.family, address.flat)
            }
        } catch {
            guard error.code == EINPROGRESS else { throw error }
        }
        watch = try loop.watch(number, for: .write) { [unowned self] in self.whenReady($0) }
    }

    deinit { if let watch { loop.cancel(watch) } }

    /// Why it has not connected, by the first `readiness` that it had; 0 if it has.
    package func connectError(_ readiness: EventLoop.Readiness) -> CInt {
        // An error is ready for reading, too.
        let code = readiness == .write ? 0 : Socket.takeError(descriptor.number)
        guard code == 0, peer.port >= Self.ownPortMin else { return code }
        // A connection to a port that nobody listens at, from a port that the system chose, may
        // meet itself (RFC 9293, 3.5, simultaneous open): nobody else is there.
        return localAddress == peer ? ECONNREFUSED : 0
    }

    /// The system takes ports from here on for connections that do not care.
    private static let ownPortMin: UInt16 = 1_024

    package var localAddress: SocketAddress? { try? Socket.localAddress(descriptor.number) }

    /// Waits for something else from now on.
    package func wait(for interest: EventLoop.Interest) throws(SystemError) {
        guard let watch, interest != self.interest else { return }
        self.interest = interest
        try loop.change(watch, to: interest)
    }

    /// Sends as much of `bytes` as the system takes now, and leaves the rest in it. `errno` if the
    /// connection is broken.
    package func send(_ bytes: inout ArraySlice<UInt8>) -> CInt? {
        while !bytes.isEmpty {
            // Reads the bytes for the length of the call.
            let sent = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor.number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard sent < 0 else {
                bytes = bytes.dropFirst(sent)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            default: return errno
            }
        }
        return nil
    }

    package func receive(atMost byteCount: Int) -> Received {
        var count = 0
        var code: CInt = 0
        // Writes at most so many bytes, and says how many.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
            count = unsafe recv(descriptor.number, buffer.baseAddress, byteCount, 0)
            code = count < 0 ? errno : 0
            filled = max(0, count)
        }
        if count > 0 { return .bytes(bytes) }
        if count == 0 { return .ended }
        return code == EAGAIN || code == EINTR ? .nothing : .broken(code)
    }
}

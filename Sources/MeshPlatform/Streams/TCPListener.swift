import CLinux
import Glibc
package import MeshCore

/// Accepts TCP connections on a loop.
///
/// Bounds: `acceptsPerTurnMax` connections a turn; how many are open at once is for whoever takes
/// them, who refuses one by letting go of it. Where the process has no descriptors left, a spare
/// one is given up to accept and close what waits: otherwise the kernel would say for ever that
/// something does, and the loop would spin.
package final class TCPListener {
    private static let acceptsPerTurnMax = 64
    private static let backlog: CInt = 512
    /// How long it accepts nothing where the kernel has no memory, or a descriptor not even so.
    private static let pause = TimeSpan.milliseconds(100)

    /// A connection that nobody has taken yet. Letting go of it closes it.
    package struct Accepted: ~Copyable {
        package let peer: SocketAddress
        private let descriptor: FileDescriptor

        fileprivate init(_ descriptor: consuming FileDescriptor, from peer: SocketAddress) {
            self.descriptor = descriptor
            self.peer = peer
        }

        consuming func takeDescriptor() -> FileDescriptor { descriptor }
    }

    package struct Counters: Sendable, Hashable {
        package var accepted: UInt64 = 0
        /// Closed at once, since the process has no descriptor for them.
        package var refused: UInt64 = 0
        /// Gone again before they could be accepted, or not to be had for another reason.
        package var failed: UInt64 = 0
    }

    package private(set) var counters = Counters()
    /// Where it listens, with the port that the system chose if that was left to it.
    package let address: SocketAddress

    private let loop: EventLoop
    private var descriptor: FileDescriptor?
    private var reserve: FileDescriptor?
    private var watch: EventLoop.Watch?
    private var handler: ((consuming Accepted) -> Void)?

    /// Listens at `address`, `[::]` for both families, until `close`.
    package init(
        on loop: EventLoop, at address: SocketAddress,
        _ handler: @escaping (consuming Accepted) -> Void
    ) throws(SystemError) {
        let descriptor = try Socket.open(.stream, for: address)
        let number = descriptor.number
        // A node that starts again finds its port taken by its own old connections otherwise.
        try Socket.setOption(number, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR")
        self.address = try Socket.bind(descriptor, to: address)
        try systemCall("listen \(address)") { listen(number, Self.backlog) }
        self.loop = loop
        self.handler = handler
        self.descriptor = consume descriptor
        reserve = Self.spare()
        watch = try loop.watch(number, for: .read) { _ in self.accept() }
    }

    /// Stops listening. What waits to be accepted is reset.
    package func close() {
        if let watch { loop.cancel(watch) }
        watch = nil
        handler = nil
        descriptor = nil
        reserve = nil
    }

    private static func spare() -> FileDescriptor? {
        // Reads a text of its own.
        let number = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
        return number < 0 ? nil : FileDescriptor(owning: number)
    }

    private func accept() {
        for _ in 0..<Self.acceptsPerTurnMax {
            guard let number = descriptor?.number, let handler else { return }
            do throws(SystemError) {
                let accepted = try acceptOne(number)
                counters.accepted += 1
                handler(accepted)
            } catch {
                switch error.code {
                case EAGAIN: return
                case EMFILE, ENFILE: guard refuseOne(number) else { return }
                case ENOBUFS, ENOMEM: return rest()
                // The connection's own trouble: the next one may be well.
                default: counters.failed += 1
                }
            }
        }
    }

    private func acceptOne(_ number: CInt) throws(SystemError) -> Accepted {
        var flat = clinux_address()
        let descriptor = FileDescriptor(
            owning: try systemCall("accept at \(address)") {
                // Writes our own variable.
                unsafe clinux_accept(number, &flat)
            })
        return Accepted(descriptor, from: SocketAddress(flat))
    }

    /// Gives the spare descriptor up for one connection. False if nothing more is to be done now.
    private func refuseOne(_ number: CInt) -> Bool {
        guard reserve != nil else {
            reserve = Self.spare()
            if reserve == nil { rest() }
            return reserve != nil
        }
        reserve = nil
        defer { reserve = Self.spare() }
        do throws(SystemError) {
            // Let go of here, before the spare one is opened again.
            _ = try acceptOne(number)
            counters.refused += 1
            return true
        } catch {
            // The kernel looks for a descriptor before it looks whether anybody waits.
            if error.code != EAGAIN { rest() }
            return false
        }
    }

    private func rest() {
        counters.failed += 1
        guard let watch else { return }
        // Fails for want of memory; then the next turn comes here again.
        try? loop.change(watch, to: [])
        loop.schedule(at: SystemClock.now + Self.pause) {
            guard let watch = self.watch else { return }
            try? self.loop.change(watch, to: .read)
        }
    }
}

package import MeshCore
package import MeshCrypto
package import MeshPlatform

/// Accepts a node's streams: who connects is handed over once its handshake is done, so that the
/// node never hears of a port scanner.
///
/// Bound: `unprovenMax` connections that have proved nothing yet, those included that still linger
/// after they failed to. A further one takes the place of the oldest: an honest peer needs a round
/// trip or two, and whoever only holds places is the first to lose his.
package final class SecureListener {
    package static let unprovenMax = 64

    package struct Counters: Sendable, Hashable {
        /// Handshakes done and handed over.
        package var opened: UInt64 = 0
        /// Failed handshakes: with a key that is not known here, or that the peer does not have.
        package var wrongKeys: UInt64 = 0
        /// Failed handshakes of any other kind: another protocol, junk, a connection that broke.
        package var failed: UInt64 = 0
        /// Not done in time.
        package var timedOut: UInt64 = 0
        /// Lost their place to a newer connection.
        package var displaced: UInt64 = 0
    }

    package private(set) var counters = Counters()
    /// Who failed last, and how: for the log, which bounds how often it is told.
    package var onFailure: ((SocketAddress, SecureStream.Ending) -> Void)?
    /// What later connections are asked for: replaced when the secrets are.
    package var context: TLSContext
    package var address: SocketAddress { listener.address }
    /// What happened before any handshake.
    package var connectionCounters: TCPListener.Counters { listener.counters }
    package var unprovenCount: Int { unproven.count }

    private let loop: EventLoop
    private let handshakeTimeMax: TimeSpan
    private let listener: TCPListener
    private var handler: ((SecureStream) -> Void)?
    /// Oldest first.
    private var unproven: [SecureStream] = []

    /// Listens at `address`, `[::]` for both families. `handler` gets each stream when it is open;
    /// it calls `onEvent` on it at once, or `close`.
    package init(
        on loop: EventLoop, at address: SocketAddress, _ context: TLSContext,
        handshakeTimeMax: TimeSpan = SecureStream.handshakeTimeDefault,
        _ handler: @escaping (SecureStream) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.handshakeTimeMax = handshakeTimeMax
        self.context = context
        self.handler = handler
        let relay = Relay()
        listener = try TCPListener(on: loop, at: address) { relay.listener?.accept($0) }
        relay.listener = self
    }

    /// Lets the closure that the TCP listener holds reach what did not exist when it was made.
    private final class Relay {
        weak var listener: SecureListener?
    }

    /// Stops listening and drops whoever has proved nothing. Streams handed over go on.
    package func close() {
        handler = nil
        listener.close()
        for stream in unproven { stream.abort() }
    }

    private func accept(_ accepted: consuming TCPListener.Accepted) {
        if unproven.count >= Self.unprovenMax {
            counters.displaced += 1
            unproven[0].abort()
        }
        let slot = Slot()
        // Fails for want of memory or descriptors in the kernel: then the connection is closed.
        guard
            let stream = try? SecureStream(
                accepted, on: loop, context, handshakeTimeMax: handshakeTimeMax,
                { slot.hear($0) })
        else {
            counters.failed += 1
            return
        }
        slot.stream = stream
        slot.listener = self
        unproven.append(stream)
        stream.onRelease { [weak self] in self?.remove(stream) }
    }

    /// One connection until it is handed over.
    private final class Slot {
        weak var stream: SecureStream?
        weak var listener: SecureListener?

        func hear(_ event: SecureStream.Event) {
            guard let stream, let listener else { return }
            listener.hear(event, of: stream)
        }
    }

    private func hear(_ event: SecureStream.Event, of stream: SecureStream) {
        switch event {
        case .opened:
            remove(stream)
            counters.opened += 1
            handler?(stream)
        // Whoever was handed the stream has not taken it: nobody reads it.
        case .received: stream.close()
        case .closed(let ending):
            switch ending {
            case .tls(.unknownKey), .tls(.wrongKey): counters.wrongKeys += 1
            case .handshakeTimedOut: counters.timedOut += 1
            case .byPeer, .connection, .tls, .overflowed, .idle: counters.failed += 1
            }
            onFailure?(stream.peer, ending)
        }
    }

    private func remove(_ stream: SecureStream) {
        unproven.removeAll { $0 === stream }
    }
}

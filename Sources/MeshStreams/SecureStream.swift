package import MeshCore
package import MeshCrypto
package import MeshPlatform

/// One of a node's streams: a TCP connection with TLS 1.3 on it, on a loop.
///
/// It serves what the core asks for by effects, and keeps what the simulator promises of them:
/// events come from the loop and never from within a call; `.opened` comes once, before any bytes;
/// bytes come in order, each once; `.closed` comes once and last, unless this side has called
/// `close` or `abort`: then nothing comes any more. `close` sends what was written first.
///
/// Bounds: connecting and shaking hands, by time; what waits to be sent, by
/// `pendingByteCountMax`: beyond, the stream ends, for a peer that does not read while so much is
/// written to it will not catch up, and a hole in a stream is worse than its end.
package final class SecureStream {
    package enum Event: Sendable, Hashable {
        /// Both sides have proved that they have the key.
        case opened
        case received([UInt8])
        /// It is gone, and so is what waited to be sent. The last event.
        case closed(Ending)
    }

    package enum Ending: Error, Sendable, Hashable {
        /// The peer has said that it is done: nothing of its was cut off.
        case byPeer
        case connection(TCPStream.Ending)
        case tls(TLSError)
        /// Connected, but the handshake was not done in time.
        case handshakeTimedOut
        /// More was written than may wait.
        case overflowed
        /// Nothing came for as long as it may be silent.
        case idle
    }

    package static let connectTimeMax = TimeSpan.seconds(10)
    package static let handshakeTimeDefault = TimeSpan.seconds(5)
    package static let pendingByteCountMax = 4 * 1_024 * 1_024
    /// What records add to what is written: 22 bytes to each 16 KiB, and the last word.
    private static let overheadByteCountMax = 22 * (pendingByteCountMax / 16_384 + 1) + 1_024
    /// How long a peer whose handshake failed may take to read why.
    private static let refusalTimeMax = TimeSpan.seconds(1)

    package var peer: SocketAddress { tcp.peer }
    private let loop: EventLoop
    private let tls: TLSSession
    private let tcp: TCPStream
    private var handler: ((Event) -> Void)?
    private var timer: EventLoop.Timer?
    /// Written before the handshake was done.
    private var early: [UInt8] = []
    /// Gone, and to be told so at the end of the turn.
    private var isDoomed = false
    private var lastReceived: Instant
    private let handshakeTimeMax: TimeSpan
    private let idleTimeMax: TimeSpan?

    /// Connects to `address` and shakes hands. Whatever fails, `handler` hears it.
    package init(
        connecting loop: EventLoop, to address: SocketAddress, _ context: TLSContext,
        handshakeTimeMax: TimeSpan = handshakeTimeDefault, idleTimeMax: TimeSpan? = nil,
        _ handler: @escaping (Event) -> Void
    ) {
        self.loop = loop
        self.handshakeTimeMax = handshakeTimeMax
        self.handler = handler
        self.idleTimeMax = idleTimeMax
        lastReceived = loop.now
        tls = TLSSession(.client, context)
        tcp = TCPStream(
            connecting: loop, to: address, within: Self.connectTimeMax,
            pendingByteCountMax: Self.pendingByteCountMax + Self.overheadByteCountMax
        ) { _ in }
        tcp.onEvent { self.handle($0) }
    }

    /// Shakes hands with whoever has connected.
    package init(
        _ accepted: consuming TCPListener.Accepted, on loop: EventLoop, _ context: TLSContext,
        handshakeTimeMax: TimeSpan = handshakeTimeDefault, idleTimeMax: TimeSpan? = nil,
        _ handler: @escaping (Event) -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.handshakeTimeMax = handshakeTimeMax
        self.handler = handler
        self.idleTimeMax = idleTimeMax
        lastReceived = loop.now
        tls = TLSSession(.server, context)
        tcp = try TCPStream(
            accepted, on: loop,
            pendingByteCountMax: Self.pendingByteCountMax + Self.overheadByteCountMax
        ) { _ in }
        tcp.onEvent { self.handle($0) }
        awaitHandshake()
    }

    /// Replaces who is told of events. Does nothing once it is closed.
    package func onEvent(_ handler: @escaping (Event) -> Void) {
        guard self.handler != nil else { return }
        self.handler = handler
    }

    /// Calls `handler` once when the connection's descriptor is given back, however that comes.
    package func onRelease(_ handler: @escaping () -> Void) { tcp.onRelease(handler) }

    package var isOpened: Bool { tls.isEstablished }

    // MARK: Writing

    /// Sends `bytes` after what was written before; before it is opened, once it is. On a stream
    /// that is closed, or about to tell so, it does nothing.
    package func write(_ bytes: [UInt8]) {
        guard handler != nil, !isDoomed else { return }
        let waitingCount = tls.isEstablished ? tcp.pendingByteCount : early.count
        guard waitingCount + bytes.count <= Self.pendingByteCountMax else {
            return endLater(.overflowed)
        }
        guard tls.isEstablished else {
            early += bytes
            return
        }
        do throws(TLSError) { try tls.write(bytes) } catch { return endLater(.tls(error)) }
        sendOutgoing()
    }

    private func sendOutgoing() {
        let bytes = tls.takeOutgoing()
        if !bytes.isEmpty { tcp.write(bytes) }
    }

    /// Ends now, and tells so when nobody is in the middle of a call.
    private func endLater(_ ending: Ending) {
        isDoomed = true
        early = []
        tcp.abort()
        loop.beforeWaiting { self.end(ending) }
    }

    // MARK: Ending

    /// Closes after what was written has been sent, as `TCPStream.close` does. No event follows. A
    /// stream that is not opened yet is dropped.
    package func close(lingering span: TimeSpan = TCPStream.lingerDefault) {
        guard handler != nil else { return }
        forget()
        guard tls.isEstablished else { return tcp.abort() }
        tls.finish()
        sendOutgoing()
        tcp.close(lingering: span)
    }

    /// Closes at once, and drops what waits to be sent. No event follows.
    package func abort() {
        forget()
        tcp.abort()
    }

    private func forget() {
        handler = nil
        early = []
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    private func end(_ ending: Ending) {
        guard let handler else { return }
        forget()
        if case .tls = ending {
            // The alert, if there is one: the peer's operator has to see what is wrong.
            sendOutgoing()
            tcp.close(lingering: Self.refusalTimeMax)
        } else {
            tcp.abort()
        }
        handler(.closed(ending))
    }

    // MARK: What the connection tells

    private func handle(_ event: TCPStream.Event) {
        switch event {
        case .connected:
            awaitHandshake()
            sendOutgoing()
        case .received(let bytes): receive(bytes)
        case .readEnded:
            do throws(TLSError) {
                try tls.receiveEnd()
                end(.byPeer)
            } catch { end(.tls(error)) }
        case .drained: break
        case .closed(let ending): end(.connection(ending))
        }
    }

    private func awaitHandshake() {
        timer = loop.schedule(at: SystemClock.now + handshakeTimeMax) {
            self.timer = nil
            self.end(.handshakeTimedOut)
        }
    }

    private func receive(_ bytes: [UInt8]) {
        let wasEstablished = tls.isEstablished
        var plaintext: [UInt8] = []
        var failure: TLSError?
        do throws(TLSError) { try tls.receive(bytes, into: &plaintext) } catch { failure = error }
        sendOutgoing()
        lastReceived = loop.now
        if tls.isEstablished, !wasEstablished { opened() }
        if !plaintext.isEmpty { handler?(.received(plaintext)) }
        if let failure {
            end(.tls(failure))
        } else if tls.isPeerFinished {
            end(.byPeer)
        }
    }

    private func opened() {
        if let timer { loop.cancel(timer) }
        timer = nil
        let waiting = early
        early = []
        if !waiting.isEmpty { write(waiting) }
        watchIdleness()
        handler?(.opened)
    }

    private func watchIdleness() {
        guard let idleTimeMax, handler != nil else { return }
        timer = loop.schedule(at: lastReceived + idleTimeMax) {
            self.timer = nil
            // Looked at when it may be due rather than moved with every byte.
            if self.loop.now - self.lastReceived >= idleTimeMax { return self.end(.idle) }
            self.watchIdleness()
        }
    }
}

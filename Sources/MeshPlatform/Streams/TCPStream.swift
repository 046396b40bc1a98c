import CLinux
import Glibc
package import MeshCore

/// One TCP connection on a loop: bytes in order both ways, and exactly one last event.
///
/// Events come from the loop and never from within a call of this. `write` takes bytes and the end
/// of the turn sends them, in one call for all that the turn has written. Whoever calls `close` or
/// `abort` hears nothing any more; whoever does not hears `.closed` once, and nothing after it.
///
/// It lives on its loop until it is closed, either way. Bounds: what waits to be sent, by
/// `pendingByteCountMax`; connecting and lingering, by time; what is read, by a turn's share.
package final class TCPStream {
    package enum Event: Sendable, Hashable {
        /// A connection that was asked for stands.
        case connected
        case received([UInt8])
        /// All that waited to be sent has left, after some of it had to wait for the peer.
        case drained
        /// The peer sends no more. It may go on reading.
        case readEnded
        /// It is gone, and so is what waited to be sent. The last event.
        case closed(Ending)
    }

    package enum Ending: Error, Sendable, Hashable {
        /// Both sides had said that they send no more.
        case finished
        /// It was not connected in time.
        case timedOut
        case failed(SystemError)
    }

    package static let pendingByteCountDefault = 4 * 1_024 * 1_024
    /// How long a closed connection waits for the peer to take more of what was written, and then
    /// for the peer's end.
    package static let lingerDefault = TimeSpan.seconds(5)
    /// How long it waits in all, for a peer that takes one byte at a time.
    package static let lingerTimeMax = TimeSpan.minutes(1)
    private static let readByteCount = 16_384
    private static let readsPerTurnMax = 8

    private enum State {
        case connecting, open
        /// Closed by us: what waits is sent, what still comes is read and forgotten.
        case lingering
        case released
    }

    package let peer: SocketAddress
    private let loop: EventLoop
    private let pendingByteCountMax: Int
    private var descriptor: FileDescriptor?
    private var watch: EventLoop.Watch?
    private var interest: EventLoop.Interest
    private var timer: EventLoop.Timer?
    private var state: State
    private var handler: ((Event) -> Void)?
    private var whenReleased: (() -> Void)?

    private var pending: [UInt8] = []
    private var sentCount = 0
    private var isFlushDue = false
    private var isBlocked = false
    private var hasReadEnded = false
    /// We shall send no more than what waits.
    private var isFinishing = false
    private var isWriteShut = false

    // MARK: Beginning

    /// Begins to connect to `address`, which may take `span`. Whatever fails, `handler` hears it.
    package init(
        connecting loop: EventLoop, to address: SocketAddress, within span: TimeSpan,
        pendingByteCountMax: Int = pendingByteCountDefault,
        _ handler: @escaping (Event) -> Void
    ) {
        self.loop = loop
        peer = address
        self.pendingByteCountMax = pendingByteCountMax
        self.handler = handler
        state = .connecting
        interest = .write
        do throws(SystemError) {
            let descriptor = try Socket.open(.stream, for: address)
            try Self.prepare(descriptor.number)
            let number = descriptor.number
            self.descriptor = consume descriptor
            do throws(SystemError) {
                try systemCall("connect \(address)") {
                    clinux_connect(number, address.family, address.flat)
                }
            } catch {
                guard error.code == EINPROGRESS else { throw error }
            }
            watch = try loop.watch(number, for: .write) { self.handle($0) }
            timer = loop.schedule(at: SystemClock.now + span) { self.end(.timedOut) }
        } catch {
            loop.beforeWaiting { self.end(.failed(error)) }
        }
    }

    /// Goes on with a connection that a listener has accepted.
    package init(
        _ accepted: consuming TCPListener.Accepted, on loop: EventLoop,
        pendingByteCountMax: Int = pendingByteCountDefault,
        _ handler: @escaping (Event) -> Void
    ) throws(SystemError) {
        self.loop = loop
        peer = accepted.peer
        self.pendingByteCountMax = pendingByteCountMax
        self.handler = handler
        state = .open
        interest = .read
        let descriptor = accepted.takeDescriptor()
        let number = descriptor.number
        try Self.prepare(number)
        self.descriptor = consume descriptor
        watch = try loop.watch(number, for: .read) { self.handle($0) }
    }

    /// A turn's writes are gathered here: the kernel need not wait for more.
    private static func prepare(_ number: CInt) throws(SystemError) {
        try Socket.setOption(number, CInt(IPPROTO_TCP), TCP_NODELAY, 1, "TCP_NODELAY")
    }

    /// Replaces who is told of events.
    package func onEvent(_ handler: @escaping (Event) -> Void) {
        guard self.handler != nil else { return }
        self.handler = handler
    }

    /// Calls `handler` once when the descriptor is given back, however that comes: what counts
    /// connections counts those too that linger.
    package func onRelease(_ handler: @escaping () -> Void) { whenReleased = handler }

    // MARK: Writing

    /// What is written and has not been handed to the kernel.
    package var pendingByteCount: Int { pending.count - sentCount }

    /// Sends `bytes` after what was written before; while it is still connecting, once it has.
    /// False if they don't fit, or if it is closed or finished: then none of them is taken.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        guard state == .connecting || state == .open, handler != nil, !isFinishing,
            pendingByteCount + bytes.count <= pendingByteCountMax
        else { return false }
        pending.append(contentsOf: bytes)
        flushAtTurnEnd()
        return true
    }

    /// Says that no more will be written, after what was. The peer may go on.
    package func finish() {
        guard !isFinishing else { return }
        isFinishing = true
        flushAtTurnEnd()
    }

    private func flushAtTurnEnd() {
        guard !isFlushDue, !isBlocked, state == .open || state == .lingering else { return }
        isFlushDue = true
        loop.beforeWaiting { self.flush() }
    }

    private func flush() {
        isFlushDue = false
        guard state == .open || state == .lingering, let number = descriptor?.number else { return }
        while pendingByteCount > 0 {
            do throws(SystemError) {
                sentCount += try systemCall("send to \(peer)") {
                    // Reads what has not been sent, within the array.
                    unsafe pending.withUnsafeBytes { bytes in
                        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[sentCount...])
                        return unsafe send(number, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL))
                    }
                }
            } catch {
                guard error.code == EAGAIN else { return end(.failed(error)) }
                isBlocked = true
                giveBackWhatIsSent()
                return updateInterest()
            }
        }
        pending = []
        sentCount = 0
        let hadWaited = isBlocked
        isBlocked = false
        updateInterest()
        if isFinishing { return shutWrite() }
        if hadWaited { tell(.drained) }
    }

    /// The half that has left is given back once it is the greater one: each byte moves once.
    private func giveBackWhatIsSent() {
        guard sentCount > pending.count / 2 else { return }
        pending.removeFirst(sentCount)
        sentCount = 0
    }

    private func shutWrite() {
        guard !isWriteShut, let number = descriptor?.number else { return }
        isWriteShut = true
        // Fails only where the connection is gone already, which reading finds out.
        _ = shutdown(number, CInt(SHUT_WR))
        if hasReadEnded { end(.finished) }
    }

    // MARK: Ending

    /// Closes after what was written has been sent. No event follows. That may take as long as the
    /// peer takes some of it every `span`, `lingerTimeMax` at the most: on a network that loses a
    /// quarter of its packets, megabytes take a while.
    ///
    /// What the peer still sends is read and forgotten until it ends as well: a connection that is
    /// closed over unread bytes is reset, and a reset can overtake what was sent before it.
    package func close(lingering span: TimeSpan = lingerDefault) {
        handler = nil
        switch state {
        case .connecting: release()
        case .open:
            state = .lingering
            linger(span, until: SystemClock.now + Self.lingerTimeMax)
            isFinishing = true
            flushAtTurnEnd()
        case .lingering, .released: break
        }
    }

    private func linger(_ span: TimeSpan, until end: Instant) {
        let before = untakenByteCount
        timer = loop.schedule(at: min(SystemClock.now + span, end)) {
            self.timer = nil
            guard self.untakenByteCount < before, self.loop.now < end else {
                return self.release()
            }
            self.linger(span, until: end)
        }
    }

    /// What was written and the peer's kernel does not have yet.
    private var untakenByteCount: Int {
        guard let number = descriptor?.number else { return 0 }
        return pendingByteCount + Int(clinux_unacknowledged_count(number))
    }

    /// Closes at once, and drops what waits to be sent. No event follows.
    package func abort() {
        handler = nil
        release()
    }

    private func end(_ ending: Ending) {
        guard state != .released else { return }
        let handler = handler
        self.handler = nil
        release()
        handler?(.closed(ending))
    }

    private func release() {
        guard state != .released else { return }
        state = .released
        if let watch { loop.cancel(watch) }
        if let timer { loop.cancel(timer) }
        watch = nil
        timer = nil
        descriptor = nil
        pending = []
        sentCount = 0
        let told = whenReleased
        whenReleased = nil
        told?()
    }

    // MARK: What the loop tells

    private func tell(_ event: Event) { handler?(event) }

    private func updateInterest() {
        var wanted: EventLoop.Interest = hasReadEnded ? [] : .read
        if isBlocked || state == .connecting { wanted.insert(.write) }
        guard let watch, wanted != interest else { return }
        interest = wanted
        do throws(SystemError) { try loop.change(watch, to: wanted) } catch {
            end(.failed(error))
        }
    }

    private func handle(_ readiness: EventLoop.Readiness) {
        if state == .connecting { return finishConnecting() }
        if readiness.contains(.write), isBlocked { flush() }
        guard readiness.contains(.read) else { return }
        if hasReadEnded { lookForError() } else { read() }
    }

    private func finishConnecting() {
        guard let number = descriptor?.number else { return }
        let code = Socket.takeError(number)
        guard code == 0 else { return end(.failed(SystemError(code, "connect \(peer)"))) }
        // A connection to a port that nobody listens at, from a port that the system chose, may
        // meet itself (RFC 9293, 3.5, simultaneous open): nobody else is there.
        if let local = try? Socket.localAddress(number), local == peer {
            return end(.failed(SystemError(ECONNREFUSED, "connect \(peer)")))
        }
        if let timer { loop.cancel(timer) }
        timer = nil
        state = .open
        updateInterest()
        if pendingByteCount > 0 || isFinishing { flushAtTurnEnd() }
        tell(.connected)
    }

    private func read() {
        for _ in 0..<Self.readsPerTurnMax {
            guard let number = descriptor?.number else { return }
            let bytes: [UInt8]
            do throws(SystemError) { bytes = try readOnce(number) } catch {
                if error.code != EAGAIN { end(.failed(error)) }
                return
            }
            guard !bytes.isEmpty else { return readHasEnded() }
            tell(.received(bytes))
            guard bytes.count == Self.readByteCount else { return }
        }
    }

    private func readOnce(_ number: CInt) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        // The closure fills at most the capacity that was asked for, and says how much.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.readByteCount) {
            buffer, count in
            count = 0
            do throws(SystemError) {
                count = try systemCall("receive from \(peer)") {
                    unsafe recv(number, buffer.baseAddress, Self.readByteCount, 0)
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    private func readHasEnded() {
        hasReadEnded = true
        if isWriteShut { return end(.finished) }
        updateInterest()
        tell(.readEnded)
    }

    /// After the peer's end only an error is news, or that the kernel has finished with both sides.
    private func lookForError() {
        guard let number = descriptor?.number else { return }
        let code = Socket.takeError(number)
        if code != 0 { return end(.failed(SystemError(code, "connection to \(peer)"))) }
        if isWriteShut { end(.finished) }
    }
}

import Glibc
import MeshChecks
import MeshCore
import MeshPlatform

/// One plain attempt of a TCP check, from the first address to the last byte that is needed.
final class TCPAttempt {
    let deadline: Instant
    var cancelLookup: (() -> Void)?

    private let check: TCPCheck
    private let loop: EventLoop
    private let began: Instant
    private var done: ((Attempt) -> Void)?
    private var whenOver: () -> Void

    private var addresses: ArraySlice<SocketAddress> = []
    private var connecting: [Connection] = []
    private var connected: Connection?
    /// When the next address is tried beside those that are.
    private var staggerEnds: Instant?
    /// The first failure of an address that is the target's fault, or else the first.
    private var failure: CInt?
    private var received: [UInt8] = []
    private var unsent: ArraySlice<UInt8>
    private var saysWhatItReceives: Bool { check.expect != nil }

    /// One socket; closes it at its end.
    private final class Connection {
        let descriptor: FileDescriptor
        private let loop: EventLoop
        private var watch: EventLoop.Watch?

        init(_ descriptor: consuming FileDescriptor, on loop: EventLoop) {
            self.descriptor = descriptor
            self.loop = loop
        }

        deinit { if let watch { loop.cancel(watch) } }

        func wait(
            for interest: EventLoop.Interest, _ handler: @escaping (EventLoop.Readiness) -> Void
        ) throws(SystemError) {
            watch = try loop.watch(descriptor.number, for: interest, handler)
        }

        func change(to interest: EventLoop.Interest) throws(SystemError) {
            if let watch { try loop.change(watch, to: interest) }
        }
    }

    init(
        _ check: TCPCheck, on loop: EventLoop, _ done: @escaping (Attempt) -> Void,
        whenOver: @escaping () -> Void
    ) {
        self.check = check
        self.loop = loop
        began = loop.now
        deadline = loop.now + check.attempts.timeout
        self.done = done
        self.whenOver = whenOver
        unsent = check.send.map { Array($0.revealed.utf8)[...] } ?? []
    }

    /// When `timePassed` is to be called next.
    var nextTime: Instant { staggerEnds.map { min($0, deadline) } ?? deadline }

    /// Ends it without a word.
    func abandon() {
        cancelLookup?()
        cancelLookup = nil
        done = nil
        connecting = []
        connected = nil
    }

    func timePassed() {
        guard loop.now < deadline else {
            let phase = connected == nil ? "connecting" : "waiting for the reply"
            let words = "timed out after \(check.attempts.timeout.inWords) while \(phase)"
            return finish(Attempt(failed: words, blame: .target, after: loop.now - began))
        }
        if let staggerEnds, staggerEnds <= loop.now { tryNext() }
    }

    // MARK: Connecting

    func connect(to addresses: [SocketAddress]) {
        self.addresses = addresses[...]
        tryNext()
    }

    /// Tries addresses until one is under way. If none is left and none under way, it has failed.
    private func tryNext() {
        staggerEnds = nil
        while let address = addresses.popFirst() {
            guard let code = begin(address) else {
                if !addresses.isEmpty { staggerEnds = loop.now + TCPChecker.stagger }
                return
            }
            note(code)
        }
        guard connecting.isEmpty, let failure else { return }
        finishLater(
            words: SystemError.words(of: failure), blame: Blame(systemError: failure))
    }

    /// `errno` if there is no connection to wait for.
    private func begin(_ address: SocketAddress) -> CInt? {
        let connection: Connection
        do throws(SystemError) {
            connection = Connection(try Socket.open(.stream, for: address), on: loop)
        } catch {
            return error.code
        }
        let number = connection.descriptor.number
        let code = unsafe address.withNative { native, count in
            // Reads one address for the length of the call.
            unsafe Glibc.connect(number, native, count) == 0 ? 0 : errno
        }
        guard code == 0 || code == EINPROGRESS else { return code }
        do throws(SystemError) {
            // One that is connected already is writable already.
            try connection.wait(for: .write) { [unowned self, unowned connection] readiness in
                self.ready(connection, readiness)
            }
        } catch {
            return error.code
        }
        connecting.append(connection)
        return nil
    }

    private func note(_ code: CInt) {
        if let failure, Blame(systemError: failure) == .target { return }
        if failure == nil || Blame(systemError: code) == .target { failure = code }
    }

    private func ready(_ connection: Connection, _ readiness: EventLoop.Readiness) {
        if connection === connected { return talk(readiness) }
        // Writable and nothing else is connected; an error is ready for reading, too.
        let code = readiness == .write ? 0 : Socket.takeError(connection.descriptor.number)
        guard code == 0 else {
            connecting.removeAll { $0 === connection }
            note(code)
            return tryNext()
        }
        connected = connection
        connecting = []
        addresses = []
        staggerEnds = nil
        talk(.write)
    }

    // MARK: Talking

    private func talk(_ readiness: EventLoop.Readiness) {
        guard let connected else { return }
        if readiness.contains(.write), !unsent.isEmpty {
            if let code = send(on: connected.descriptor.number) { return broken(code) }
        }
        guard saysWhatItReceives || !unsent.isEmpty else {
            return finish(.answered(loop.now - began))
        }
        do throws(SystemError) {
            try connected.change(to: unsent.isEmpty ? .read : [.read, .write])
        } catch {
            return broken(error.code)
        }
        if readiness.contains(.read) { receive(on: connected.descriptor.number) }
    }

    /// `errno` if the connection is broken.
    private func send(on number: CInt) -> CInt? {
        while !unsent.isEmpty {
            // Reads the bytes for the length of the call.
            let sent = unsafe unsent.withUnsafeBytes {
                unsafe Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard sent < 0 else {
                unsent = unsent.dropFirst(sent)
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

    private func receive(on number: CInt) {
        // A byte more than is judged, so that a reply which is longer still ends.
        let space = TCPCheck.replyByteCountMax + 1 - received.count
        guard space > 0 else { return judge(hasEnded: true) }
        var code: CInt = 0
        var count = 0
        // Writes at most `space` bytes, and says how many.
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: space) { buffer, filled in
            count = unsafe recv(number, buffer.baseAddress, space, 0)
            code = count < 0 ? errno : 0
            filled = max(0, count)
        }
        guard count >= 0 else {
            if code != EAGAIN && code != EINTR { broken(code) }
            return
        }
        received += piece
        judge(hasEnded: count == 0 || received.count > TCPCheck.replyByteCountMax)
    }

    private func judge(hasEnded: Bool) {
        switch check.judge(received, hasEnded: hasEnded) {
        case .undecided: break
        case .met: finish(.answered(loop.now - began))
        case .failed(let reason): finish(.failed(reason, after: loop.now - began))
        }
    }

    private func broken(_ code: CInt) {
        finish(
            Attempt(
                failed: SystemError.words(of: code), blame: Blame(systemError: code),
                after: loop.now - began))
    }

    // MARK: Ending

    /// For what is found out before `begin` has returned.
    func finishLater(words: String, blame: Blame) {
        let span = loop.now - began
        loop.schedule(at: loop.now) { [weak self] in
            self?.finish(Attempt(failed: words, blame: blame, after: span))
        }
    }

    private func finish(_ attempt: Attempt) {
        guard let done else { return }
        // Lives until its own last line, whoever lets go of it now.
        withExtendedLifetime(self) {
            abandon()
            whenOver()
            done(attempt)
        }
    }
}

import Glibc
import MeshChecks
import MeshCore
import MeshPatterns
import MeshPlatform

/// One attempt of a DNS check, from the first question to the answer that is judged.
///
/// What does not answer the question (another's id, another's question, junk) is counted and passed
/// over: whoever can send a datagram must not be able to take a server down. What does, and is no
/// DNS, is the server's fault at once.
final class DNSAttempt {
    /// Until the question is asked again over UDP; doubled each time. Of a short timeout a quarter.
    private static let patience = TimeSpan.seconds(1)
    /// Datagrams of one turn of the loop.
    private static let datagramsPerTurnMax = 16

    let deadline: Instant
    var cancelLookup: (() -> Void)?
    /// The machine's own servers are asked: their silence is its own fault.
    var isOwnServer = false

    private let check: DNSCheck
    private let loop: EventLoop
    private let patterns: ExpressionShelf
    private let room: Room
    private let began: Instant
    private var done: ((Attempt) -> Void)?
    private let whenOver: () -> Void

    private var servers: ArraySlice<SocketAddress> = []
    private var query: DNSQuery
    private var line: Line?
    private var patience: TimeSpan
    /// When the question is asked again, or the next server is asked.
    private var retryAt: Instant?
    private var asksCount = 0
    /// Answers to other questions, and datagrams that are no answers at all.
    private var strayCount = 0
    private var junkCount = 0
    /// The first failure of a server that is its fault, or else the first.
    private var failure: CInt?
    private var measurements = Measurements()
    private var askedAt: Instant

    /// Of one socket, which it closes at its end.
    private final class Line {
        let descriptor: FileDescriptor
        let isStream: Bool
        var isConnected: Bool
        var unsent: ArraySlice<UInt8> = []
        var received: [UInt8] = []
        private let loop: EventLoop
        private var watch: EventLoop.Watch?

        init(_ descriptor: consuming FileDescriptor, isStream: Bool, on loop: EventLoop) {
            self.descriptor = descriptor
            self.isStream = isStream
            isConnected = !isStream
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
        _ check: DNSCheck, on loop: EventLoop, _ patterns: ExpressionShelf, _ room: Room,
        _ done: @escaping (Attempt) -> Void, whenOver: @escaping () -> Void
    ) {
        self.check = check
        self.loop = loop
        self.patterns = patterns
        self.room = room
        self.done = done
        self.whenOver = whenOver
        began = loop.now
        askedAt = began
        deadline = began + check.attempts.timeout
        patience = min(Self.patience, check.attempts.timeout / 4)
        query = DNSQuery(
            id: UInt16.random(in: 0...UInt16.max), name: check.name, type: check.record,
            isRecursive: check.isRecursive)
    }

    /// When `timePassed` is to be called next.
    var nextTime: Instant { retryAt.map { min($0, deadline) } ?? deadline }

    /// Ends it without a word.
    func abandon() {
        cancelLookup?()
        cancelLookup = nil
        done = nil
        line = nil
    }

    func timePassed() {
        guard loop.now < deadline else { return timedOut() }
        guard let retryAt, retryAt <= loop.now else { return }
        self.retryAt = nil
        // The next server, and after the last the first again. One that is alone hears the question
        // again on the same line, where a late answer to the first counts as well.
        if servers.count > 1 {
            if let first = servers.popFirst() { servers.append(first) }
            line = nil
        }
        ask()
    }

    private func timedOut() {
        let phase =
            switch (cancelLookup != nil, line?.isConnected) {
            case (true, _): "looking up the server"
            case (_, false?): "connecting"
            default: "waiting for the answer"
            }
        var words = "timed out after \(check.attempts.timeout.inWords) while \(phase)"
        if strayCount > 0 {
            words += "; \(strayCount) answer\(strayCount == 1 ? "" : "s") to other questions"
        }
        if junkCount > 0 {
            words +=
                junkCount == 1
                ? "; a datagram that is no answer" : "; \(junkCount) datagrams that are no answers"
        }
        // A server that says something, if nothing of use, is there.
        fail(words, isOwnServer && strayCount + junkCount == 0 ? .ownResolver : .target)
    }

    // MARK: Asking

    func start(at addresses: ArraySlice<SocketAddress>) {
        if loop.now > began { measurements.resolve = loop.now - began }
        guard !addresses.isEmpty else { return finishLater(words: "", blame: .ownResolver) }
        servers = addresses
        ask()
    }

    /// Asks the first server, or the next that takes the question. If none does, it has failed.
    private func ask() {
        while let server = servers.first {
            guard let code = ask(server) else { return }
            note(code)
            servers = servers.dropFirst()
            line = nil
        }
        let code = failure ?? ENETUNREACH
        let blame = Blame(systemError: code)
        finishLater(
            words: SystemError.words(of: code),
            blame: blame == .target && isOwnServer ? .ownResolver : blame)
    }

    /// `errno` if it could not be asked.
    private func ask(_ server: SocketAddress) -> CInt? {
        askedAt = SystemClock.now
        switch check.transport {
        case .udp:
            // Further servers have their turn soon; the last one is asked again more and more seldom.
            retryAt = loop.now + patience
            asksCount += 1
            if asksCount >= servers.count { patience = patience * 2 }
            return sendDatagram(to: server)
        case .tcp:
            retryAt = servers.count > 1 ? loop.now + patience : nil
            return connect(to: server)
        }
    }

    private func note(_ code: CInt) {
        if let failure, Blame(systemError: failure) == .target { return }
        if failure == nil || Blame(systemError: code) == .target { failure = code }
    }

    /// The server cannot be asked, or not any more: the next one, if there is one.
    private func lost(_ code: CInt) {
        note(code)
        servers = servers.dropFirst()
        line = nil
        ask()
    }

    private func open(_ kind: Socket.Kind, to server: SocketAddress) throws(SystemError) -> Line {
        let line = Line(
            try Socket.open(kind, for: server), isStream: kind == .stream, on: loop)
        let number = line.descriptor.number
        let code = unsafe server.withNative { native, count in
            // Reads one address for the length of the call.
            unsafe Glibc.connect(number, native, count) == 0 ? 0 : errno
        }
        guard code == 0 || code == EINPROGRESS else {
            throw SystemError(code, "connect to \(server)")
        }
        try line.wait(for: kind == .stream ? .write : .read) { [unowned self, unowned line] in
            if line.isStream { self.streamIsReady(line, $0) } else { self.datagramsAreReady(line) }
        }
        return line
    }

    // MARK: UDP

    private func sendDatagram(to server: SocketAddress) -> CInt? {
        do throws(SystemError) {
            if line == nil { line = try open(.datagram, to: server) }
        } catch {
            return error.code
        }
        guard let line else { return nil }
        let bytes = query.bytes[...]
        // What an earlier datagram met with comes first, once.
        var outcome = Self.send(bytes, on: line)
        if case .failure = outcome { outcome = Self.send(bytes, on: line) }
        switch outcome {
        case .count: return nil
        // No room now: the question is asked again later.
        case .failure(let code): return code == EAGAIN ? nil : code
        }
    }

    private func datagramsAreReady(_ line: Line) {
        for _ in 0..<Self.datagramsPerTurnMax {
            // An answer, or cancelling, may have ended it.
            guard line === self.line, done != nil else { return }
            let count: Int
            switch room.receive(on: line.descriptor.number) {
            case .failure(EAGAIN), .failure(EINTR): return
            case .failure(let code): return lost(code)
            case .count(let received): count = min(received, DNSResponse.byteCountMax)
            }
            do throws(DNSResponse.Fault) {
                answered(try DNSResponse(room.bytes, count: count, to: query))
            } catch {
                guard error != .unrelated else {
                    if DNSResponse.isAnswer(room.bytes, count: count) {
                        strayCount += 1
                    } else {
                        junkCount += 1
                    }
                    continue
                }
                return fail("the answer \(error)", .target)
            }
        }
    }

    fileprivate enum Outcome {
        case count(Int)
        case failure(CInt)
    }

    private static func send(_ bytes: ArraySlice<UInt8>, on line: Line) -> Outcome {
        // Reads the bytes for the length of the call.
        unsafe bytes.withUnsafeBytes {
            let sent = unsafe Glibc.send(
                line.descriptor.number, $0.baseAddress, $0.count,
                CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
            return sent < 0 ? .failure(errno) : .count(sent)
        }
    }

    /// Where answers are read to: one for all attempts, which look at theirs at once.
    final class Room {
        fileprivate var bytes = [UInt8](repeating: 0, count: DNSResponse.byteCountMax + 1)

        fileprivate func receive(on number: CInt) -> Outcome {
            unsafe bytes.withUnsafeMutableBytes {
                // Writes at most the bytes that are there, and says how many.
                let count = unsafe recv(number, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
                return count < 0 ? .failure(errno) : .count(count)
            }
        }
    }

    // MARK: TCP

    private func connect(to server: SocketAddress) -> CInt? {
        do throws(SystemError) {
            let line = try open(.stream, to: server)
            let bytes = query.bytes
            line.unsent = ([UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes)[...]
            self.line = line
            return nil
        } catch {
            return error.code
        }
    }

    private func streamIsReady(_ line: Line, _ readiness: EventLoop.Readiness) {
        guard line === self.line, done != nil else { return }
        if !line.isConnected {
            // Writable and nothing else is connected; an error is ready for reading, too.
            let code = readiness == .write ? 0 : Socket.takeError(line.descriptor.number)
            guard code == 0 else { return lost(code) }
            line.isConnected = true
            retryAt = nil
            measurements.connect = loop.now - askedAt
        }
        while !line.unsent.isEmpty {
            switch Self.send(line.unsent, on: line) {
            case .count(let sent): line.unsent = line.unsent.dropFirst(sent)
            case .failure(EAGAIN): return
            case .failure(EINTR): continue
            case .failure(let code): return lost(code)
            }
        }
        do throws(SystemError) {
            try line.change(to: .read)
        } catch {
            return lost(error.code)
        }
        if readiness.contains(.read) { readStream(line) }
    }

    private func readStream(_ line: Line) {
        switch room.receive(on: line.descriptor.number) {
        case .failure(EAGAIN), .failure(EINTR): return
        case .failure(let code): return lost(code)
        case .count(let count):
            guard count > 0 else {
                let words = line.received.isEmpty ? "without an answer" : "within its answer"
                return fail("the server closed the connection \(words)", .target)
            }
            line.received += room.bytes[..<count]
        }
        guard line.received.count >= 2 else { return }
        let count = Int(line.received[0]) << 8 | Int(line.received[1])
        guard line.received.count >= 2 + count else { return }
        let message = Array(line.received[2..<2 + count])
        do throws(DNSResponse.Fault) {
            answered(try DNSResponse(message, count: count, to: query))
        } catch {
            // Nobody else can write into a connection.
            guard error != .unrelated || DNSResponse.isAnswer(message, count: count) else {
                return fail("what came over TCP is no DNS answer", .target)
            }
            fail("the answer over TCP \(error)", .target)
        }
    }

    // MARK: The answer

    private func answered(_ response: DNSResponse) {
        if response.isTruncated, line?.isStream == false, let server = servers.first {
            line = nil
            retryAt = nil
            servers = [server]
            if let code = connect(to: server) { lost(code) }
            return
        }
        guard !response.isTruncated else { return fail("truncated even over TCP", .target) }
        let refusesExtension =
            response.code == .malformed || response.code == .notImplemented
        if refusesExtension, query.hasExtension, !response.hasExtension {
            // RFC 6891, 7: it may be EDNS that it does not know.
            query.hasExtension = false
            query.id = UInt16.random(in: 0...UInt16.max)
            line = nil
            return ask()
        }
        measurements.processing = SystemClock.now - askedAt
        if let connect = measurements.connect, let processing = measurements.processing {
            measurements.processing = max(.zero, processing - connect)
        }
        if let reason = check.judge(response, patterns) {
            return finish(.failed(reason, after: loop.now - began))
        }
        finish(.answered(loop.now - began))
    }

    // MARK: Ending

    private func fail(_ words: String, _ blame: Blame) {
        finish(Attempt(failed: words, blame: blame, after: loop.now - began))
    }

    /// For what may be found out before `begin` has returned.
    func finishLater(words: String, blame: Blame) {
        loop.schedule(at: loop.now) { [weak self] in self?.fail(words, blame) }
    }

    private func finish(_ attempt: Attempt) {
        guard let done else { return }
        // Lives until its own last line, whoever lets go of it now.
        withExtendedLifetime(self) {
            abandon()
            whenOver()
            done(attempt.measuring(measurements))
        }
    }
}

import CAres
import Glibc
import MeshCore
import MeshPlatform

/// c-ares on a loop: its sockets are watched there, its timer is the loop's.
///
/// Safe to hold: the channel is made in `init`, destroyed in `deinit` and leaves only for calls of
/// this file. Its callbacks come from within those calls, on the loop's thread.
@safe final class AresChannel {
    /// What c-ares says of a question, once.
    typealias Answer = (Status, [Found]) -> Void

    struct Found {
        var address: SocketAddress
        /// As the servers say; 0 from the hosts file.
        var life: TimeSpan
    }

    enum Status {
        case found
        /// A server answered, and that is its answer: the name is not there.
        case noSuchName
        case noAddress
        /// Servers answered that they cannot say, or that there is none.
        case refused
        case silence
        /// Out of memory or descriptors, or ended with the channel.
        case failed
        case malformed
    }

    /// RFC 1035, 3.2.4 and 3.2.2.
    private static let internet: CInt = 1
    private static let nameServers: CInt = 2

    private static let serversMax = 16
    private static let port: UInt16 = 53

    private let loop: EventLoop
    private var channel: ares_channel?
    private var watches: [CInt: EventLoop.Watch] = [:]
    private var alarm: LoopAlarm?

    /// Reads the system's configuration, but for `servers` (`127.0.0.1:5353,[::1]:5353`) if given.
    /// `nil` for want of memory, or if they cannot be read.
    init?(on loop: EventLoop, servers: String?, firstTry: TimeSpan, tries: Int) {
        self.loop = loop
        guard ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS else { return nil }
        // Both live as long as the channel: `self` destroys it in `deinit`.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let status = unsafe cares_open(
            &channel, Self.socketChanged, context, CInt(firstTry.milliseconds), CInt(tries))
        guard status == ARES_SUCCESS, let channel = unsafe channel else { return nil }
        if let servers {
            // Copies the text.
            let status = unsafe ares_set_servers_ports_csv(channel, servers)
            guard status == ARES_SUCCESS else { return nil }
        }
        alarm = LoopAlarm(on: loop) { [unowned self] in self.process(ARES_SOCKET_BAD, []) }
    }

    deinit {
        // Answers every question that is open, then frees what `init` made.
        if let channel = unsafe channel { unsafe ares_destroy(channel) }
        for watch in watches.values { loop.cancel(watch) }
    }

    /// Looks `name` up in the hosts file and in the DNS. The answer may come before this returns.
    func ask(for name: String, _ answer: @escaping Answer) {
        guard let channel = unsafe channel else { return answer(.failed, []) }
        let context = unsafe Unmanaged.passRetained(Question(answer)).toOpaque()
        // Copies the name; answers exactly once, in any case, which releases the question.
        unsafe cares_addresses(channel, name, Self.answered, context)
        setAlarm()
    }

    /// Asks who serves the root, which every name server that works knows.
    func askForRoot(_ answer: @escaping (Status) -> Void) {
        guard let channel = unsafe channel else { return answer(.failed) }
        let question = Question { status, _ in answer(status) }
        let context = unsafe Unmanaged.passRetained(question).toOpaque()
        // As above.
        unsafe ares_query(
            channel, ".", Self.internet, Self.nameServers, Self.rootAnswered, context
        )
        setAlarm()
    }

    /// Those that it asks, in their order.
    var servers: [SocketAddress] {
        guard let channel = unsafe channel else { return [] }
        var found = [cares_server](repeating: cares_server(), count: Self.serversMax)
        // Fills at most the array, and says how many.
        let count = unsafe cares_servers(channel, &found, CInt(found.count))
        return found.prefix(Int(count)).map { server in
            let port = server.port == 0 ? Self.port : server.port
            var bytes = server.bytes
            // Sixteen bytes, read as such.
            let address = unsafe withUnsafeBytes(of: &bytes) { unsafe Array($0) }
            let word = { (part: ArraySlice<UInt8>) in
                part.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            if server.is_ipv4 != 0 {
                return SocketAddress(
                    ipv4: UInt32(truncatingIfNeeded: word(address[..<4])), port: port)
            }
            return SocketAddress(
                host: Bytes16(high: word(address[..<8]), low: word(address[8...])), port: port)
        }
    }

    private func process(_ socket: CInt, _ readiness: EventLoop.Readiness) {
        guard let channel = unsafe channel else { return }
        // A socket that c-ares has closed meanwhile is none of its own, and it ignores it.
        unsafe ares_process_fd(
            channel, readiness.contains(.read) ? socket : ARES_SOCKET_BAD,
            readiness.contains(.write) ? socket : ARES_SOCKET_BAD)
        setAlarm()
    }

    private func setAlarm() {
        guard let channel = unsafe channel else { return }
        let milliseconds = unsafe cares_wait(channel)
        let now = SystemClock.now
        alarm?.set(at: milliseconds < 0 ? nil : now + .milliseconds(Int64(milliseconds)))
    }

    private func watch(_ socket: CInt, _ interest: EventLoop.Interest) {
        guard !interest.isEmpty else {
            if let watch = watches.removeValue(forKey: socket) { loop.cancel(watch) }
            return
        }
        do throws(SystemError) {
            if let watch = watches[socket] { return try loop.change(watch, to: interest) }
            watches[socket] = try loop.watch(socket, for: interest) { [unowned self] readiness in
                self.process(socket, readiness)
            }
        } catch {
            // Not watched, it is not heard: the question runs into its timeout.
        }
    }

    // MARK: What c-ares calls

    /// Lives from a question to its answer.
    private final class Question {
        let answer: Answer
        init(_ answer: @escaping Answer) { self.answer = answer }
    }

    private static let socketChanged: ares_sock_state_cb = { context, socket, reads, writes in
        guard let context = unsafe context else { return }
        // The channel that `init` named, which outlives its sockets.
        let channel = unsafe Unmanaged<AresChannel>.fromOpaque(context).takeUnretainedValue()
        var interest: EventLoop.Interest = []
        if reads != 0 { interest.insert(.read) }
        if writes != 0 { interest.insert(.write) }
        channel.watch(socket, interest)
    }

    private static let answered: ares_addrinfo_callback = { context, status, _, result in
        guard let context = unsafe context else { return }
        // Retained in `ask`; this is the one answer.
        let question = unsafe Unmanaged<Question>.fromOpaque(context).takeRetainedValue()
        var found: [Found] = []
        // c-ares hands over a list that is ours to walk, and to free.
        var node = unsafe result?.pointee.nodes
        while let current = unsafe node {
            if let native = unsafe current.pointee.ai_addr,
                let address = unsafe SocketAddress(
                    native: native, count: current.pointee.ai_addrlen)
            {
                let life = TimeSpan.seconds(Int64(max(0, unsafe current.pointee.ai_ttl)))
                found.append(Found(address: address, life: life))
            }
            unsafe node = unsafe current.pointee.ai_next
        }
        unsafe ares_freeaddrinfo(result)
        question.answer(Status(status), found)
    }

    private static let rootAnswered: ares_callback = { context, status, _, _, _ in
        guard let context = unsafe context else { return }
        // Retained in `askForRoot`; this is the one answer.
        let question = unsafe Unmanaged<Question>.fromOpaque(context).takeRetainedValue()
        question.answer(Status(status), [])
    }
}

extension AresChannel.Status {
    fileprivate init(_ status: CInt) {
        self =
            switch status {
            case ARES_SUCCESS: .found
            case ARES_ENOTFOUND: .noSuchName
            case ARES_ENODATA: .noAddress
            // A server that fails is passed over for the next; c-ares says ECONNREFUSED when all have.
            case ARES_ESERVFAIL, ARES_EREFUSED, ARES_ENOTIMP, ARES_EFORMERR, ARES_EBADRESP,
                ARES_ECONNREFUSED:
                .refused
            case ARES_ETIMEOUT, ARES_EOF: .silence
            case ARES_EBADNAME, ARES_EBADQUERY: .malformed
            default: .failed
            }
    }
}

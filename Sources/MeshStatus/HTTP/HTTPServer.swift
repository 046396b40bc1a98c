import CMicroHTTPD
import Glibc
import MeshCore
import MeshPlatform

/// An HTTP/1.1 server on a loop: libmicrohttpd without a thread of its own. Its descriptor is one of
/// the loop's, its timeouts are one timer, and requests are answered on the loop, at once or later.
///
/// Bounds: `Limits`. What is beyond them is refused with a problem document or, where nothing can be
/// said any more, closed; each is counted.
@safe
final class HTTPServer {
    /// Answers a request, once, at once or later. Whoever lets go of it without answering leaves the
    /// client to its timeout.
    typealias Handler = (Request, _ answer: @escaping (Response) -> Void) -> Void

    let limits: EndpointLimits
    /// With the port that was taken where 0 was asked for.
    let address: SocketAddress
    private(set) var counters = EndpointCounters()

    let loop: EventLoop
    private let handler: Handler
    private let daemon: OpaquePointer
    private var watch: EventLoop.Watch?
    private var timerDue: Instant?
    /// Open connections, for their deadlines.
    private var guests: [ObjectIdentifier: Guest] = [:]
    /// Exchanges that wait for their answer outside of libmicrohttpd.
    private var suspended: [ObjectIdentifier: Exchange] = [:]
    private var isSweeping = false
    private var isStopped = false

    init(
        on loop: EventLoop, at wanted: SocketAddress, limits: EndpointLimits,
        handler: @escaping Handler
    ) throws(SystemError) {
        self.loop = loop
        self.limits = limits
        self.handler = handler
        var writer = ByteWriter(reservingCapacity: 16)
        writer.write(wanted.host)
        let host = writer.bytes
        let socket = try systemCall("listen on \(wanted)") {
            // Reads 16 bytes of address.
            unsafe cmicrohttpd_listen(
                host, wanted.isIPv4 ? 1 : 0, wanted.port, CInt(limits.backlog))
        }
        address = SocketAddress(host: wanted.host, port: cmicrohttpd_port(socket))
        let context = HTTPContext()
        let started = unsafe cmicrohttpd_start(
            socket,
            cmicrohttpd_limits(
                connections: UInt32(limits.connections),
                connections_per_client: UInt32(limits.connectionsPerClient),
                idle_seconds: UInt32(limits.idle.milliseconds / 1_000 + 1),
                connection_memory: limits.connectionByteCount),
            HTTPContext.handle, HTTPContext.completed, HTTPContext.connected,
            Unmanaged.passUnretained(context).toOpaque())
        guard let daemon = unsafe started else {
            _ = close(socket)
            throw SystemError(ENOMEM, "start the endpoint on \(wanted)")
        }
        unsafe self.daemon = unsafe daemon
        self.context = context
        context.server = self
        // The daemon's own descriptor, cancelled before it is stopped.
        watch = try loop.watch(unsafe cmicrohttpd_epoll(daemon), for: .read) { [unowned self] _ in
            run()
        }
        run()
    }

    /// What the callbacks are given. It outlives the daemon.
    private let context: HTTPContext

    deinit { stop() }

    /// Closes every connection and the socket. Nothing is answered any more.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        if let watch { loop.cancel(watch) }
        for exchange in suspended.values { exchange.resume() }
        suspended = [:]
        // Started here, stopped once; it calls back for each connection that it closes.
        unsafe MHD_stop_daemon(daemon)
    }

    // MARK: The daemon's turn

    private func run() {
        guard !isStopped else { return }
        // The daemon lives until `stop`; this is its only thread.
        _ = unsafe MHD_run(daemon)
        var wait: CUnsignedLongLong = 0
        // Writes one number.
        guard unsafe MHD_get_timeout(daemon, &wait) == .YES else { return }
        let span = TimeSpan.milliseconds(Int64(min(wait, 60_000)))
        wake(at: SystemClock.now + span)
    }

    /// Timers that were set for later are left to fire for nothing: a request sets several.
    private func wake(at due: Instant) {
        // After this turn at the earliest: others' descriptors are looked at in between, however
        // much a client takes.
        let due = max(due, loop.now + TimeSpan(nanoseconds: 1))
        if let timerDue, timerDue <= due { return }
        timerDue = due
        loop.schedule(at: due) { [weak self] in
            guard let self, timerDue == due else { return }
            timerDue = nil
            run()
        }
    }

    // MARK: Connections

    /// One connection, and when it must have come further.
    final class Guest {
        fileprivate let descriptor: CInt
        fileprivate var deadline: Instant
        /// In the order in which they came.
        fileprivate let number: Int
        /// Has sent a whole header, and not taken all of its answer.
        fileprivate var isAsking = false
        /// Is being closed.
        fileprivate var isLeaving = false

        fileprivate init(_ number: Int, descriptor: CInt, deadline: Instant) {
            self.number = number
            self.descriptor = descriptor
            self.deadline = deadline
        }
    }

    func welcome(_ descriptor: CInt) -> Guest {
        counters.connections += 1
        let guest = Guest(
            counters.connections, descriptor: descriptor,
            deadline: SystemClock.now + limits.requestWait)
        guests[ObjectIdentifier(guest)] = guest
        counters.connectionsOpen = guests.count
        makeRoom()
        sweepLater()
        return guest
    }

    /// When all places are about to be taken, whoever has asked for nothing for longest loses his:
    /// slow clients of many addresses can't keep out the one who asks at once.
    private func makeRoom() {
        guard guests.count > limits.connections - limits.connectionsSpare else { return }
        let oldest = guests.values.lazy.filter { !$0.isAsking && !$0.isLeaving }
            .min { $0.number < $1.number }
        guard let oldest, oldest.number != counters.connections else { return }
        counters.displaced += 1
        dismiss(oldest)
    }

    private func dismiss(_ guest: Guest) {
        guest.isLeaving = true
        // The daemon's descriptor, open until it calls back that it is closed: it finds an end of
        // stream and closes it.
        _ = shutdown(guest.descriptor, CInt(SHUT_RDWR))
    }

    func seeOff(_ guest: Guest) {
        guests[ObjectIdentifier(guest)] = nil
        counters.connectionsOpen = guests.count
    }

    private func sweepLater() {
        guard !isSweeping, !guests.isEmpty else { return }
        isSweeping = true
        loop.schedule(at: SystemClock.now + limits.sweepPeriod) { [weak self] in self?.sweep() }
    }

    /// libmicrohttpd's own timeout starts anew with each byte; this one does not, so that a client
    /// cannot hold its place by sending, or taking, a byte now and then.
    private func sweep() {
        isSweeping = false
        for guest in guests.values where guest.deadline <= loop.now && !guest.isLeaving {
            counters.timeouts += 1
            dismiss(guest)
        }
        sweepLater()
    }

    // MARK: Requests

    /// The header of a request has arrived. An answer ends it here, before its body.
    func begin(
        _ exchange: Exchange, method: String, url: String, headerByteCount: Int
    ) -> Response? {
        counters.requests += 1
        exchange.guest?.isAsking = true
        exchange.guest?.deadline = SystemClock.now + limits.answerWait
        guard url.utf8.count <= limits.urlByteCount else {
            return refuse(
                .problem(
                    414, "URI Too Long",
                    "A path may have \(limits.urlByteCount) bytes, this one has "
                        + "\(url.utf8.count)."))
        }
        guard headerByteCount <= limits.headerByteCount else {
            return refuse(
                .problem(
                    431, "Request Header Fields Too Large",
                    "A header may have \(limits.headerByteCount) bytes, this one has "
                        + "\(headerByteCount)."))
        }
        let lengths = exchange.header("Content-Length")
        if let length = lengths.flatMap(Int.init), length > limits.bodyByteCount {
            return refuse(tooLarge)
        }
        let path: [String]
        let query: [(name: String, value: String)]
        do throws(RequestFault) {
            path = try Request.path(url)
            query = try exchange.query()
        } catch {
            return refuse(
                .problem(
                    400, "Bad Request",
                    "The \(error == .badPath ? "path" : "query") is not percent-encoded UTF-8."))
        }
        exchange.request = Request(
            method: Self.method(method), path: path, query: query,
            authorization: exchange.header("Authorization"),
            ifNoneMatch: exchange.header("If-None-Match"))
        return nil
    }

    private static func method(_ text: String) -> Request.Method {
        switch text {
        case "GET": .get
        case "HEAD": .head
        case "POST": .post
        default: .other(text)
        }
    }

    private var tooLarge: Response {
        .problem(413, "Content Too Large", "A body may have \(limits.bodyByteCount) bytes.")
    }

    private func refuse(_ response: Response) -> Response {
        counters.refusals += 1
        return response
    }

    func receive(_ bytes: UnsafeBufferPointer<CChar>, for exchange: Exchange) {
        guard !exchange.isTooLarge, let request = exchange.request else { return }
        guard request.body.count + bytes.count <= limits.bodyByteCount else {
            exchange.isTooLarge = true
            exchange.request?.body = []
            return
        }
        // libmicrohttpd lends the bytes for the length of the callback; they are copied.
        exchange.request?.body.append(
            contentsOf: unsafe bytes.map { UInt8(bitPattern: $0) })
    }

    /// The whole request has arrived: the answer, or `nil` while it is not known.
    func ask(_ exchange: Exchange) -> Response? {
        if let answer = exchange.answer { return answer }
        guard !exchange.isAsked, let request = exchange.request else { return nil }
        exchange.isAsked = true
        if exchange.isTooLarge { return refuse(tooLarge) }
        handler(request) { [weak self, exchange] response in
            guard exchange.answer == nil, !exchange.isOver else { return }
            exchange.answer = response
            guard exchange.isSuspended else { return }
            self?.resume(exchange)
        }
        if let answer = exchange.answer { return answer }
        exchange.isSuspended = true
        suspended[ObjectIdentifier(exchange)] = exchange
        // The connection is the daemon's, and in its handler, where it may be suspended.
        unsafe MHD_suspend_connection(exchange.connection)
        loop.schedule(at: SystemClock.now + limits.laterWait) { [weak self, weak exchange] in
            guard let self, let exchange, exchange.isSuspended, !isStopped else { return }
            counters.timeouts += 1
            exchange.answer = .problem(
                503, "Service Unavailable", "The answer is not known in time. Try again.",
                headers: [("Retry-After", "5")])
            resume(exchange)
        }
        return nil
    }

    /// libmicrohttpd takes it up again at its next turn, and wakes nobody for it.
    private func resume(_ exchange: Exchange) {
        suspended[ObjectIdentifier(exchange)] = nil
        exchange.resume()
        wake(at: loop.now)
    }

    func finish(_ exchange: Exchange) {
        exchange.isOver = true
        suspended[ObjectIdentifier(exchange)] = nil
        exchange.guest?.isAsking = false
        exchange.guest?.deadline = SystemClock.now + limits.requestWait
    }
}

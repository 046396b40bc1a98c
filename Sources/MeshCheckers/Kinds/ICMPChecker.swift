import Glibc
import MeshChecks
import MeshCore
import MeshPlatform
import MeshResolver

/// Pings. All targets of a family share one socket; a packet is told by the token that it carries,
/// so that neither a stranger's answer nor one to an earlier attempt ever counts.
///
/// A name with several addresses is pinged at the first that this machine can reach. An attempt ends
/// when its verdict is certain: with the last answer, or once too many packets have been refused.
///
/// A packet to this machine takes 8 µs of CPU, fping's 13.5: five of ours are `sendto`, in which the
/// kernel makes and delivers the answer, too, half of one is `recvmmsg`, and two are our own.
final class ICMPChecker: Checker {
    /// How long a packet waits that the kernel had no room for.
    private static let fullWait = TimeSpan.milliseconds(10)

    private let loop: EventLoop
    private let resolver: Resolver
    /// By token, which is the attempt's number, too.
    private var echoes: [UInt64: Echo] = [:]
    private var socket4: EchoSocket?
    private var socket6: EchoSocket?
    private var chance = SystemRandomNumberGenerator()
    private lazy var identifier = UInt16.random(in: 1...UInt16.max, using: &chance)
    /// Whose packet a sequence number was given to last: for refusals that quote no more than it.
    private var tokens: [UInt16: UInt64] = [:]
    private var nextSequence: UInt16 = 0
    private var times: Agenda?

    init(on loop: EventLoop, resolver: Resolver) {
        self.loop = loop
        self.resolver = resolver
        times = Agenda(on: loop) { [unowned self] in self.timePassed($0) }
    }

    /// One attempt.
    private final class Echo {
        let check: ICMPCheck
        let began: Instant
        let deadline: Instant
        let done: (Attempt) -> Void
        var cancelLookup: (() -> Void)?
        /// How long it took to find the address; `nil` where there was nothing to find.
        var resolve: TimeSpan?
        var address: SocketAddress?
        var packets: [Packet] = []
        var answeredCount = 0
        var refusedCount = 0
        var refusal: String?
        /// Shorter than the check's own where looking up the name has taken its time.
        var spacing: TimeSpan

        init(_ check: ICMPCheck, now: Instant, _ done: @escaping (Attempt) -> Void) {
            self.check = check
            self.done = done
            began = now
            deadline = now + check.attempts.timeout
            spacing = check.spacing
            packets.reserveCapacity(check.count)
        }
    }

    private struct Packet {
        var sequence: UInt16
        var sentAt: Instant
        /// The same by the wall clock, in nanoseconds, which the kernel stamps answers with.
        var stamp: Int64
        var roundTrip: TimeSpan?
        var isRefused = false
    }

    // MARK: Beginning

    func begin(_ check: ICMPCheck, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        var token = chance.next()
        while echoes[token] != nil { token = chance.next() }
        let echo = Echo(check, now: loop.now, done)
        echoes[token] = echo
        times?.set(token, at: echo.deadline)
        var isBeginning = true
        echo.cancelLookup = resolver.addresses(
            of: check.target, port: 0, version: check.version, deadline: echo.deadline
        ) { [unowned self] result in
            guard let echo = self.echoes[token] else { return }
            echo.cancelLookup = nil
            switch result {
            case .success(let addresses):
                if !isBeginning { echo.resolve = self.loop.now - echo.began }
                self.start(echo, token, at: addresses)
            case .failure(let error):
                self.finishLater(
                    token, Attempt(failed: error.description, blame: error.blame, after: .zero))
            }
        }
        isBeginning = false
        return AttemptID(number: token)
    }

    func cancel(_ attempt: AttemptID) {
        guard let echo = remove(attempt.number) else { return }
        echo.cancelLookup?()
    }

    private func start(_ echo: Echo, _ token: UInt64, at addresses: [SocketAddress]) {
        guard let address = addresses.first(where: { socket(for: $0) != nil }) else {
            return finishLater(token, .impossible(.noResources))
        }
        echo.address = address
        // Whatever the name has cost: the packets go out in the first half of what is left.
        let left = max(.zero, echo.deadline - SystemClock.now)
        if echo.check.spread > left { echo.spacing = left / (2 * echo.check.count) }
        sendNext(echo, token)
    }

    /// `nil` where this machine allows none; that may change while the node runs.
    private func socket(for address: SocketAddress) -> EchoSocket? {
        if let open = address.isIPv4 ? socket4 : socket6 { return open }
        let isIPv4 = address.isIPv4
        let made = try? EchoSocket(
            on: loop, isIPv4: isIPv4, arrived: { [unowned self] in self.arrived($0, isIPv4) },
            refused: { [unowned self] in self.refused($0, isIPv4) })
        if isIPv4 { socket4 = made } else { socket6 = made }
        return made
    }

    // MARK: Sending

    private func sendNext(_ echo: Echo, _ token: UInt64) {
        guard let address = echo.address, let socket = socket(for: address) else {
            return finishLater(token, .impossible(.noResources))
        }
        let number = echo.packets.count
        let message = EchoMessage.request(
            isIPv4: address.isIPv4, identifier: identifier, sequence: nextSequence,
            mark: .init(token: token, number: UInt16(number)), size: echo.check.size)
        var packet = Packet(sequence: nextSequence, sentAt: SystemClock.now, stamp: 0)
        switch socket.send(message, to: address) {
        case .full:
            times?.set(token, at: min(loop.now + Self.fullWait, echo.deadline))
            return
        case .failed(let code):
            let blame = Blame(systemError: code)
            guard blame == .target else {
                return finishLater(token, Attempt(failed: "", blame: blame, after: .zero))
            }
            packet.isRefused = true
            echo.refusedCount += 1
            echo.refusal = SystemError.words(of: code)
        case .sent(let stamp):
            packet.stamp = stamp
            tokens[nextSequence] = token
        }
        nextSequence &+= 1
        echo.packets.append(packet)
        if let verdict = verdict(echo) { return finishLater(token, verdict) }
        let isLast = echo.packets.count == echo.check.count
        times?.set(
            token, at: isLast ? echo.deadline : min(loop.now + echo.spacing, echo.deadline))
    }

    // MARK: What comes back

    private func arrived(_ arrival: EchoSocket.Arrival, _ isIPv4: Bool) {
        let isRaw = (isIPv4 ? socket4 : socket6)?.kind == .raw
        guard
            let message = EchoMessage(
                arrival.bytes, in: arrival.range, isIPv4: isIPv4, hasHeader: isRaw && isIPv4,
                isChecked: !isRaw),
            message.kind == .reply, !isRaw || message.identifier == identifier,
            let mark = message.mark, let echo = echoes[mark.token],
            echo.address?.host == arrival.sender.host, mark.number < echo.packets.count
        else { return }
        let number = Int(mark.number)
        let packet = echo.packets[number]
        // A second answer says nothing new.
        guard packet.sequence == message.sequence, packet.roundTrip == nil else { return }
        echo.packets[number].roundTrip = Self.roundTrip(of: packet, arrival.stamp)
        echo.answeredCount += 1
        if packet.isRefused {
            echo.packets[number].isRefused = false
            echo.refusedCount -= 1
        }
        if let verdict = verdict(echo) { finish(mark.token, verdict) }
    }

    /// By the kernel's stamp of the arrival, unless the wall clock was set meanwhile: it cannot have
    /// taken longer than until now.
    private static func roundTrip(of packet: Packet, _ stamp: Int64) -> TimeSpan {
        let longest = SystemClock.now - packet.sentAt
        let stamped = TimeSpan(nanoseconds: stamp &- packet.stamp)
        guard stamp != 0, stamped > .zero, stamped < longest else { return longest }
        return stamped
    }

    private func refused(_ refusal: EchoSocket.Refusal, _ isIPv4: Bool) {
        // What is too big for a link the kernel cuts from now on; this one packet is lost.
        guard refusal.error != EMSGSIZE,
            let message = EchoMessage(
                refusal.quoted, in: 0..<refusal.quoted.count, isIPv4: isIPv4, hasHeader: false,
                isChecked: true),
            message.kind == .request,
            let token = message.mark?.token ?? tokens[message.sequence],
            let echo = echoes[token], echo.address?.host == refusal.target.host,
            let number = echo.packets.firstIndex(where: { $0.sequence == message.sequence }),
            echo.packets[number].roundTrip == nil, !echo.packets[number].isRefused
        else { return }
        echo.packets[number].isRefused = true
        echo.refusedCount += 1
        let words =
            refusal.icmp.map {
                EchoRefusal.words(isIPv4: isIPv4, type: $0.type, code: $0.code)
            } ?? SystemError.words(of: refusal.error)
        let reporter = refusal.reporter.flatMap { $0.host == refusal.target.host ? nil : $0 }
        echo.refusal = words + (reporter.map { ", says \($0.hostText)" } ?? "")
        if let verdict = verdict(echo) { finish(token, verdict) }
    }

    /// What the attempt ends with, if nothing that may still come can change it.
    private func verdict(_ echo: Echo) -> Attempt? {
        let isOver = echo.answeredCount + echo.refusedCount == echo.check.count
        guard isOver || echo.check.isTooMany(echo.refusedCount) else { return nil }
        return judge(echo)
    }

    private func judge(_ echo: Echo) -> Attempt {
        // Packets that the kernel never had room for are nobody's loss but ours.
        guard echo.packets.count == echo.check.count || echo.refusedCount > 0 else {
            return .impossible(.noResources)
        }
        let attempt = echo.check.judge(
            echo.packets.compactMap(\.roundTrip), refusal: echo.refusal,
            after: loop.now - echo.began)
        var measurements = attempt.measurements
        measurements.packetsSent = echo.packets.count
        measurements.resolve = echo.resolve
        return attempt.measuring(measurements)
    }

    // MARK: Time

    private func timePassed(_ token: UInt64) {
        guard let echo = echoes[token] else { return }
        if loop.now >= echo.deadline {
            finish(token, atDeadline(echo))
        } else {
            sendNext(echo, token)
        }
    }

    private func atDeadline(_ echo: Echo) -> Attempt {
        guard echo.address != nil else {
            // The resolver answers at the same instant; whoever comes first.
            return Attempt(
                failed: "timed out after \(echo.check.attempts.timeout.inWords) while looking up"
                    + " \(echo.check.target)", blame: .ownResolver, after: loop.now - echo.began)
        }
        return judge(echo)
    }

    // MARK: Ending

    @discardableResult
    private func remove(_ token: UInt64) -> Echo? {
        guard let echo = echoes.removeValue(forKey: token) else { return nil }
        times?.remove(token)
        for packet in echo.packets where tokens[packet.sequence] == token {
            tokens[packet.sequence] = nil
        }
        return echo
    }

    /// For what may be found out before `begin` has returned.
    private func finishLater(_ token: UInt64, _ attempt: Attempt) {
        loop.schedule(at: loop.now) { [weak self] in self?.finish(token, attempt) }
    }

    private func finish(_ token: UInt64, _ attempt: Attempt) {
        guard let echo = remove(token) else { return }
        echo.cancelLookup?()
        echo.done(attempt)
    }
}

import MeshChecks
import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshResolver

/// A connection and, where asked for, what the other side says on it.
///
/// A host's addresses are tried in their order: the next one as soon as one has failed, or after
/// `stagger` beside it (RFC 8305); the first that connects is the one. All of it within the one
/// timeout of the attempt.
final class TCPChecker: Checker {
    /// How long an address has for itself before the next one is tried beside it.
    static let stagger = TimeSpan.milliseconds(250)
    /// Addresses of one host that are tried.
    static let addressesMax = 8

    private let loop: EventLoop
    private let resolver: Resolver
    private let client: HTTPClient
    private var attempts: [AttemptID: TCPAttempt] = [:]
    private var transfers: [AttemptID: HTTPClient.TransferID] = [:]
    private var lastNumber: UInt64 = 0
    /// Every attempt's next time; one alarm for all, because nearly all of them end long before.
    private var alarm: LoopAlarm?
    private var nextTime: Instant?

    init(on loop: EventLoop, resolver: Resolver, client: HTTPClient) {
        self.loop = loop
        self.resolver = resolver
        self.client = client
        alarm = LoopAlarm(on: loop) { [unowned self] in self.timePassed() }
    }

    func begin(_ check: TCPCheck, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        lastNumber += 1
        let id = AttemptID(number: lastNumber)
        if let tls = check.tls { return beginSecure(check, tls, id, done) }
        let attempt = TCPAttempt(check, on: loop, done) { [unowned self] in
            self.attempts[id] = nil
        }
        attempts[id] = attempt
        if let literal = check.address.literal {
            connect(attempt, to: [literal])
            return id
        }
        let (host, port) = (check.address.host, check.address.port)
        if let known = resolver.known(host, port: port, family: .any) {
            resolved(attempt, known)
        } else {
            let lookup = resolver.resolve(host, port: port, deadline: attempt.deadline) {
                [unowned self, weak attempt] result in
                guard let attempt else { return }
                self.resolved(attempt, result)
            }
            attempt.cancelLookup = { [resolver] in resolver.cancel(lookup) }
        }
        return id
    }

    func cancel(_ id: AttemptID) {
        if let attempt = attempts.removeValue(forKey: id) { attempt.abandon() }
        if let transfer = transfers.removeValue(forKey: id) { client.cancel(transfer) }
    }

    private func resolved(
        _ attempt: TCPAttempt, _ result: Result<[SocketAddress], ResolveError>
    ) {
        attempt.cancelLookup = nil
        switch result {
        case .success(let addresses):
            connect(attempt, to: Array(addresses.prefix(Self.addressesMax)))
        case .failure(let error):
            attempt.finishLater(words: error.description, blame: error.blame)
        }
    }

    private func connect(_ attempt: TCPAttempt, to addresses: [SocketAddress]) {
        attempt.connect(to: addresses)
        set(attempt.nextTime)
    }

    private func set(_ time: Instant) {
        if let nextTime, nextTime <= time { return }
        nextTime = time
        alarm?.set(at: time)
    }

    private func timePassed() {
        nextTime = nil
        let now = loop.now
        for attempt in attempts.values where attempt.nextTime <= now { attempt.timePassed() }
        guard let next = attempts.values.lazy.map(\.nextTime).min() else { return }
        set(next)
    }

    /// Over TLS: libcurl connects, shakes hands and judges the certificate, and then only carries
    /// bytes.
    private func beginSecure(
        _ check: TCPCheck, _ tls: TLSTrust, _ id: AttemptID,
        _ done: @escaping (Attempt) -> Void
    ) -> AttemptID {
        let url: HTTPURL
        do throws(HTTPURL.Fault) {
            url = try HTTPURL("https://\(check.address)/")
        } catch {
            let words = error.words
            loop.schedule(at: loop.now) { done(.failed(Reason(words), after: .zero)) }
            return id
        }
        var request = HTTPRequest(
            url, timeout: check.attempts.timeout, trust: HTTPRequest.Trust(tls))
        request.talk = HTTPRequest.Talk(
            send: check.send.map { Array($0.revealed.utf8) } ?? [],
            receivedMax: check.expect == nil ? 0 : TCPCheck.replyByteCountMax)
        let began = loop.now
        var judgement = TCPCheck.Judgement.undecided
        let transfer = client.talk(
            request,
            isEnough: { received, hasEnded in
                judgement = check.judge(received, hasEnded: hasEnded)
                return judgement != .undecided
            }
        ) { [weak self, loop] result in
            self?.transfers[id] = nil
            let span = loop.now - began
            switch (result, judgement) {
            case (.failure(let error), _):
                done(Attempt(failed: error.description, blame: error.blame, after: span))
            case (.success, .failed(let reason)): done(.failed(reason, after: span))
            case (.success, .met), (.success, .undecided): done(.answered(span))
            }
        }
        transfers[id] = transfer
        return id
    }
}

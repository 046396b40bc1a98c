import MeshChecks
import MeshCore
import MeshPatterns
import MeshPlatform
import MeshResolver

/// Questions to DNS servers.
///
/// Each attempt has a socket of its own, connected to the server: the kernel gives it a port that
/// nobody can guess, which with the random id makes a forged answer a chance in four billion, hands
/// it nobody else's datagrams, and tells at once where nothing listens. One socket for all would keep
/// one port for ever, hear of no refusal and lose one target's answers to another's flood. It would
/// cost less: asking nsd on loopback takes a bare C loop 3.5 µs of CPU a question over one socket and
/// 11 to 14 with one each, and this checker 14.5. That is cheap enough for what it buys.
///
/// A server's addresses, and the machine's servers, are asked in turn: the next one as soon as one
/// refuses, or has not answered for a while.
final class DNSChecker: Checker {
    /// Addresses that are tried.
    private static let addressesMax = 8

    private let loop: EventLoop
    private let resolver: Resolver
    private let patterns: ExpressionShelf
    private let room = DNSAttempt.Room()
    private var attempts: [UInt64: DNSAttempt] = [:]
    private var lastNumber: UInt64 = 0
    private var times: Agenda?

    init(on loop: EventLoop, resolver: Resolver, patterns: ExpressionShelf) {
        self.loop = loop
        self.resolver = resolver
        self.patterns = patterns
        times = Agenda(on: loop) { [unowned self] in self.timePassed($0) }
    }

    func begin(_ check: DNSCheck, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        lastNumber += 1
        let number = lastNumber
        let attempt = DNSAttempt(check, on: loop, patterns, room, done) { [unowned self] in
            self.attempts[number] = nil
            self.times?.remove(number)
        }
        attempts[number] = attempt
        guard let server = check.server else {
            attempt.isOwnServer = true
            start(attempt, number, at: resolver.servers)
            return AttemptID(number: number)
        }
        attempt.cancelLookup = resolver.addresses(
            of: server.host, port: server.port, version: check.version, deadline: attempt.deadline
        ) { [unowned self, weak attempt] result in
            // What was refused for want of room answers even if it was taken back.
            guard let attempt else { return }
            attempt.cancelLookup = nil
            switch result {
            case .success(let addresses): self.start(attempt, number, at: addresses)
            case .failure(let error):
                attempt.finishLater(words: error.description, blame: error.blame)
            }
        }
        return AttemptID(number: number)
    }

    func cancel(_ id: AttemptID) {
        if let attempt = attempts.removeValue(forKey: id.number) { attempt.abandon() }
        times?.remove(id.number)
    }

    private func start(_ attempt: DNSAttempt, _ number: UInt64, at addresses: [SocketAddress]) {
        attempt.start(at: addresses.prefix(Self.addressesMax))
        if attempts[number] != nil { times?.set(number, at: attempt.nextTime) }
    }

    private func timePassed(_ number: UInt64) {
        guard let attempt = attempts[number] else { return }
        // It may have been put off meanwhile.
        if attempt.nextTime <= loop.now { attempt.timePassed() }
        if attempts[number] != nil { times?.set(number, at: attempt.nextTime) }
    }
}

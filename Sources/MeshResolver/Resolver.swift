import Glibc
package import MeshCore
package import MeshPlatform

/// Names to addresses, without blocking, asked for once however many want them.
///
/// It tells apart whose fault a failure is. That there is no such name is the target's. If servers
/// cannot say, or nobody answers, it depends on whether they answer anything: while a question is
/// open for `doubtAfter` without a word from any server, the root's name servers are asked for,
/// which every server that works knows. If not even that is answered, the fault is this machine's
/// and nothing was learnt about the target.
///
/// Bounds: `questionsMax` names at a time, each with `waitersMax` who wait; `AddressCache`.
package final class Resolver {
    package static let questionsMax = 1_024
    package static let waitersMax = 4_096
    /// The first try of each server; c-ares doubles it with every further one.
    private static let firstTry = TimeSpan.seconds(1)
    private static let tries = 3
    private static let doubtAfter = TimeSpan.milliseconds(500)
    /// How often the system's configuration is looked at for changes, at most.
    private static let configurationLookEvery = TimeSpan.seconds(5)

    package typealias Completion = (Result<[SocketAddress], ResolveError>) -> Void

    /// Which lookup, to take it back.
    package struct Lookup: Hashable, Sendable {
        fileprivate let name: String
        fileprivate let number: UInt64
    }

    private struct Waiter {
        var number: UInt64
        var port: UInt16
        var family: AddressFamily
        var deadline: Instant
        var completion: Completion
    }

    private struct Question {
        var number: UInt64
        var began: Instant
        var waiters: [Waiter] = []
        /// What c-ares said, if that leaves open whose fault it is.
        var undecided: ResolveError.Kind?
    }

    private let loop: EventLoop
    private let givenServers: String?
    private var channel: AresChannel?
    private var questions: [String: Question] = [:]
    private var cache = AddressCache()
    private var lastNumber: UInt64 = 0
    /// When a server last answered something that it could know only if it works.
    private var lastWord: Instant?
    private var isAskingForRoot = false
    /// Not even the root was known when it was last asked for.
    private var isDeaf = false
    /// What the hosts file and the configuration were when the channel was made.
    private var configuration = ConfigurationStamp.now
    private var configurationLookedAt: Instant

    /// Asks the system's name servers, or `servers` (`127.0.0.1:5353,[::1]:5353`).
    package init(on loop: EventLoop, servers: String? = nil) {
        self.loop = loop
        givenServers = servers
        configurationLookedAt = loop.now
        channel = Self.channel(on: loop, servers)
    }

    private static func channel(on loop: EventLoop, _ servers: String?) -> AresChannel? {
        AresChannel(on: loop, servers: servers, firstTry: firstTry, tries: tries)
    }

    package var questionCount: Int { questions.count }
    package var cachedCount: Int { cache.count }
    /// Whom it asks: the machine's servers, in their order.
    package var servers: [SocketAddress] {
        lookAtConfiguration()
        return channel?.servers ?? []
    }

    /// What is known already; `nil` if it has to be looked up.
    package func known(
        _ name: String, port: UInt16, family: AddressFamily
    ) -> Result<[SocketAddress], ResolveError>? {
        guard let hosts = cache.hosts(of: name, now: loop.now) else { return nil }
        return Self.choose(hosts, port, family, of: name)
    }

    /// Looks `name` up and calls `completion` once, never before this returns, at `deadline` at the
    /// latest. Expects a name, not an address.
    @discardableResult
    package func resolve(
        _ name: String, port: UInt16, family: AddressFamily = .any, deadline: Instant,
        _ completion: @escaping Completion
    ) -> Lookup {
        lastNumber += 1
        let lookup = Lookup(name: name, number: lastNumber)
        let isNew = questions[name] == nil
        guard !isNew || questions.count < Self.questionsMax,
            questions[name]?.waiters.count ?? 0 < Self.waitersMax
        else {
            loop.schedule(at: loop.now) {
                completion(
                    .failure(
                        ResolveError(
                            .exhausted, blame: .ownResources,
                            "too many names are being looked up at once")))
            }
            return lookup
        }
        let waiter = Waiter(
            number: lookup.number, port: port, family: family, deadline: deadline,
            completion: completion)
        if isNew { questions[name] = Question(number: lookup.number, began: loop.now) }
        questions[name]?.waiters.append(waiter)
        loop.schedule(at: deadline) { [weak self] in self?.deadlinePassed(lookup) }
        if isNew { ask(name, number: lookup.number, deadline: deadline) }
        return lookup
    }

    /// Its completion is not called any more. The name is still looked up, for the next one.
    package func cancel(_ lookup: Lookup) {
        questions[lookup.name]?.waiters.removeAll { $0.number == lookup.number }
    }

    // MARK: Asking

    private func ask(_ name: String, number: UInt64, deadline: Instant) {
        lookAtConfiguration()
        guard let channel else {
            loop.schedule(at: loop.now) { [weak self] in
                self?.answered(name, number, .failed, [])
            }
            return
        }
        // An answer out of the hosts file comes before `ask` returns, and says nothing about
        // servers.
        var isAsking = true
        channel.ask(for: name) { [weak self, loop] status, found in
            guard let self else { return }
            guard isAsking else { return self.answered(name, number, status, found) }
            loop.schedule(at: loop.now) { [weak self] in
                self?.answered(name, number, status, found, fromServers: false)
            }
        }
        isAsking = false
        let patience = min(Self.doubtAfter, max(.zero, deadline - loop.now) / 4)
        loop.schedule(at: loop.now + patience) { [weak self] in
            guard let self, let question = self.questions[name], question.number == number else {
                return
            }
            self.doubt(since: question.began)
        }
    }

    private func answered(
        _ name: String, _ number: UInt64, _ status: AresChannel.Status,
        _ found: [AresChannel.Found], fromServers: Bool = true
    ) {
        let word: Bool
        switch status {
        case .found, .noSuchName, .noAddress: word = fromServers
        case .refused, .silence, .failed, .malformed: word = false
        }
        if word { (lastWord, isDeaf) = (loop.now, false) }
        guard questions[name]?.number == number else { return }
        switch status {
        case .found:
            let hosts = Route.reachable(found.map(\.address))
            let life = found.map(\.life).min() ?? .zero
            cache.store(hosts, of: name, for: life, now: loop.now)
            finish(name) { Self.choose(hosts, $0.port, $0.family, of: name) }
        case .noSuchName:
            fail(name, .noSuchName, blame: .target)
        case .noAddress:
            fail(name, .noAddress, blame: .target)
        case .malformed:
            fail(name, .noSuchName, blame: .target)
        case .failed:
            fail(name, .exhausted, blame: .ownResources)
        case .refused:
            decide(name, .serversFailed)
        case .silence:
            decide(name, .timedOut)
        }
        if word { decideAll() }
    }

    // MARK: Whose fault

    /// The question has failed. If it is not known yet whether servers answer anything, that is
    /// found out first.
    private func decide(_ name: String, _ kind: ResolveError.Kind) {
        guard let question = questions[name] else { return }
        if hasWord(since: question.began) { return fail(name, kind, blame: .target) }
        questions[name]?.undecided = kind
        doubt(since: question.began)
    }

    private func hasWord(since instant: Instant) -> Bool { lastWord.map { $0 >= instant } ?? false }

    private func doubt(since instant: Instant) {
        guard !hasWord(since: instant), !isAskingForRoot, let channel else { return }
        isAskingForRoot = true
        var isAsking = true
        channel.askForRoot { [weak self, weak channel, loop] status in
            // One that has been replaced has nothing to say any more.
            let answer = { [weak self, weak channel] in
                guard let self, let channel, self.channel === channel else { return }
                self.rootAnswered(status)
            }
            if isAsking { loop.schedule(at: loop.now, answer) } else { answer() }
        }
        isAsking = false
    }

    private func rootAnswered(_ status: AresChannel.Status) {
        isAskingForRoot = false
        switch status {
        case .found, .noSuchName, .noAddress:
            isDeaf = false
            lastWord = loop.now
            decideAll()
        case .refused, .silence, .failed, .malformed:
            isDeaf = true
            // Who waited for this has its answer: nobody knows anything.
            for (name, question) in questions {
                guard let kind = question.undecided else { continue }
                let isTarget = hasWord(since: question.began)
                fail(name, kind, blame: isTarget ? .target : .ownResolver)
            }
        }
    }

    private func decideAll() {
        for (name, question) in questions {
            guard let kind = question.undecided, hasWord(since: question.began) else { continue }
            fail(name, kind, blame: .target)
        }
    }

    private func deadlinePassed(_ lookup: Lookup) {
        guard let question = questions[lookup.name],
            let place = question.waiters.firstIndex(where: { $0.number == lookup.number })
        else { return }
        let waiter = question.waiters[place]
        questions[lookup.name]?.waiters.remove(at: place)
        let blame: Blame = hasWord(since: question.began) ? .target : .ownResolver
        waiter.completion(
            .failure(Self.error(question.undecided ?? .timedOut, blame, lookup.name)))
    }

    // MARK: Answering

    private func fail(_ name: String, _ kind: ResolveError.Kind, blame: Blame) {
        finish(name) { _ in .failure(Self.error(kind, blame, name)) }
    }

    private func finish(
        _ name: String, _ answer: (Waiter) -> Result<[SocketAddress], ResolveError>
    ) {
        guard let question = questions.removeValue(forKey: name) else { return }
        for waiter in question.waiters { waiter.completion(answer(waiter)) }
    }

    private static func choose(
        _ hosts: [SocketAddress], _ port: UInt16, _ family: AddressFamily, of name: String
    ) -> Result<[SocketAddress], ResolveError> {
        let wanted = hosts.filter { host in
            switch family {
            case .any: true
            case .v4: host.isIPv4
            case .v6: !host.isIPv4
            }
        }
        guard !wanted.isEmpty else {
            let kind = family == .any ? "" : family == .v4 ? "IPv4 " : "IPv6 "
            return .failure(
                ResolveError(
                    .noAddress, blame: .target, "the name \(name) has no \(kind)address"))
        }
        return .success(wanted.map { SocketAddress(host: $0.host, port: port) })
    }

    private static func error(
        _ kind: ResolveError.Kind, _ blame: Blame, _ name: String
    ) -> ResolveError {
        let words =
            switch kind {
            case .noSuchName: "the name \(name) does not exist"
            case .noAddress: "the name \(name) has no address"
            case .serversFailed: "the name servers cannot resolve \(name)"
            case .timedOut: "no name server answered for \(name) in time"
            case .exhausted: "this machine cannot look up names"
            }
        return ResolveError(kind, blame: blame, words)
    }

    // MARK: The system's configuration

    /// Looks whether it has changed (a laptop that moved, a renewed lease), between questions, or
    /// once nobody answers any. Not at once: this may run inside an answer of the very channel
    /// that it would end.
    private func lookAtConfiguration() {
        if channel == nil { channel = Self.channel(on: loop, givenServers) }
        guard givenServers == nil, loop.now - configurationLookedAt >= Self.configurationLookEvery
        else {
            return
        }
        configurationLookedAt = loop.now
        loop.schedule(at: loop.now) { [weak self] in
            guard let self, self.isDeaf || self.questions.count <= 1 else { return }
            let stamp = ConfigurationStamp.now
            guard stamp != self.configuration else { return }
            self.configuration = stamp
            self.renew()
        }
    }

    /// Begins anew with what the system says now, and asks what is open once more. Not from within
    /// an answer.
    func renew() {
        guard let next = Self.channel(on: loop, givenServers) else { return }
        for name in Array(questions.keys) {
            lastNumber += 1
            questions[name]?.number = lastNumber
            questions[name]?.undecided = nil
        }
        isAskingForRoot = false
        // As it ends, the old one answers all it was asked, under numbers that nobody knows now.
        withExtendedLifetime(channel) { channel = next }
        for (name, question) in questions {
            guard let last = question.waiters.map(\.deadline).max() else {
                questions[name] = nil
                continue
            }
            ask(name, number: question.number, deadline: last)
        }
    }
}

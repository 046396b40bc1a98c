package import MeshChecks
package import MeshCore
package import MeshHTTPClient
import MeshPatterns
package import MeshPlatform
package import MeshResolver

/// Runs looks, many at once, on the node's loop: each is answered with exactly one observation,
/// within the time that its attempts may take.
///
/// Another kind of check is one file in `Kinds` and one case in `begin` and `cancel`.
package final class CheckRunner {
    /// Looks under way. One more abstains at once, for want of resources. It is not queued: looks
    /// are short and spread over their interval, so that this many are under way only when
    /// thousands of targets are silent at once, and one that waited for those would come late and
    /// say nothing of its own target either.
    package static let looksMax = 4_096

    /// Programs that run at once; further ones wait for a part of their time.
    package static var programsMax: Int { ExecChecker.runningMax }

    /// Which look, to take it back.
    package struct LookID: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// Looks that have begun in one window and not ended. Further ones begin as those end, or with
    /// the next window. A node that takes over thousands of checks at once, or whose targets all
    /// become suspect at once, would else hold a connection for each, with some 15 KiB, and keep the
    /// first answer waiting until it has begun the last look. This many a window are 2,560 a second,
    /// as many as a node can make, so that silent targets hold up nobody.
    package static let startingMax = 256
    private static let window = TimeSpan.milliseconds(100)
    /// A look that could not begin for this long abstains: it would say of its target what was asked
    /// too long ago.
    private static let startWaitMax = TimeSpan.seconds(3)

    /// An object, because it holds a dozen references, which a copy would each count.
    private final class Look {
        let kind: CheckKind
        let completion: (LookResult) -> Void
        let orderedAt: Instant
        /// When it should have begun, if there is a schedule.
        let due: Instant?
        var attempts: [Attempt] = []
        /// The window in which it began.
        var window: UInt64 = 0
        /// `nil` between two attempts.
        var running: AttemptID?

        init(
            _ kind: CheckKind, orderedAt: Instant, due: Instant?,
            _ completion: @escaping (LookResult) -> Void
        ) {
            self.kind = kind
            self.orderedAt = orderedAt
            self.due = due
            self.completion = completion
        }
    }

    private let loop: EventLoop
    private let dns: DNSChecker
    private let exec: ExecChecker
    private let http: HTTPChecker
    private let icmp: ICMPChecker
    private let tcp: TCPChecker
    private let tls: TLSChecker
    private var looks: [UInt64: Look] = [:]
    private var lastNumber: UInt64 = 0
    /// What waits to begin, in its order. It may name looks that were taken back.
    private var waiting = BoundedQueue<UInt64>(limit: looksMax)
    private var windowNumber: UInt64 = 1
    private var windowEnd: Instant
    /// Of the window.
    private var startingCount = 0
    private var nextWindow: LoopAlarm?

    package init(on loop: EventLoop, client: HTTPClient, resolver: Resolver) {
        self.loop = loop
        windowEnd = loop.now
        // One for all kinds: what one has compiled the others find.
        let patterns = ExpressionShelf()
        dns = DNSChecker(on: loop, resolver: resolver, patterns: patterns)
        exec = ExecChecker(on: loop, patterns: patterns)
        http = HTTPChecker(on: loop, client: client, patterns: patterns)
        icmp = ICMPChecker(on: loop, resolver: resolver)
        let desk = CallDesk(on: loop, resolver: resolver)
        tcp = TCPChecker(at: desk, patterns: patterns)
        tls = TLSChecker(at: desk)
        nextWindow = LoopAlarm(on: loop) { [unowned self] in self.startWaiting() }
    }

    package var lookCount: Int { looks.count }
    /// Of all looks that had a schedule.
    package private(set) var startDelays = StartDelays()

    /// Looks once, with as many attempts as `kind` asks for, and calls `completion` once, never
    /// before this returns.
    @discardableResult
    package func look(
        _ kind: CheckKind, due: Instant? = nil, _ completion: @escaping (LookResult) -> Void
    ) -> LookID {
        lastNumber += 1
        let number = lastNumber
        guard looks.count < Self.looksMax else {
            loop.schedule(at: loop.now) {
                completion(LookResult(Observation(.abstained(.noResources), latency: .zero)))
            }
            return LookID(number: number)
        }
        let look = Look(kind, orderedAt: loop.now, due: due, completion)
        looks[number] = look
        // Full of looks that were taken back, in the worst case; one window later it is not.
        if !waiting.append(number) { giveUp(look, number) }
        startWaiting()
        return LookID(number: number)
    }

    /// Its completion is not called any more, and its connections are closed.
    package func cancel(_ id: LookID) {
        guard let look = looks.removeValue(forKey: id.number) else { return }
        if let running = look.running { cancel(running, of: look.kind) }
        leaveWindow(look)
    }

    /// Takes back every look: the checks are not what they were.
    package func cancelAll() {
        for number in Array(looks.keys) { cancel(LookID(number: number)) }
    }

    // MARK: Beginning

    /// Begins what waits, as far as there is room, and sees to it that the rest is begun.
    private func startWaiting() {
        if loop.now >= windowEnd {
            windowNumber += 1
            windowEnd = loop.now + Self.window
            startingCount = 0
        }
        while startingCount < Self.startingMax, let number = waiting.popFirst() {
            guard let look = looks[number] else { continue }
            guard loop.now - look.orderedAt <= Self.startWaitMax else {
                giveUp(look, number)
                continue
            }
            look.window = windowNumber
            startingCount += 1
            // The clock itself: what this turn did before counts as well.
            if let due = look.due { startDelays.note(SystemClock.now - due) }
            attempt(look, number)
        }
        if !waiting.isEmpty { nextWindow?.set(at: windowEnd) }
    }

    private func giveUp(_ look: Look, _ number: UInt64) {
        looks[number] = nil
        loop.schedule(at: loop.now) {
            look.completion(LookResult(Observation(.abstained(.noResources), latency: .zero)))
        }
    }

    /// A look is over: another may begin.
    private func leaveWindow(_ look: Look) {
        guard look.window == windowNumber else { return }
        startingCount -= 1
        if !waiting.isEmpty { startWaiting() }
    }

    private func attempt(_ look: Look, _ number: UInt64) {
        look.running = begin(look.kind) { [weak self] attempt in self?.ended(number, attempt) }
    }

    private func ended(_ number: UInt64, _ attempt: Attempt) {
        guard let look = looks[number] else { return }
        look.running = nil
        // The one place that what every kind says goes through. Most attempts say nothing.
        look.attempts.append(attempt.hasWords ? attempt.redacted(by: look.kind.redaction) : attempt)
        let plan = look.kind.attempts
        guard plan.isDecided(by: look.attempts) else {
            loop.schedule(at: loop.now + plan.spacing) { [weak self] in
                guard let self, let look = self.looks[number] else { return }
                self.attempt(look, number)
            }
            return
        }
        looks[number] = nil
        leaveWindow(look)
        look.completion(plan.conclude(look.attempts))
    }

    // MARK: Kinds

    private func begin(_ kind: CheckKind, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        switch kind {
        case .dns(let check): dns.begin(check, done)
        case .exec(let check): exec.begin(check, done)
        case .http(let check): http.begin(check, done)
        case .icmp(let check): icmp.begin(check, done)
        case .tcp(let check): tcp.begin(check, done)
        case .tls(let check): tls.begin(check, done)
        }
    }

    private func cancel(_ attempt: AttemptID, of kind: CheckKind) {
        switch kind {
        case .dns: dns.cancel(attempt)
        case .exec: exec.cancel(attempt)
        case .http: http.cancel(attempt)
        case .icmp: icmp.cancel(attempt)
        case .tcp: tcp.cancel(attempt)
        case .tls: tls.cancel(attempt)
        }
    }
}

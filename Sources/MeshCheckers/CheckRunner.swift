package import MeshChecks
import MeshCore
package import MeshHTTPClient
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

    /// Which look, to take it back.
    package struct LookID: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// An object, because it holds a dozen references, which a copy would each count.
    private final class Look {
        let kind: CheckKind
        let completion: (Observation) -> Void
        var attempts: [Attempt] = []
        /// `nil` between two attempts.
        var running: AttemptID?

        init(_ kind: CheckKind, _ completion: @escaping (Observation) -> Void) {
            self.kind = kind
            self.completion = completion
        }
    }

    private let loop: EventLoop
    private let http: HTTPChecker
    private let tcp: TCPChecker
    private var looks: [UInt64: Look] = [:]
    private var lastNumber: UInt64 = 0

    package init(on loop: EventLoop, client: HTTPClient, resolver: Resolver) {
        self.loop = loop
        http = HTTPChecker(on: loop, client: client)
        tcp = TCPChecker(on: loop, resolver: resolver, client: client)
    }

    package var lookCount: Int { looks.count }

    /// Looks once, with as many attempts as `kind` asks for, and calls `completion` once, never
    /// before this returns.
    @discardableResult
    package func look(
        _ kind: CheckKind, _ completion: @escaping (Observation) -> Void
    ) -> LookID {
        lastNumber += 1
        let number = lastNumber
        guard looks.count < Self.looksMax else {
            loop.schedule(at: loop.now) {
                completion(Observation(.abstained(.noResources), latency: .zero))
            }
            return LookID(number: number)
        }
        let look = Look(kind, completion)
        looks[number] = look
        attempt(look, number)
        return LookID(number: number)
    }

    /// Its completion is not called any more, and its connections are closed.
    package func cancel(_ id: LookID) {
        guard let look = looks.removeValue(forKey: id.number), let running = look.running else {
            return
        }
        cancel(running, of: look.kind)
    }

    /// Takes back every look: the checks are not what they were.
    package func cancelAll() {
        for number in Array(looks.keys) { cancel(LookID(number: number)) }
    }

    private func attempt(_ look: Look, _ number: UInt64) {
        look.running = begin(look.kind) { [weak self] attempt in self?.ended(number, attempt) }
    }

    private func ended(_ number: UInt64, _ attempt: Attempt) {
        guard let look = looks[number] else { return }
        look.running = nil
        look.attempts.append(attempt)
        let plan = look.kind.attempts
        guard plan.isDecided(by: look.attempts) else {
            loop.schedule(at: loop.now + plan.spacing) { [weak self] in
                guard let self, let look = self.looks[number] else { return }
                self.attempt(look, number)
            }
            return
        }
        looks[number] = nil
        look.completion(plan.conclude(look.attempts))
    }

    // MARK: Kinds

    private func begin(_ kind: CheckKind, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        switch kind {
        case .http(let check): http.begin(check, done)
        case .tcp(let check): tcp.begin(check, done)
        }
    }

    private func cancel(_ attempt: AttemptID, of kind: CheckKind) {
        switch kind {
        case .http: http.cancel(attempt)
        case .tcp: tcp.cancel(attempt)
        }
    }
}

/// Which of a checker's attempts.
struct AttemptID: Hashable, Sendable {
    let number: UInt64
}

/// Tries one kind of check. `done` is called once, within the attempt's timeout, and never before
/// `begin` returns.
protocol Checker: AnyObject {
    associatedtype Check
    func begin(_ check: Check, _ done: @escaping (Attempt) -> Void) -> AttemptID
    /// `done` is not called any more.
    func cancel(_ attempt: AttemptID)
}

extension Attempt {
    /// What a failure says: of the target, or only of this node.
    init(failed words: String, blame: Blame, after span: TimeSpan) {
        self =
            switch blame {
            case .target: .failed(Reason(words), after: span)
            case .ownResources: .impossible(.noResources)
            case .ownResolver: .impossible(.noResolver)
            }
    }
}

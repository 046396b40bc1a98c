import MeshChecks
import MeshCore
import MeshHTTPClient
import MeshPatterns
import MeshPlatform

/// One request and a judgement of its answer. The body is read to its end or its bound even where
/// nothing is looked for in it: a page that stops half way is broken for whoever visits it.
final class HTTPChecker: Checker {
    private let loop: EventLoop
    private let client: HTTPClient
    private let patterns: ExpressionShelf
    private var transfers: [AttemptID: HTTPClient.TransferID] = [:]
    private var lastNumber: UInt64 = 0

    init(on loop: EventLoop, client: HTTPClient, patterns: ExpressionShelf) {
        self.loop = loop
        self.client = client
        self.patterns = patterns
    }

    func begin(_ check: HTTPCheck, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        lastNumber += 1
        let attempt = AttemptID(number: lastNumber)
        let request: HTTPRequest
        do throws(HTTPURL.Fault) {
            request = try HTTPRequest(check)
        } catch {
            let words = error.words
            loop.schedule(at: loop.now) { done(.failed(Reason(words), after: .zero)) }
            return attempt
        }
        let began = loop.now
        transfers[attempt] = client.send(request) { [weak self, loop, patterns] result in
            self?.transfers[attempt] = nil
            switch result {
            case .success(let response):
                done(Self.judge(response, by: check, patterns))
            case .failure(let error):
                done(
                    Attempt(
                        failed: error.description, blame: error.blame, after: loop.now - began)
                )
            }
        }
        return attempt
    }

    func cancel(_ attempt: AttemptID) {
        guard let transfer = transfers.removeValue(forKey: attempt) else { return }
        client.cancel(transfer)
    }

    private static func judge(
        _ response: HTTPResponse, by check: HTTPCheck, _ patterns: ExpressionShelf
    ) -> Attempt {
        let span = response.timings.untilAnswer
        func failed(_ words: String) -> Attempt { .failed(Reason(words), after: span) }
        guard check.expectedStatus.contains(response.status) else {
            return failed("status \(response.status), expected \(check.expectedStatus)")
        }
        let extent = response.isBodyCut ? "the first MiB of the response" : nil
        if let reason = check.texts.judge(
            response.body, called: "response", extent: extent, patterns)
        {
            return .failed(reason, after: span)
        }
        return .answered(span)
    }
}

extension HTTPRequest {
    fileprivate init(_ check: HTTPCheck) throws(HTTPURL.Fault) {
        self.init(
            try HTTPURL(check.url.text), method: check.method.text,
            headers: check.headers.compactMap { HTTPField($0.name, $0.value.revealed) },
            body: check.body.map { Array($0.revealed.utf8) } ?? [],
            timeout: check.attempts.timeout,
            redirects: check.followsRedirects ? HTTPCheck.redirectsMax : 0,
            bodyLimit: HTTPCheck.answerByteCountMax, trust: Trust(check.trust),
            credentials: check.credentials.map {
                Credentials(user: $0.username, password: $0.password.revealed)
            })
    }
}

extension HTTPRequest.Trust {
    init(_ trust: TLSTrust) {
        self =
            switch trust {
            case .system: .systemRoots
            case .file(let path): .rootsFile(path)
            case .anything: .anybody
            }
    }
}

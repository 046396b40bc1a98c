import MeshChecks
import MeshCore
import MeshCrypto
import MeshHTTPClient
import MeshPatterns
import MeshPlatform
import MeshResolver

/// One request and a judgement of its answer. The body is read to its end or its bound even where
/// nothing is looked for in it: a page that stops half way is broken for whoever visits it.
final class HTTPChecker: Checker {
    private let loop: EventLoop
    private let client: HTTPClient
    private let patterns: ExpressionShelf

    init(on loop: EventLoop, client: HTTPClient, patterns: ExpressionShelf) {
        self.loop = loop
        self.client = client
        self.patterns = patterns
    }

    func begin(_ check: HTTPCheck, _ done: @escaping (Attempt) -> Void) -> AttemptID {
        let began = loop.now
        let transfer = client.send(HTTPRequest(check)) { [loop, patterns] result in
            switch result {
            case .success(let response): done(Self.judge(response, by: check, patterns))
            case .failure(let error) where error.kind == .unusableFile:
                done(Self.unusable(error, by: check))
            case .failure(let error):
                done(
                    Attempt(
                        failed: error.description, blame: error.blame, after: loop.now - began
                    ).measuring(Measurements(error.timings)))
            }
        }
        return AttemptID(number: transfer.number)
    }

    func cancel(_ attempt: AttemptID) {
        client.cancel(HTTPClient.TransferID(number: attempt.number))
    }

    /// libcurl does not tell the files apart; reading them once more does.
    private static func unusable(_ error: TransferError, by check: HTTPCheck) -> Attempt {
        do throws(CertificateContext.Fault) {
            _ = try CertificateContext(check.trust, identity: check.extras.values.identity)
        } catch {
            return .unusable(error)
        }
        var measurements = Measurements()
        measurements.remark = Reason(error.description)
        return .impossible(.unusableFile).measuring(measurements)
    }

    private static func judge(
        _ response: HTTPResponse, by check: HTTPCheck, _ patterns: ExpressionShelf
    ) -> Attempt {
        var answer = HTTPAnswer(status: response.status)
        answer.body = response.body
        answer.isBodyCut = response.isBodyCut
        answer.headers = response.headers
        var measurements = Measurements(response.timings)
        measurements.status = response.status
        if !check.extras.areUsual {
            answer.isVersionTwo = response.isVersionTwo
            answer.certificate = response.firstEnding.map { ($0.host, $0.end) }
            measurements.certificateEnds = response.firstEnding?.end
        }
        let outcome = check.judge(answer, now: SystemClock.wallTime, patterns)
        return Attempt(outcome: outcome, span: response.timings.untilAnswer)
            .measuring(measurements)
    }
}

extension Measurements {
    /// Without what did not happen.
    init(_ timings: HTTPTimings) {
        self.init()
        func unlessZero(_ span: TimeSpan) -> TimeSpan? { span > .zero ? span : nil }
        resolve = unlessZero(timings.nameLookup)
        connect = unlessZero(timings.connect)
        tls = unlessZero(timings.tls)
        processing = unlessZero(timings.firstByte)
        transfer = unlessZero(timings.transfer)
    }
}

extension HTTPRequest {
    fileprivate init(_ check: HTTPCheck) {
        let url = check.url
        self.init(
            HTTPURL(
                known: url.text, isSecure: url.isSecure, host: url.authority.host,
                port: url.authority.port), method: check.method.text,
            headers: check.headers.compactMap { HTTPField($0.name, $0.value.revealed) },
            body: check.body.map { Array($0.revealed.utf8) } ?? [],
            timeout: check.attempts.timeout, redirects: check.redirects,
            bodyLimit: HTTPCheck.answerByteCountMax, trust: check.trust)
        bodyKeptMax = check.bodyByteCountNeeded
        if !check.extras.areUsual { add(check.extras.values) }
    }

    private mutating func add(_ values: HTTPExtras.Values) {
        switch values.authorization {
        case .basic(let credentials)?: self.credentials = Credentials(credentials)
        case .bearer(let token)?:
            headers += [HTTPField("Authorization", "Bearer \(token.revealed)")].compactMap { $0 }
        case nil: break
        }
        bodyLimit = values.answerByteCount
        headersWanted = values.headers.map(\.name)
        version =
            switch values.version {
            case .one: .http1
            case .two: .http2
            case .any: .negotiated
            }
        family = AddressFamily(values.ipVersion)
        var extras = Extras()
        extras.acceptsGzip = values.acceptsGzip
        extras.wantsCertificates = values.certificate != nil
        extras.identity = values.identity
        extras.serverName = values.serverName
        extras.proxy = values.proxy.map { proxy in
            Proxy(
                kind: proxy.kind == .http ? .http : .socks5, host: proxy.address.host,
                port: proxy.address.port, credentials: proxy.credentials.map(Credentials.init))
        }
        extras.place = values.place.map { Override(host: $0.host, port: $0.port) }
        self.extras = extras
    }
}

extension HTTPRequest.Credentials {
    fileprivate init(_ credentials: BasicCredentials) {
        self.init(user: credentials.username, password: credentials.password.revealed)
    }
}

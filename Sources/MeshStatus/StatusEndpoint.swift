import MeshChecks
package import MeshCore
import MeshMembership
package import MeshPlatform

/// What a node serves over HTTP: routes, and who may change something. It reads everything through
/// `StatusSource` and decides nothing.
package final class StatusEndpoint {
    package struct Options: Sendable {
        package var limits = EndpointLimits()
        /// SHA-256 of each token that may change something. Without one nobody may, from nowhere: a
        /// page in a browser on the same machine reaches the loopback address, too.
        package var tokens: [Bytes32] = []
        package init() {}
    }

    /// With the port that was taken where 0 was asked for.
    package var address: SocketAddress { server.address }
    package var counters: EndpointCounters {
        var counters = server.counters
        counters.unauthorized = unauthorized
        return counters
    }
    /// They may change while the node runs.
    package var tokens: [Bytes32]

    private(set) weak var source: (any StatusSource)?
    private let cryptography: any Cryptography
    let pagePolicy: String
    private var unauthorized = 0
    private let server: HTTPServer
    let loop: EventLoop

    /// Listens on `address`; the source is not held.
    package init(
        on loop: EventLoop, at address: SocketAddress, source: any StatusSource,
        options: Options = .init(), cryptography: any Cryptography
    ) throws(SystemError) {
        self.loop = loop
        self.source = source
        self.cryptography = cryptography
        pagePolicy = PageDocument.policy(using: cryptography)
        tokens = options.tokens
        let relay = Relay()
        server = try HTTPServer(on: loop, at: address, limits: options.limits) { request, answer in
            relay.endpoint?.answer(request, answer)
        }
        relay.endpoint = self
    }

    /// The server is there before the endpoint is.
    private final class Relay {
        weak var endpoint: StatusEndpoint?
    }

    /// Closes every connection and the socket.
    package func stop() { server.stop() }

    // MARK: Routes

    private func answer(_ request: Request, _ answer: @escaping (Response) -> Void) {
        guard let source else {
            return answer(.problem(503, "Service Unavailable", "The node is stopping."))
        }
        switch request.path {
        case []: read(request, answer) { page(source, request, answer) }
        case ["livez"], ["healthz"]:
            // That this is answered at all says that the loop turns.
            read(request, answer) { answer(.text("ok\n")) }
        case ["readyz"]: read(request, answer) { answer(readiness(source, request)) }
        case ["metrics"]:
            read(request, answer) {
                let document = MetricsDocument(source, counters)
                answer(.pieces(document.stream, type: MetricsDocument.type, for: request))
            }
        default:
            guard request.path.count >= 3, request.path[0] == "api", request.path[1] == "v1" else {
                return answer(.notFound(request))
            }
            answerAPI(source, request, answer)
        }
    }

    private func answerAPI(
        _ source: any StatusSource, _ request: Request, _ answer: @escaping (Response) -> Void
    ) {
        switch (request.path[2], request.path.count) {
        case ("status", 3): read(request, answer) { answer(status(source, request)) }
        case ("members", 3): read(request, answer) { answer(members(source, request)) }
        case ("checks", 3): read(request, answer) { answer(checks(source, request)) }
        case ("checks", 4): read(request, answer) { check(source, request, answer) }
        case ("incidents", 3): read(request, answer) { incidents(source, request, answer) }
        case ("flips", 4): read(request, answer) { flip(source, request, answer) }
        case ("notifications", 3):
            read(request, answer) { notifications(source, request, answer) }
        case ("forget", 3): change(request, answer) { answer(forget(source, request)) }
        default: answer(.notFound(request))
        }
    }

    private func read(
        _ request: Request, _ answer: (Response) -> Void, _ body: () -> Void
    ) {
        switch request.method {
        case .get, .head: body()
        case .post, .other: answer(.notAllowed("GET, HEAD"))
        }
    }

    private func change(
        _ request: Request, _ answer: (Response) -> Void, _ body: () -> Void
    ) {
        guard case .post = request.method else { return answer(.notAllowed("POST")) }
        if let refusal = refusal(of: request) {
            unauthorized += 1
            return answer(refusal)
        }
        body()
    }

    // MARK: Who may change something

    private func refusal(of request: Request) -> Response? {
        guard !tokens.isEmpty else {
            return .problem(
                403, "Forbidden",
                "Nothing can be changed over HTTP: no token is configured in http.tokens.")
        }
        let challenge = [("WWW-Authenticate", "Bearer realm=\"checkmesh\"")]
        guard let header = request.authorization else {
            return .problem(
                401, "Unauthorized", "This needs Authorization: Bearer and a token.",
                headers: challenge)
        }
        let words = header.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            return .problem(
                401, "Unauthorized", "The Authorization header is not Bearer and a token.",
                headers: challenge)
        }
        let presented = cryptography.sha256(Array(words[1].utf8)).array
        // Every token, and every byte of it: how long it takes tells nothing.
        var isKnown = false
        for token in tokens {
            var difference: UInt8 = 0
            for (left, right) in zip(presented, token.array) { difference |= left ^ right }
            isKnown = isKnown || difference == 0
        }
        return isKnown
            ? nil
            : .problem(
                401, "Unauthorized", "The token is not one that is configured.",
                headers: challenge)
    }

    private func forget(_ source: any StatusSource, _ request: Request) -> Response {
        guard let name = request.parameter("node") ?? FlatJSON(request.body)?.fields["node"] else {
            return .problem(
                400, "Bad Request", "Expected {\"node\": \"a name or id\"}, or ?node=.")
        }
        switch source.forget(name) {
        case .forgotten:
            var json = JSONWriter()
            json.object { json in json.field("forgotten") { $0.string(name) } }
            return Response(
                status: 200, type: Response.json, headers: [("Cache-Control", "no-store")],
                body: .bytes(json.bytes))
        case .unknown:
            return .problem(404, "Not Found", "No member is called \(name).")
        case .notDead(let state):
            return .problem(
                409, "Conflict",
                "\(name) is \(state.word); only a dead member can be forgotten.")
        }
    }

    // MARK: Health

    private func readiness(_ source: any StatusSource, _ request: Request) -> Response {
        let conditions = source.conditions
        let troubles = conditions.compactMap { condition in
            condition.trouble.map { "\(condition.name): \($0)" }
        }
        guard troubles.isEmpty else {
            return .problem(503, "Not Ready", troubles.joined(separator: "; "))
        }
        guard request.parameter("verbose") != nil else { return .text("ok\n") }
        return .text(conditions.map { "\($0.name): ok\n" }.joined())
    }
}

extension Response {
    static func text(_ text: String) -> Response {
        Response(
            status: 200, type: "text/plain; charset=utf-8",
            headers: [("Cache-Control", "no-store")], body: .bytes(Array(text.utf8)))
    }

    static func notFound(_ request: Request) -> Response {
        .problem(404, "Not Found", "There is nothing at /\(request.path.joined(separator: "/")).")
    }

    static func notAllowed(_ methods: String) -> Response {
        .problem(
            405, "Method Not Allowed", "Here one may \(methods).", headers: [("Allow", methods)])
    }

    static func unavailable(_ reason: Unavailable) -> Response {
        .problem(
            503, "Service Unavailable", reason.reason, headers: [("Retry-After", "5")])
    }
}

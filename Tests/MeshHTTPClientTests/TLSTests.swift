import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshResolver
import MeshTestSupport
import Testing

@Suite(.enabled(if: WebServer.isInstalled, "needs nginx and openssl")) struct TLSTests {
    private let loop: EventLoop
    private let client: HTTPClient
    private let server: WebServer

    init() throws {
        loop = try EventLoop()
        client = try HTTPClient(on: loop, resolver: Resolver(on: loop))
        server = try WebServer()
    }

    private func get(
        _ text: String, _ trust: TLSTrust,
        version: HTTPRequest.Version = .http1
    ) throws -> Result<HTTPResponse, TransferError> {
        var result: Result<HTTPResponse, TransferError>?
        let request = HTTPRequest(
            try HTTPURL(text), timeout: .seconds(10), trust: trust, version: version)
        client.send(request) { result = $0 }
        #expect(try loop.turn { result != nil })
        return try #require(result)
    }

    private func error(_ text: String, _ trust: TLSTrust) throws -> TransferError {
        switch try get(text, trust) {
        case .failure(let error): return error
        case .success: throw TransferError(.cancelled, blame: .target, "expected a failure")
        }
    }

    @Test func `a certificate is believed by the roots that are given, and by nobody else`() throws
    {
        let roots = TLSTrust.file(server.rootsFile)
        let response = try get("https://\(server.good)/", roots).get()
        #expect(response.status == 200)
        #expect(response.timings.tls > .zero)
        #expect(
            try get("https://localhost:\(server.good.port)/", roots, version: .negotiated)
                .get().body == Array("secret\n".utf8))
        let stranger = try error("https://\(server.good)/", .system)
        #expect(stranger.kind == .untrusted)
        #expect(stranger.blame == .target)
        #expect(stranger.description == "the certificate's issuer is not known here")
        #expect(try get("https://\(server.good)/", .anything).get().status == 200)
    }

    @Test func `a certificate that has expired, or is for another, is not believed`() throws {
        let roots = TLSTrust.file(server.rootsFile)
        #expect(
            try error("https://\(server.expired)/", roots).description
                == "the certificate has expired")
        #expect(
            try error("https://\(server.misnamed)/", roots).description
                == "the certificate is not for 127.0.0.1")
        #expect(try get("https://\(server.expired)/", .anything).get().status == 200)
    }

    @Test func `a file of roots that is not there is this machine's fault`() throws {
        let error = try error("https://\(server.good)/", .file("/nowhere.pem"))
        #expect(error.kind == .unusableFile)
        #expect(error.blame == .ownResources)
    }

    @Test func `a server without TLS fails the handshake`() throws {
        let error = try error("https://\(server.plain)/", .anything)
        #expect(error.kind == .tlsFailed)
        #expect(error.blame == .target)
    }
}

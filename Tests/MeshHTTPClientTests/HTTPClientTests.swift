import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshResolver
import MeshTestSupport
import Testing

/// A loop, a client on it, and what it answered.
private final class Bench {
    let loop: EventLoop
    let resolver: Resolver
    let client: HTTPClient
    var results: [Result<HTTPResponse, TransferError>] = []

    init() throws {
        loop = try EventLoop()
        resolver = Resolver(on: loop)
        client = try HTTPClient(on: loop, resolver: resolver)
    }

    @discardableResult
    func send(_ request: HTTPRequest) -> HTTPClient.TransferID {
        client.send(request) { self.results.append($0) }
    }

    func get(
        _ address: SocketAddress, _ path: String = "/", timeout: TimeSpan = .seconds(5),
        redirects: Int = 0, bodyLimit: Int = HTTPRequest.bodyByteCountMax
    ) throws -> Result<HTTPResponse, TransferError> {
        let url = try HTTPURL("http://\(address)\(path)")
        results = []
        send(
            HTTPRequest(url, timeout: timeout, redirects: redirects, bodyLimit: bodyLimit))
        #expect(results.isEmpty)
        #expect(try loop.turn { !results.isEmpty })
        #expect(client.transferCount == 0)
        return try #require(results.first)
    }

    func failure(
        _ address: SocketAddress, _ path: String = "/", timeout: TimeSpan = .seconds(5),
        redirects: Int = 0
    ) throws -> TransferError {
        switch try get(address, path, timeout: timeout, redirects: redirects) {
        case .failure(let error): return error
        case .success(let response):
            Issue.record("expected a failure, got \(response.status)")
            throw TransferError(.cancelled, blame: .target, "none")
        }
    }
}

@Suite struct HTTPClientTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    @Test func `a response has its status, its body, the headers that were wanted and timings`()
        throws
    {
        let server = try LoopbackServer.http(on: bench.loop) { request in
            #expect(request.hasPrefix("POST /hook?a=b HTTP/1.1\r\n"))
            #expect(request.contains("\r\nIdempotency-Key: 42\r\n"))
            #expect(request.contains("\r\nConnection: close\r\n"))
            #expect(request.contains("\r\nX-Empty:\r\n"))
            #expect(request.hasSuffix("\r\n\r\n{}"))
            return LoopbackServer.response("202 Fine", "taken", headers: "Retry-After: 7\r\n")
        }
        let url = try HTTPURL("http://\(server.address)/hook?a=b")
        let fields = ["Idempotency-Key": "42", "X-Empty": ""].compactMap { HTTPField($0, $1) }
        bench.send(
            HTTPRequest(
                url, method: "POST", headers: fields, body: Array("{}".utf8),
                timeout: .seconds(5), headersWanted: ["retry-after", "x-none"]))
        #expect(try bench.loop.turn { !bench.results.isEmpty })
        let response = try #require(try bench.results.first?.get())
        #expect(response.status == 202)
        #expect(response.body == Array("taken".utf8))
        #expect(!response.isBodyCut)
        #expect(response.headers == ["retry-after": "7"])
        #expect(response.timings.connect > .zero)
        #expect(response.timings.firstByte > .zero)
        #expect(response.timings.total >= response.timings.untilAnswer)
    }

    @Test func `a port where nobody listens refuses, and that is the target's fault`() throws {
        let error = try bench.failure(try .refusing(on: bench.loop))
        #expect(error.description == "connection refused")
        #expect(error.kind == .cannotConnect)
        #expect(error.blame == .target)
    }

    @Test func `a target that drops packets times out while connecting`() throws {
        // One connection fills a queue of none; the next one's first packet is dropped.
        let hole = try LoopbackServer(on: bench.loop, backlog: 0, nil)
        let full = try bench.failure(hole.address, timeout: .milliseconds(300))
        #expect(full.kind == .timedOut(.waiting))
        let filler = try Bench()
        filler.send(
            HTTPRequest(try HTTPURL("http://\(hole.address)/"), timeout: .seconds(5)))
        try filler.loop.turn(waitMax: .zero)
        try filler.loop.turn(waitMax: .zero)
        let error = try bench.failure(hole.address, timeout: .milliseconds(300))
        #expect(error.description == "timed out after 300 ms while connecting")
        #expect(error.blame == .target)
    }

    @Test func `a machine without a route abstains`() throws {
        // 255.255.255.255 may not be connected to: the kernel itself says so.
        let error = try bench.failure(SocketAddress(ipv4: 0xFFFF_FFFF, port: 80))
        #expect(error.blame == .ownResources)
    }

    @Test func `one that accepts and says nothing times out while it is waited for`() throws {
        let server = try LoopbackServer(on: bench.loop) { _ in }
        let error = try bench.failure(server.address, timeout: .milliseconds(200))
        #expect(error.description == "timed out after 200 ms while waiting for the answer")
    }

    @Test func `a body that trickles does not outlast the timeout`() throws {
        let server = try LoopbackServer(on: bench.loop) { peer in
            peer.receive = { peer in
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                func drip() {
                    peer.send("x")
                    bench.loop.schedule(at: bench.loop.now + .milliseconds(20)) { drip() }
                }
                drip()
            }
        }
        let error = try bench.failure(server.address, timeout: .milliseconds(300))
        #expect(error.kind == .timedOut(.reading))
    }

    @Test func `an endless body is cut where the limit is, which is no failure`() throws {
        let server = try LoopbackServer(on: bench.loop) { peer in
            peer.receive = { peer in
                peer.send("HTTP/1.1 200 OK\r\n\r\n")
                func pour() {
                    while peer.send([UInt8](repeating: 0x61, count: 65_536)) {}
                    guard !bench.results.isEmpty else {
                        bench.loop.schedule(at: bench.loop.now + .milliseconds(1)) { pour() }
                        return
                    }
                }
                pour()
            }
        }
        let response = try bench.get(server.address).get()
        #expect(response.isBodyCut)
        #expect(response.body.count == HTTPRequest.bodyByteCountMax)
    }

    @Test
    func `garbage, a head without an end and a connection that breaks are the target's faults`()
        throws
    {
        let answers: [(String, TransferError.Kind)] = [
            ("SSH-2.0-OpenSSH_9.2\r\n", .notHTTP),
            ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", .broken),
            ("", .broken),
            (
                "HTTP/1.1 200 OK\r\n" + String(repeating: "A: aaaaaaaaaaaaaa\r\n", count: 5_000),
                .notHTTP
            ),
            ("HTTP/1.1 200 OK\r\nA: " + String(repeating: "a", count: 200_000), .notHTTP),
        ]
        for (answer, kind) in answers {
            let server = try LoopbackServer.http(on: bench.loop) { _ in answer }
            let error = try bench.failure(server.address)
            #expect(error.kind == kind, "\(error) for \(answer.prefix(30))")
            #expect(error.blame == .target)
        }
        let server = try LoopbackServer(on: bench.loop) { peer in peer.receive = { $0.reset() } }
        let error = try bench.failure(server.address)
        #expect(
            error.description == "the connection was reset while waiting for the answer")
    }

    @Test func `redirects are followed as often as is asked, and take their method with them`()
        throws
    {
        var requests: [String] = []
        let server = try LoopbackServer.http(on: bench.loop) { request in
            requests.append(String(request.prefix { $0 != "\r" && $0 != "\r\n" }))
            switch requests.last {
            case "GET /a HTTP/1.1": return Self.moved("302 Found", "/b")
            case "GET /b HTTP/1.1": return Self.moved("307 Temporary Redirect", "c?d")
            default: return LoopbackServer.response("200 OK", "here")
            }
        }
        let followed = try bench.get(server.address, "/a", redirects: 2).get()
        #expect(followed.status == 200)
        #expect(followed.redirectsFollowed == 2)
        #expect(followed.url.text.hasSuffix("/c?d"))
        #expect(requests == ["GET /a HTTP/1.1", "GET /b HTTP/1.1", "GET /c?d HTTP/1.1"])
        #expect(try bench.get(server.address, "/a").get().status == 302)
    }

    @Test func `a loop of redirects ends`() throws {
        let server = try LoopbackServer.http(on: bench.loop) { _ in Self.moved("301 Moved", "/a") }
        let error = try bench.failure(server.address, "/a", redirects: 10)
        #expect(error.description == "redirected more than 10 times")
        #expect(server.accepted == 11)
    }

    @Test func `a redirect out of the web is refused, and headers do not follow to another host`()
        throws
    {
        let out = try LoopbackServer.http(on: bench.loop) { _ in
            Self.moved("302 Found", "file:///etc/passwd")
        }
        #expect(try bench.failure(out.address, redirects: 5).kind == .badRedirect)
        var seen = ""
        let other = try LoopbackServer.http(on: bench.loop) { request in
            seen = request
            return LoopbackServer.response("200 OK")
        }
        let server = try LoopbackServer.http(on: bench.loop) { request in
            #expect(request.contains("\r\nAuthorization: Basic dTpw\r\n"))
            #expect(request.contains("\r\nX-Token: t\r\n"))
            return Self.moved("302 Found", "http://\(other.address)/")
        }
        bench.results = []
        bench.send(
            HTTPRequest(
                try HTTPURL("http://\(server.address)/"),
                headers: ["X-Token"].compactMap { HTTPField($0, "t") }, timeout: .seconds(5),
                redirects: 1, credentials: .init(user: "u", password: "p")))
        #expect(try bench.loop.turn { !bench.results.isEmpty })
        #expect(try bench.results.first?.get().status == 200)
        #expect(!seen.contains("Authorization"))
        #expect(!seen.contains("X-Token"))
    }

    @Test func `IPv6 is asked as IPv4 is`() throws {
        let server = try LoopbackServer.http(on: bench.loop, host: .loopback6) { request in
            #expect(request.contains("\r\nHost: [::1]:"))
            return LoopbackServer.response("204 No Content")
        }
        #expect(try bench.get(server.address).get().status == 204)
    }

    @Test func `a name out of the hosts file is resolved here`() throws {
        let server = try LoopbackServer.http(on: bench.loop) { _ in
            LoopbackServer.response("200 OK")
        }
        let url = try HTTPURL("http://localhost:\(server.address.port)/")
        bench.send(HTTPRequest(url, timeout: .seconds(5), family: .v4))
        #expect(try bench.loop.turn { !bench.results.isEmpty })
        #expect(try bench.results.first?.get().status == 200)
        #expect(bench.resolver.cachedCount == 1)
    }

    @Test func `a transfer that is taken back is never heard of, and its connection ends`() throws {
        let server = try LoopbackServer(on: bench.loop) { _ in }
        let url = try HTTPURL("http://\(server.address)/")
        let transfer = bench.send(HTTPRequest(url, timeout: .milliseconds(200)))
        #expect(try bench.loop.turn { server.peers.first?.received.isEmpty == false })
        bench.client.cancel(transfer)
        #expect(bench.client.transferCount == 0)
        #expect(try bench.loop.turn { server.peers.isEmpty })
        #expect(bench.results.isEmpty)
    }

    @Test func `a thousand at once are all answered`() throws {
        let server = try LoopbackServer.http(on: bench.loop) { _ in
            LoopbackServer.response("200 OK", "ok")
        }
        let url = try HTTPURL("http://\(server.address)/")
        for _ in 0..<1_000 { bench.send(HTTPRequest(url, timeout: .seconds(15))) }
        #expect(try bench.loop.turn { bench.results.count == 1_000 })
        #expect(bench.results.allSatisfy { (try? $0.get().status) == 200 })
        #expect(server.accepted == 1_000)
    }

    @Test func `beyond its bound a client says at once that it is full`() throws {
        let server = try LoopbackServer(on: bench.loop, nil)
        let url = try HTTPURL("http://\(server.address)/")
        for _ in 0...HTTPClient.transfersMax {
            bench.send(HTTPRequest(url, timeout: .seconds(60)))
        }
        #expect(bench.client.transferCount == HTTPClient.transfersMax)
        #expect(try bench.loop.turn(within: .seconds(5)) { bench.results.count == 1 })
        guard case .failure(let error) = bench.results[0] else { Issue.record("sent"); return }
        #expect(error.blame == .ownResources)
    }

    private static func moved(_ status: String, _ place: String) -> String {
        LoopbackServer.response(status, headers: "Location: \(place)\r\n")
    }
}

@Suite struct HTTPURLTests {
    @Test(arguments: [
        ("http://example.com", "example.com", 80, false),
        ("https://Example.COM:8443/a?b#c", "example.com", 8_443, false),
        ("http://192.0.2.1:81/", "192.0.2.1", 81, true),
        ("https://[2001:db8::1]/", "2001:db8::1", 443, true),
        ("http://u:p@example.com/", "example.com", 80, false),
        ("http://1.2.3.4.5/", "1.2.3.4.5", 80, false),
        ("http://1.2.3.x/", "1.2.3.x", 80, false),
        ("http://a.1.2.3/", "a.1.2.3", 80, false),
        ("http://255.255.255.255/", "255.255.255.255", 80, true),
    ])
    func `a URL says whom to ask`(text: String, host: String, port: UInt16, isNumeric: Bool) throws
    {
        let url = try HTTPURL(text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.isNumeric == isNumeric)
        #expect(!url.description.contains("p@"))
    }

    @Test(arguments: [
        "", "example.com", "ftp://example.com/", "http://", "http://a b/", "http://a\r\nb/",
        "http://example.com:0/", "http://example.com:99999/", "http://[::1/",
    ])
    func `what cannot be asked is no URL`(text: String) {
        #expect(throws: HTTPURL.Fault.self) { try HTTPURL(text) }
    }

    @Test func `a header cannot begin another line`() {
        #expect(HTTPField("X", "a\r\nY: b") == nil)
        #expect(HTTPField("X:", "a") == nil)
        #expect(HTTPField("", "a") == nil)
        #expect(HTTPField("X-A", "b\tc") != nil)
    }
}

@Suite struct BlockingHTTPTests {
    @Test func `what refuses is told in words`() throws {
        let loop = try EventLoop()
        let address = try SocketAddress.refusing(on: loop)
        let error = try #require(throws: TransferError.self) {
            try BlockingHTTP.get(url: "http://\(address)/", timeout: .seconds(5))
        }
        #expect(error.description == "connection refused")
        #expect(throws: TransferError.self) {
            try BlockingHTTP.get(url: "nonsense", timeout: .seconds(5))
        }
    }
}

import MeshChecks
import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

/// Targets that would hold a look up, or make it hold more than it should.
@Suite struct HTTPHostileTests {
    private let bench: CheckBench
    private static let timeout = TimeSpan.milliseconds(400)

    init() throws { bench = try CheckBench() }

    /// What was seen, and whether that took no longer than its deadline and a breath.
    private func saw(
        _ server: LoopbackServer, _ change: (inout HTTPCheck) throws -> Void = { _ in }
    ) throws -> String {
        var check = HTTPCheck(url: try WebAddress("http://\(server.address)/"))
        check.attempts = AttemptPlan(timeout: Self.timeout)
        try change(&check)
        let began = SystemClock.now
        let seen = try bench.saw(.http(check))
        #expect(SystemClock.now - began < Self.timeout + .milliseconds(1_500))
        return seen
    }

    /// Sends `first`, then `piece` every 10 ms for as long as anybody listens.
    private func dripping(_ first: String, _ piece: String) throws -> LoopbackServer {
        try LoopbackServer(on: bench.loop) { [bench] peer in
            func drip() {
                guard peer.isOpen else { return }
                peer.send(piece)
                bench.loop.schedule(at: bench.loop.now + .milliseconds(10)) { drip() }
            }
            peer.send(first)
            drip()
        }
    }

    /// Sends `first`, then `piece` as fast as it is taken.
    private func pouring(_ first: String, _ piece: String) throws -> LoopbackServer {
        try LoopbackServer(on: bench.loop) { [bench] peer in
            let bytes = Array(
                String(repeating: piece, count: max(1, 65_536 / piece.utf8.count)).utf8)
            func pour() {
                guard peer.isOpen else { return }
                peer.send(bytes)
                bench.loop.schedule(at: bench.loop.now + .milliseconds(1)) { pour() }
            }
            peer.send(first)
            pour()
        }
    }

    @Test func `silence, a slow head and a slow body end at the deadline`() throws {
        let silent = try LoopbackServer(on: bench.loop) { _ in }
        #expect(
            try saw(silent) == "down: timed out after 400 ms while waiting for the answer")
        let head = try saw(dripping("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"))
        #expect(head == "down: timed out after 400 ms while reading the answer")
        #expect(
            try saw(dripping("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "a"))
                == "down: timed out after 400 ms while reading the answer")
        #expect(
            try saw(dripping("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"))
                == "down: timed out after 400 ms while reading the answer")
        // What is asked for has come long before, and nothing more is waited for.
        let early = try saw(dripping("HTTP/1.1 200 OK\r\n\r\n0123456789", "a")) {
            $0.extras.values.answerByteCount = 10
        }
        #expect(early == "up: ")
    }

    @Test func `a handshake that never ends does so, too`() throws {
        let silent = try LoopbackServer(on: bench.loop) { _ in }
        var check = HTTPCheck(url: try WebAddress("https://\(silent.address)/"))
        check.attempts = AttemptPlan(timeout: Self.timeout)
        let seen = try bench.saw(.http(check))
        #expect(seen == "down: timed out after 400 ms during the TLS handshake")
    }

    @Test func `a port without TLS is called that`() throws {
        let plain = try LoopbackServer(on: bench.loop) {
            $0.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        let check = HTTPCheck(url: try WebAddress("https://\(plain.address)/"))
        #expect(
            try bench.saw(.http(check)) == "down: the TLS handshake failed: the answer is not TLS")
    }

    @Test func `a redirect that is not followed says where it leads to`() throws {
        let server = try LoopbackServer.http(on: bench.loop) { _ in
            LoopbackServer.response(
                "302 Found", "<html>moved</html>",
                headers: "Location: https://a.example/login?was=hunter%32hunter2\r\n")
        }
        var check = HTTPCheck(url: try WebAddress("http://\(server.address)/"))
        check.redirects = 0
        check.redaction = Redaction([Secret("hunter2hunter2")])
        #expect(
            try bench.saw(.http(check))
                == "down: status 302, expected 200-299; it leads to 'https://a.example/login?was=***'"
        )
    }

    @Test(arguments: [true, false])
    func `a proxy that wants a password is told apart`(hasPassword: Bool) throws {
        let proxy = try LoopbackServer.http(on: bench.loop) { _ in
            LoopbackServer.response("407 Proxy Authentication Required")
        }
        var check = HTTPCheck(url: try WebAddress("https://a.example/"))
        let address = try HostPort("\(proxy.address)")
        check.extras.values.proxy = HTTPProxy(
            kind: .http, address: address,
            credentials: hasPassword
                ? BasicCredentials(username: "me", password: Secret("hunter2")) : nil)
        let why = hasPassword ? "does not take this name" : "wants a name and a"
        #expect(
            try bench.saw(.http(check))
                == "down: proxy \(proxy.address): it answers CONNECT with 407: it \(why)\(hasPassword ? " and" : "") password"
        )
    }

    @Test func `what never ends is cut`() throws {
        #expect(
            try saw(pouring("HTTP/1.1 200 OK\r\n\r\n", "a")) {
                $0.texts.required = [.contains("b")]
            }
                == "down: the first MiB of the response does not contain 'b'; it begins '\(String(repeating: "a", count: 80))'"
        )
        #expect(
            try saw(pouring("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"))
                == "down: the answer's head is longer than 64 KiB")
        #expect(
            try saw(pouring("HTTP/1.1 200 OK\r\nX-A: ", "a"))
                == "down: the answer's head is longer than 64 KiB")
        #expect(
            try saw(pouring("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "a"))
                .hasPrefix("down: "))
        #expect(try saw(pouring("", "HTTP/1.1 100 Continue\r\n\r\n")).hasPrefix("down: "))
    }

    /// libcurl before 8.1.0 appends such a line to the last one of the answer before, which the same
    /// handle has long let go of: with a handle that is used again this ends the process.
    @Test func `a head that begins with a folded line ends no other's memory`() throws {
        var count = 0
        let server = try LoopbackServer.http(on: bench.loop) { _ in
            count += 1
            let fold =
                count.isMultiple(of: 2) ? "\t\(String(repeating: "a", count: 100 * count))\r\n" : ""
            return "HTTP/1.1 200 OK\r\n\(fold)Server: a\r\nContent-Length: 2\r\n\r\nok"
        }
        for _ in 0..<40 { _ = try saw(server) }
        #expect(count == 40)
    }

    @Test func `one that redirects for ever, or to where nobody can go, is down`() throws {
        func redirecting(_ place: String) throws -> LoopbackServer {
            try .http(on: bench.loop) { _ in
                LoopbackServer.response("302 Found", headers: "Location: \(place)\r\n")
            }
        }
        #expect(try saw(redirecting("/")) == "down: redirected more than 10 times")
        #expect(
            try saw(redirecting("ftp://a.example/"))
                == "down: redirected to where nobody can go: the URL is neither http nor https")
        #expect(try saw(redirecting("http://[")).hasPrefix("down: "))
        #expect(
            try saw(redirecting("http://127.0.0.1:1/"))
                == "down: redirected to 127.0.0.1:1: connection refused")
        #expect(try saw(redirecting("")) == "down: status 302, expected 200-299")
    }

    @Test func `JSON that is deep, long or broken is told and costs little`() throws {
        func answering(_ body: String) throws -> LoopbackServer {
            try .http(on: bench.loop) { _ in LoopbackServer.response("200 OK", body) }
        }
        func judged(_ body: String) throws -> String {
            try saw(answering(body)) { $0.extras.values.json = [try JSONRule("$.a exists")] }
        }
        let prefix = "down: the response is no JSON that can be judged: line 1, column"
        #expect(
            try judged(String(repeating: "[", count: 100_000))
                == "\(prefix) 129: more than 128 values inside each other")
        #expect(
            try judged("[" + String(repeating: "0,", count: 120_000) + "0]")
                == "\(prefix) 200000: more than 100000 values")
        #expect(
            try judged(#"{"a": "#) == "\(prefix) 7: expected a value, found the end of the file")
        #expect(try judged(#"{"a": 1, "a": 2}"#) == "up: ")
    }

    @Test func `an expression that never ends on this answer is given up`() throws {
        let server = try LoopbackServer.http(on: bench.loop) { _ in
            LoopbackServer.response("200 OK", String(repeating: "a", count: 100_000))
        }
        let seen = try saw(server) { $0.texts.required = [.matches("(a+)+\\d")] }
        #expect(
            seen
                == "down: searching the response for '(a+)+\\d' takes too long: simplify the expression"
        )
    }

    @Test func `a proxy is asked in place of the target`() throws {
        var seen = ""
        let proxy = try LoopbackServer.http(on: bench.loop) { request in
            seen = request
            return LoopbackServer.response("200 OK", "from afar")
        }
        let address = try HostPort("\(proxy.address)")
        var check = HTTPCheck(url: try WebAddress("http://nowhere.test/page"))
        check.texts.required = [.contains("from afar")]
        check.extras.values.proxy = HTTPProxy(
            kind: .http, address: address,
            credentials: BasicCredentials(username: "u", password: Secret("p")))
        #expect(try bench.saw(.http(check)) == "up: ")
        #expect(seen.hasPrefix("GET http://nowhere.test/page HTTP/1.1\r\n"))
        #expect(seen.contains("\r\nProxy-Authorization: Basic dTpw\r\n"))

        let refusing = try SocketAddress.refusing(on: bench.loop)
        check.extras.values.proxy = HTTPProxy(kind: .http, address: try HostPort("\(refusing)"))
        #expect(
            try bench.saw(.http(check)) == "down: proxy \(refusing): connection refused")

        let denying = try LoopbackServer.http(on: bench.loop) { _ in
            LoopbackServer.response("403 Forbidden")
        }
        check.url = try WebAddress("https://nowhere.test/")
        check.extras.values.proxy = HTTPProxy(
            kind: .http, address: try HostPort("\(denying.address)"))
        #expect(try bench.saw(.http(check)).contains("403"))
    }

    /// RFC 1928: no authentication, then the name for the proxy to look up.
    @Test func `a proxy of the SOCKS kind is asked for the name`() throws {
        var asked = ""
        let proxy = try LoopbackServer(on: bench.loop) { peer in
            var step = 0
            peer.receive = { peer in
                switch step {
                case 0:
                    step = 1
                    peer.send([5, 0])
                case 1:
                    step = 2
                    asked = peer.text
                    peer.send([5, 0, 0, 1, 127, 0, 0, 1, 0, 80])
                default:
                    guard peer.text.contains("\r\n\r\n") else { return }
                    peer.send(LoopbackServer.response("200 OK"))
                    peer.close()
                }
            }
        }
        var check = HTTPCheck(url: try WebAddress("http://nowhere.test/"))
        check.extras.values.proxy = HTTPProxy(
            kind: .socks5, address: try HostPort("\(proxy.address)"))
        #expect(try bench.saw(.http(check)) == "up: ")
        #expect(asked.contains("nowhere.test"))
    }

    /// Hundreds of answers with bytes changed, cut, doubled or swapped; `scripts/try-answers http`
    /// has thousands.
    @Test func `no mangled answer holds a look up or goes unanswered`() throws {
        let seed: UInt64 = 5
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let answer = AnswerMangler.http(using: &generator)
            let server = try LoopbackServer(on: bench.loop) { peer in
                peer.receive = { peer in
                    guard peer.text.contains("\r\n\r\n") else { return }
                    peer.send(answer)
                    peer.close()
                }
            }
            _ = try saw(server) {
                $0.texts.required = [.contains("ok")]
                $0.redirects = 2
                $0.extras.values.json = [try JSONRule("$.status == 'ok'")]
                $0.extras.values.acceptsGzip = true
                $0.extras.values.headers = [
                    HeaderRule(
                        name: "Server", demand: .texts(TextRules(forbidden: [.contains("x")])))
                ]
            }
        }
        #expect(bench.client.transferCount == 0)
    }
}

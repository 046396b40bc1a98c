import MeshChecks
import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

@Suite struct HTTPCheckerTests {
    private let bench: CheckBench

    init() throws { bench = try CheckBench() }

    private func server(_ status: String, _ body: String = "") throws -> LoopbackServer {
        try .http(on: bench.loop) { _ in LoopbackServer.response(status, body) }
    }

    @Test func `a page that answers as it should is up, and says how long it took`() throws {
        let server = try server("200 OK", "Welcome")
        let observation = try bench.look(
            try bench.web(server.address) { $0.texts.required = [.contains("com")] })
        #expect(observation.outcome == .saw(.up, .none))
        #expect(observation.latency > .zero && observation.latency < .seconds(5))
    }

    @Test func `another status is down, in words`() throws {
        let server = try server("503 Service Unavailable")
        #expect(
            try bench.saw(try bench.web(server.address)) == "down: status 503, expected 200-299")
        let expected = try bench.web(server.address) {
            $0.expectedStatus = StatusSet([503...503]) ?? .successful
        }
        #expect(try bench.saw(expected) == "up: ")
    }

    @Test func `texts that must and must not be there are looked for`() throws {
        let server = try server("200 OK", "Welcome to nginx")
        let address = server.address
        #expect(
            try bench.saw(try bench.web(address) { $0.texts.required = [.contains("welcome")] })
                == "down: response does not contain 'welcome'; it begins 'Welcome to nginx'")
        #expect(
            try bench.saw(try bench.web(address) { $0.texts.forbidden = [.contains("nginx")] })
                == "down: response contains 'nginx'")
        #expect(
            try bench.saw(try bench.web(address) { $0.texts.forbidden = [.contains("apache")] })
                == "up: ")
    }

    @Test func `redirects are followed unless they are what is judged`() throws {
        let server = try LoopbackServer.http(on: bench.loop) { request in
            request.hasPrefix("GET /a ")
                ? LoopbackServer.response("302 Found", headers: "Location: /b\r\n")
                : LoopbackServer.response("200 OK")
        }
        #expect(try bench.saw(try bench.web(server.address, "/a")) == "up: ")
        let still = try bench.web(server.address, "/a") { $0.redirects = 0 }
        #expect(try bench.saw(still) == "down: status 302, expected 200-299; it leads to '/b'")
    }

    @Test func `what a check says is sent`() throws {
        var seen = ""
        let server = try LoopbackServer.http(on: bench.loop) { request in
            seen = request
            return LoopbackServer.response("200 OK")
        }
        let kind = try bench.web(server.address, "/p?q") { check in
            check.method = HTTPMethod("PUT") ?? .get
            check.headers = [HTTPHeader(name: "Host", value: Secret("www.test"))].compactMap { $0 }
            check.body = Secret("{}")
            check.extras.values.authorization = BasicCredentials(
                username: "u", password: Secret("p")
            ).map { .basic($0) }
        }
        #expect(try bench.saw(kind) == "up: ")
        #expect(seen.hasPrefix("PUT /p?q HTTP/1.1\r\n"))
        #expect(seen.contains("\r\nHost: www.test\r\n"))
        #expect(seen.contains("\r\nAuthorization: Basic dTpw\r\n"))
        #expect(seen.hasSuffix("{}"))
    }

    @Test func `a target that refuses is down, a machine without a route abstains`() throws {
        let refusing = try SocketAddress.refusing(on: bench.loop)
        #expect(try bench.saw(try bench.web(refusing)) == "down: connection refused")
        let nowhere = SocketAddress(ipv4: 0xFFFF_FFFF, port: 80)
        #expect(try bench.saw(try bench.web(nowhere)) == "abstained: noResources")
    }

    @Test func `a machine whose name servers say nothing abstains`() throws {
        let bench = try CheckBench(servers: "127.0.0.1:1")
        var check = HTTPCheck(url: try WebAddress("http://www.example.test/"))
        check.attempts = .within(3_000)
        #expect(try bench.saw(.http(check)) == "abstained: noResolver")
        var tcp = TCPCheck(address: try HostPort("www.example.test:25"))
        tcp.attempts = .within(3_000)
        #expect(try bench.saw(.tcp(tcp)) == "abstained: noResolver")
    }

    @Test func `a slow answer is degraded, by the median of its attempts`() throws {
        let server = try LoopbackServer(on: bench.loop) { peer in
            peer.receive = { [bench] peer in
                bench.loop.schedule(at: bench.loop.now + .milliseconds(60)) {
                    peer.send(LoopbackServer.response("200 OK"))
                }
            }
        }
        let kind = try bench.web(server.address) {
            $0.attempts = AttemptPlan(
                count: 3, timeout: .seconds(5), spacing: .milliseconds(5),
                threshold: .milliseconds(50))
        }
        #expect(
            try bench.saw(kind).hasSuffix("above the threshold of 50ms"))
        #expect(server.accepted == 3)
    }

    @Test func `one failed attempt decides, and the others are spared`() throws {
        let server = try server("500 No")
        let kind = try bench.web(server.address) { $0.attempts = AttemptPlan(count: 5) }
        #expect(try bench.saw(kind) == "down: status 500, expected 200-299")
        #expect(server.accepted == 1)
    }

    @Test func `a look that is taken back is never heard of, between attempts as well`() throws {
        let server = try server("200 OK")
        let kind = try bench.web(server.address) {
            $0.attempts = AttemptPlan(count: 2, spacing: .milliseconds(50))
        }
        let look = bench.begin(kind)
        #expect(try bench.loop.turn { server.accepted == 1 && bench.client.transferCount == 0 })
        bench.runner.cancel(look)
        #expect(bench.runner.lookCount == 0)
        bench.begin(kind)
        bench.runner.cancelAll()
        #expect(bench.runner.lookCount == 0)
        var isLate = false
        bench.loop.schedule(at: SystemClock.now + .milliseconds(100)) { isLate = true }
        #expect(try bench.loop.turn { isLate })
        #expect(bench.observations.isEmpty)
        #expect(server.accepted == 1)
    }

    @Test func `silent targets hold up no others, however many are looked at together`() throws {
        let silent = try LoopbackServer(on: bench.loop) { _ in }
        let kind = try bench.port(silent.address) { $0.expect = .contains("never") }
        let count = 2 * CheckRunner.startingMax
        for _ in 0..<count { bench.begin(kind) }
        // Nothing ends, so the second half begins with the next window.
        #expect(try bench.loop.turn { silent.accepted == count })
        #expect(bench.runner.lookCount == count)
        bench.runner.cancelAll()
        #expect(bench.runner.lookCount == 0)
    }

    @Test func `a look that is taken back before it begins takes nobody's place`() throws {
        let silent = try LoopbackServer(on: bench.loop) { _ in }
        let kind = try bench.port(silent.address) { $0.expect = .contains("never") }
        for _ in 0..<CheckRunner.startingMax { bench.begin(kind) }
        let waiting = bench.runner.look(kind) { _ in Issue.record("expected no answer") }
        bench.runner.cancel(waiting)
        bench.begin(kind)
        #expect(try bench.loop.turn { silent.accepted == CheckRunner.startingMax + 1 })
        bench.runner.cancelAll()
    }

    @Test func `beyond the bound a look abstains`() throws {
        let hole = try LoopbackServer(on: bench.loop, nil)
        let kind = try bench.port(hole.address) { $0.expect = .contains("never") }
        for _ in 0..<CheckRunner.looksMax { bench.begin(kind) }
        #expect(try bench.saw(kind, among: CheckRunner.looksMax) == "abstained: noResources")
        bench.runner.cancelAll()
    }
}

extension CheckBench {
    /// As `saw`, while `others` looks are under way.
    fileprivate func saw(_ kind: CheckKind, among others: Int) throws -> String {
        var seen: Observation?
        runner.look(kind) { seen = $0.observation }
        #expect(runner.lookCount == others)
        #expect(try loop.turn { seen != nil })
        guard case .abstained(let abstention) = seen?.outcome else { return "saw" }
        return "abstained: \(abstention)"
    }
}

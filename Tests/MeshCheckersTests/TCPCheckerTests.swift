import MeshChecks
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

@Suite struct TCPCheckerTests {
    private let bench: CheckBench

    init() throws { bench = try CheckBench() }

    @Test(arguments: [SocketAddress.loopback, .loopback6])
    func `a port that accepts is up`(host: SocketAddress) throws {
        let server = try LoopbackServer(on: bench.loop, host: host) { _ in }
        let observation = try bench.look(try bench.port(server.address))
        #expect(observation.outcome == .saw(.up, .none))
        #expect(observation.latency > .zero)
        #expect(try bench.loop.turn { server.accepted == 1 && server.peers.isEmpty })
    }

    @Test func `one that refuses is down, and a machine without a route abstains`() throws {
        let refusing = try SocketAddress.refusing(on: bench.loop)
        #expect(try bench.saw(try bench.port(refusing)) == "down: connection refused")
        let nowhere = SocketAddress(ipv4: 0xFFFF_FFFF, port: 80)
        #expect(try bench.saw(try bench.port(nowhere)) == "abstained: noResources")
    }

    @Test func `one that drops packets times out while connecting`() throws {
        let hole = try LoopbackServer(on: bench.loop, backlog: 0, nil)
        #expect(try bench.saw(try bench.port(hole.address)) == "up: ")
        let observation = try bench.look(
            try bench.port(hole.address) { $0.attempts = .within(300) })
        #expect(
            observation.outcome
                == .saw(.down, Reason("timed out after 300 ms while connecting")))
        #expect(observation.latency >= .milliseconds(300) && observation.latency < .seconds(2))
    }

    @Test func `a greeting is waited for, however it comes`() throws {
        let server = try LoopbackServer(on: bench.loop) { [bench] peer in
            peer.send("22")
            bench.loop.schedule(at: bench.loop.now + .milliseconds(20)) { peer.send("0 ready\r\n") }
        }
        #expect(
            try bench.saw(try bench.port(server.address) { $0.expect = .contains("220") }) == "up: "
        )
        #expect(
            try bench.saw(try bench.port(server.address) { $0.expect = .contains("554") })
                == "down: reply does not contain '554'; it begins '220 ready'")
    }

    @Test func `what is to be said is said`() throws {
        let server = try LoopbackServer(on: bench.loop) { peer in
            peer.receive = { peer in
                if peer.text == "PING\r\n" { peer.send("+PONG\r\n") }
            }
        }
        let kind = try bench.port(server.address) {
            $0.send = Secret("PING\r\n")
            $0.expect = .contains("PONG")
        }
        #expect(try bench.saw(kind) == "up: ")
    }

    @Test func `silence, an early end, a reset and an endless line are down`() throws {
        let silent = try LoopbackServer(on: bench.loop) { _ in }
        let waits = try bench.port(silent.address) {
            $0.expect = .contains("220")
            $0.attempts = .within(200)
        }
        #expect(
            try bench.saw(waits) == "down: timed out after 200 ms while waiting for the reply")
        let ending = try LoopbackServer(on: bench.loop) { [bench] peer in
            bench.loop.schedule(at: bench.loop.now) { peer.close() }
        }
        #expect(
            try bench.saw(try bench.port(ending.address) { $0.expect = .contains("220") })
                == "down: closed without a reply")
        let endless = try LoopbackServer(on: bench.loop) { peer in
            peer.send([UInt8](repeating: 0x61, count: 100_000))
        }
        #expect(
            try bench.saw(try bench.port(endless.address) { $0.expect = .contains("220") })
                == "down: reply does not contain '220'; it begins '\(String(repeating: "a", count: 64))'"
        )
        let resetting = try LoopbackServer(on: bench.loop) { peer in
            peer.receive = { $0.reset() }
        }
        let asks = try bench.port(resetting.address) {
            $0.send = Secret("hello")
            $0.expect = .contains("220")
        }
        #expect(try bench.saw(asks) == "down: connection reset by peer")
    }

    @Test func `the next address is tried when one refuses, and beside one that is silent`() throws
    {
        // Both families at one port: v6 refuses there, or is silent.
        let server = try LoopbackServer(on: bench.loop) { _ in }
        let names = try NameServer(on: bench.loop) { _, _ in
            .addresses([.loopback6, .loopback], life: 60)
        }
        let other = try CheckBench(on: bench.loop, servers: names.servers)
        let port = server.address.port
        let kind = CheckKind.tcp(TCPCheck(address: HostPort(host: "two.test", port: port)))
        #expect(try other.saw(kind) == "up: ")
    }

    @Test(.enabled(if: WebServer.isInstalled, "needs nginx and openssl"))
    func `over TLS a port is up if its certificate is believed and its reply is right`() throws {
        let server = try WebServer()
        let roots = TLSOptions(.file(server.rootsFile))
        #expect(try bench.saw(try bench.port(server.good) { $0.tls = roots }) == "up: ")
        #expect(
            try bench.saw(try bench.port(server.expired) { $0.tls = roots })
                .hasPrefix("down: certificate of 127.0.0.1 expired "))
        let asks = try bench.port(server.good) {
            $0.tls = roots
            $0.send = Secret("GET / HTTP/1.0\r\n\r\n")
            $0.expect = .contains("200 OK")
        }
        #expect(try bench.saw(asks) == "up: ")
        let wrong = try bench.port(server.good) {
            $0.tls = roots
            $0.send = Secret("GET /\r\n")
            $0.expect = .contains("220")
        }
        #expect(try bench.saw(wrong).hasPrefix("down: "))
    }

    @Test func `a connection that is no TLS fails its handshake`() throws {
        let server = try LoopbackServer(on: bench.loop) { peer in
            peer.receive = { $0.send("220 plain\r\n") }
        }
        let kind = try bench.port(server.address) { $0.tls = TLSOptions(.anything) }
        #expect(try bench.saw(kind).hasPrefix("down: the TLS handshake failed"))
    }

    @Test func `a thousand at once are all answered`() throws {
        let server = try LoopbackServer(on: bench.loop) { $0.send("220 hi\r\n") }
        let kind = try bench.port(server.address) { $0.expect = .contains("220") }
        for _ in 0..<1_000 { bench.begin(kind) }
        #expect(try bench.loop.turn { bench.observations.count == 1_000 })
        #expect(bench.observations.allSatisfy { $0.outcome == .saw(.up, .none) })
    }
}

/// What `expect` and `force_ip` may be, and TLS beneath.
@Suite struct TCPOptionTests {
    private let bench: CheckBench

    init() throws { bench = try CheckBench() }

    @Test func `an expression is looked for in as many lines as are asked for`() throws {
        let server = try LoopbackServer(on: bench.loop) { peer in
            peer.receive = { $0.send("HTTP/1.0 204 No Content\r\nServer: test/1.2\r\n\r\n") }
        }
        let table: [(TextRule, Int, String)] = [
            (.matches(#"^HTTP/1\.[01] 2\d\d "#), 1, "up: "),
            (.matches(#"^HTTP/2"#), 1, "down: reply does not match '^HTTP/2'"),
            (.matches(#"(?m)^Server: test/\d"#), 2, "up: "),
            (.matches(#"Server"#), 1, "down: reply does not match 'Server'"),
            (.contains("Server: test"), 3, "up: "),
            (.contains("Server: other"), 3, "down: reply does not contain 'Server: other'"),
        ]
        for (rule, lines, said) in table {
            let kind = try bench.port(server.address) {
                $0.send = Secret("HEAD / HTTP/1.0\r\n\r\n")
                $0.expect = rule
                $0.lines = lines
            }
            #expect(try bench.saw(kind) == said, "\(rule) \(lines)")
        }
    }

    @Test
    func
        `an expression that takes for ever is given up, and a reply that drips is not searched for ever`()
        throws
    {
        let server = try LoopbackServer(on: bench.loop) { peer in
            peer.send(String(repeating: "a", count: 8_000) + "!\n")
        }
        let kind = try bench.port(server.address) { $0.expect = .matches("^(a+)+$") }
        let look = try bench.look(kind)
        #expect(look.latency < .seconds(5))
        #expect(look.outcome != .saw(.up, .none))
    }

    @Test func `one of two kinds of addresses can be forced`() throws {
        let six = try LoopbackServer(on: bench.loop, host: .loopback6) { _ in }
        let names = try NameServer(on: bench.loop) { _, _ in
            .addresses([.loopback6, .loopback], life: 60)
        }
        let other = try CheckBench(on: bench.loop, servers: names.servers)
        var check = TCPCheck(address: HostPort(host: "both.test", port: six.address.port))
        check.version = .six
        let result = try other.result(.tcp(check))
        #expect(result.observation.outcome == .saw(.up, .none))
        #expect(result.measurements.resolve != nil && result.measurements.connect != nil)
        check.version = .four
        #expect(try other.saw(.tcp(check)) == "down: connection refused")
        // Left to itself it tries both.
        check.version = nil
        #expect(try other.saw(.tcp(check)) == "up: ")
        let four = try NameServer(on: bench.loop) { _, _ in .addresses([.loopback], life: 60) }
        let lone = try CheckBench(on: bench.loop, servers: four.servers)
        check.version = .six
        let said = try lone.saw(.tcp(check))
        #expect(said == "down: the name both.test has no IPv6 address")
    }

    @Test(.enabled(if: SecureServer.isInstalled, "needs nginx and openssl"))
    func `beneath TLS a reply is judged as without it, for the name that is asked for`() throws {
        let shop = try CertificateShop()
        try shop.sign("good", for: ["mail.test"], endsIn: 90 * 86_400)
        let server = try SecureServer(shop, ["good": ""])
        func kind(_ change: (inout TCPCheck) -> Void) throws -> CheckKind {
            try bench.port(server.place("good")) { check in
                var tls = TLSOptions(.file(shop.rootsFile))
                tls.serverName = "mail.test"
                check.tls = tls
                check.send = Secret("GET / HTTP/1.0\r\n\r\n")
                check.expect = .contains("200 OK")
                change(&check)
            }
        }
        let result = try bench.result(try kind { _ in })
        #expect(result.observation.outcome == .saw(.up, .none))
        #expect(result.measurements.tls != nil && result.measurements.certificateEnds != nil)
        #expect(try bench.saw(try kind { $0.expect = .matches("^HTTP/1.1 200 OK\r?$") }) == "up: ")
        #expect(
            try bench.saw(try kind { $0.expect = .contains("404") })
                == "down: reply does not contain '404'")
        #expect(
            try bench.saw(try kind { $0.tls?.serverName = nil })
                == "down: certificate is for mail.test, not for 127.0.0.1")
        #expect(try bench.saw(try kind { $0.tls?.trust = .anything }) == "up: ")
        // Nobody says anything to an unfinished request.
        let waits = try kind {
            $0.send = Secret("GET")
            $0.attempts = .within(300)
        }
        #expect(try bench.saw(waits) == "down: timed out after 300 ms while waiting for the reply")
    }
}

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

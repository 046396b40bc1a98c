import MeshChecks
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

@Suite(.enabled(if: StartTLSServer.isInstalled, "needs openssl and python3"))
struct StartTLSTests {
    private let bench: CheckBench
    private let shop: CertificateShop

    init() throws {
        bench = try CheckBench()
        shop = try CertificateShop()
        try shop.sign("good", endsIn: 90 * 86_400)
        try shop.sign("soon", endsIn: 6 * 86_400 + 3_600)
    }

    private func check(
        _ address: SocketAddress, _ kind: StartTLS, _ change: (inout TLSCheck) -> Void = { _ in }
    ) throws -> CheckKind {
        var check = TLSCheck(address: try HostPort("\(address)"))
        check.startTLS = kind
        check.tls = TLSOptions(.file(shop.rootsFile))
        change(&check)
        return .tls(check)
    }

    @Test(arguments: [StartTLS.smtp, .imap, .pop3])
    func `a mail server is asked for TLS, judged by its certificate, and taken leave of`(
        kind: StartTLS
    ) throws {
        let server = try StartTLSServer(kind.rawValue, shop, certificate: "good")
        let good = try check(server.address, kind)
        #expect(try bench.loop.turn { (try? bench.saw(good)) == "up: " })
        let farewell = kind == .imap ? "b LOGOUT" : "QUIT"
        #expect(try bench.loop.turn { server.heard.contains(farewell) })
        #expect(
            try bench.saw(try check(server.address, kind) { $0.tls.trust = .system })
                == "down: issuer is not trusted: 'Test root'")
        #expect(
            try bench.saw(try check(server.address, kind) { $0.tls.serverName = "mail.test" })
                == "down: certificate is for localhost, 127.0.0.1, not for mail.test")
        // Without asking first there is nobody to shake hands with.
        #expect(
            try bench.saw(try check(server.address, kind) { $0.startTLS = nil })
                == "down: the TLS handshake failed: the answer is not TLS")
        let other: StartTLS = kind == .smtp ? .pop3 : .smtp
        #expect(try bench.saw(try check(server.address, other)).hasPrefix("down: the "))

        let soon = try StartTLSServer(kind.rawValue, shop, certificate: "soon")
        let warns = "degraded: certificate of 127.0.0.1 expires in 6 days"
        let kind = try check(soon.address, kind)
        #expect(try bench.loop.turn { (try? bench.saw(kind)) == warns })
    }

    @Test(.enabled(if: MailDaemon.isInstalled, "needs Dovecot"))
    func `a real mail server's certificate is judged by SMTP, IMAP and POP3`() throws {
        let good = try MailDaemon(shop, certificate: "good")
        let soon = try MailDaemon(shop, certificate: "soon")
        let servers: [(StartTLS, KeyPath<MailDaemon, SocketAddress>)] = [
            (.smtp, \.smtp), (.imap, \.imap), (.pop3, \.pop3),
        ]
        for (kind, address) in servers {
            #expect(try bench.saw(try check(good[keyPath: address], kind)) == "up: ")
            #expect(
                try bench.saw(try check(good[keyPath: address], kind) { $0.tls.trust = .system })
                    == "down: issuer is not trusted: 'Test root'")
            #expect(
                try bench.saw(try check(soon[keyPath: address], kind))
                    == "degraded: certificate of 127.0.0.1 expires in 6 days")
        }
        // Those two say whether they were left with a word, as their RFCs have it.
        for name in ["imap", "pop3"] {
            let farewell = "\(name)-login: Info: Disconnected: Aborted login by logging out"
            #expect(try bench.loop.turn { good.log.contains(farewell) })
        }
    }

    @Test(.enabled(if: PostgresServer.isInstalled, "needs PostgreSQL 15"))
    func `a PostgreSQL is asked for TLS, and one without it is down`() throws {
        let server = try PostgresServer(shop, certificate: "soon", speaksTLS: true)
        #expect(
            try bench.saw(try check(server.address, .postgres) { $0.expiresWithin = .zero })
                == "up: ")
        #expect(
            try bench.saw(try check(server.address, .postgres))
                == "degraded: certificate of 127.0.0.1 expires in 6 days")
        #expect(
            try bench.saw(try check(server.address, .postgres) { $0.tls.trust = .system })
                == "down: issuer is not trusted: 'Test root'")
    }

    @Test(.enabled(if: PostgresServer.isInstalled, "needs PostgreSQL 15"))
    func `a PostgreSQL has nothing to complain of`() throws {
        let server = try PostgresServer(shop, certificate: "good", speaksTLS: true)
        for _ in 0..<3 { #expect(try bench.saw(try check(server.address, .postgres)) == "up: ") }
        // It does write down who refuses its certificate.
        _ = try bench.saw(try check(server.address, .postgres) { $0.tls.trust = .system })
        #expect(try bench.loop.turn { server.log.contains("could not accept SSL connection") })
        #expect(!server.log.contains("startup packet"))
    }

    @Test(.enabled(if: PostgresServer.isInstalled, "needs PostgreSQL 15"))
    func `a PostgreSQL that speaks no TLS says so`() throws {
        let server = try PostgresServer(shop, certificate: "good", speaksTLS: false)
        #expect(
            try bench.saw(try check(server.address, .postgres))
                == "down: the server offers no TLS")
    }

    @Test(arguments: StartTLS.allCases)
    func `one that is silent, ends, or talks without end before TLS is down in time`(
        kind: StartTLS
    ) throws {
        let silent = try LoopbackServer(on: bench.loop) { _ in }
        let look = try bench.look(try check(silent.address, kind) { $0.attempts = .within(250) })
        #expect(
            look.outcome
                == .saw(
                    .down,
                    Reason("timed out after 250 ms while waiting for the server to begin TLS")))
        #expect(look.latency >= .milliseconds(250) && look.latency < .seconds(2))
        let ending = try LoopbackServer(on: bench.loop) { [bench] peer in
            bench.loop.schedule(at: bench.loop.now) { peer.close() }
        }
        let ended = try bench.saw(try check(ending.address, kind))
        #expect(
            [
                "down: the connection was closed before TLS began",
                "down: connection reset by peer before TLS began",
            ].contains(ended))
        let endless = try LoopbackServer(on: bench.loop) { peer in
            peer.send([UInt8](repeating: 0x61, count: 100_000))
        }
        #expect(try bench.saw(try check(endless.address, kind)).hasPrefix("down: the "))
    }
}

import Glibc
import MeshChecks
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

@Suite(.enabled(if: SecureServer.isInstalled, "needs nginx and openssl"))
struct TLSCheckerTests {
    private let bench: CheckBench
    private let shop: CertificateShop

    private static let day = 86_400

    init() throws {
        bench = try CheckBench()
        shop = try CertificateShop()
    }

    private func check(
        _ address: SocketAddress, _ change: (inout TLSCheck) -> Void = { _ in }
    ) throws -> CheckKind {
        var check = TLSCheck(address: try HostPort("\(address)"))
        check.tls = TLSOptions(.file(shop.rootsFile))
        change(&check)
        return .tls(check)
    }

    @Test func `a certificate is believed by the given roots for its name, and by nobody else`()
        throws
    {
        try shop.sign("good", endsIn: 90 * Self.day)
        try shop.sign(
            "other", for: ["other.example", "*.shop.test", "a", "b"], endsIn: 90 * Self.day)
        try shop.sign("nameless", for: [], commonName: "127.0.0.1", endsIn: 90 * Self.day)
        try shop.selfSign("self")
        let server = try SecureServer(
            shop, ["good": "", "other": "", "nameless": "", "self": ""])
        let good = server.place("good")
        #expect(try bench.saw(try check(good)) == "up: ")
        #expect(
            try bench.saw(try check(good) { $0.tls.trust = .system })
                == "down: issuer is not trusted: 'Test root'")
        #expect(try bench.saw(try check(good) { $0.tls.trust = .anything }) == "up: ")
        let byName = try check(good) {
            $0.address = HostPort(host: "localhost", port: good.port)
            $0.version = .four
        }
        #expect(try bench.saw(byName) == "up: ")
        #expect(
            try bench.saw(try check(good) { $0.tls.serverName = "www.example.com" })
                == "down: certificate is for localhost, 127.0.0.1, not for www.example.com")

        let other = server.place("other")
        #expect(
            try bench.saw(try check(other))
                == "down: certificate is for other.example, *.shop.test, a and 1 more, not for 127.0.0.1"
        )
        for name in ["other.example", "www.shop.test"] {
            #expect(try bench.saw(try check(other) { $0.tls.serverName = name }) == "up: ")
        }
        #expect(
            try bench.saw(try check(other) { $0.tls.serverName = "a.www.shop.test" })
                .hasSuffix("not for a.www.shop.test"))
        #expect(try bench.saw(try check(other) { $0.tls.trust = .anything }) == "up: ")

        #expect(
            try bench.saw(try check(server.place("nameless")))
                == "down: certificate is for no host (only its common name is '127.0.0.1'),"
                + " not for 127.0.0.1")
        let own = server.place("self")
        #expect(
            try bench.saw(try check(own))
                == "down: certificate is self-signed: its issuer is not trusted")
        let itself = TLSTrust.file("\(shop.folder)/self.pem")
        #expect(
            try bench.saw(
                try check(own) {
                    $0.tls.trust = itself; $0.expiresWithin = .zero
                })
                == "up: ")
    }

    @Test func `what ends soon is degraded, and what has ended is down, whoever is believed`()
        throws
    {
        try shop.sign("soon", endsIn: 6 * Self.day + 3_600)
        try shop.sign("ended", endsIn: -3 * Self.day - 3_600)
        try shop.sign("unborn", endsIn: 90 * Self.day, beginsIn: Self.day)
        try shop.sign("Between", for: [], endsIn: 5 * Self.day + 3_600, isAuthority: true)
        try shop.sign("chained", endsIn: 90 * Self.day, by: "Between")
        let server = try SecureServer(
            shop, ["soon": "", "ended": "", "unborn": "", "chained": ""])

        let soon = server.place("soon")
        let result = try bench.result(try check(soon))
        #expect(
            result.observation.outcome
                == .saw(
                    .degraded, Reason("certificate of 127.0.0.1 expires in 6 days")))
        let left =
            try #require(result.measurements.certificateEnds).milliseconds
            - SystemClock.wallTime.milliseconds
        #expect(left / 86_400_000 == 6)
        #expect(result.measurements.resolve == nil)
        #expect(try #require(result.measurements.connect) > .zero)
        #expect(try #require(result.measurements.tls) > .zero)
        #expect(
            result.observation.latency
                >= (result.measurements.connect ?? .zero) + (result.measurements.tls ?? .zero))
        let days = { (count: Int64) in TimeSpan.hours(24 * count) }
        #expect(try bench.saw(try check(soon) { $0.expiresWithin = days(6) }) == "up: ")
        #expect(try bench.saw(try check(soon) { $0.expiresWithin = days(7) }) != "up: ")
        #expect(
            try bench.saw(try check(soon) { $0.tls.trust = .anything })
                == "degraded: certificate of 127.0.0.1 expires in 6 days")

        let ended = server.place("ended")
        for trust in [TLSTrust.file(shop.rootsFile), .anything] {
            #expect(
                try bench.saw(try check(ended) { $0.tls.trust = trust })
                    == "down: certificate of 127.0.0.1 expired 3 days ago")
        }
        #expect(
            try bench.saw(try check(ended) { $0.tls.serverName = "a.example" })
                == "down: certificate of a.example expired 3 days ago;"
                + " certificate is for localhost, 127.0.0.1, not for a.example")
        #expect(
            try bench.saw(try check(server.place("unborn")))
                .hasPrefix("down: certificate of 127.0.0.1 is valid only from 20"))

        let chained = server.place("chained")
        #expect(
            try bench.saw(try check(chained))
                == "degraded: issuer certificate 'Between' of 127.0.0.1 expires in 5 days")
        #expect(try bench.saw(try check(chained) { $0.expiresWithin = days(5) }) == "up: ")
        // The chain is whole only if the server shows what is between.
        try shop.run("openssl x509 -in chained.pem -out soon.pem && kill -HUP $(cat pid)")
        let broken = "down: issuer is not trusted: 'Between'"
        #expect(try bench.loop.turn { (try? bench.saw(check(soon))) == broken })
    }

    @Test func `too old a version is down`() throws {
        try shop.sign("new", endsIn: 90 * Self.day)
        try shop.sign("old", endsIn: 90 * Self.day)
        try shop.sign("ancient", endsIn: 90 * Self.day)
        let server = try SecureServer(
            shop,
            [
                "new": "ssl_protocols TLSv1.3;", "old": "ssl_protocols TLSv1.2;",
                "ancient": "ssl_protocols TLSv1.1; ssl_ciphers DEFAULT:@SECLEVEL=0;",
            ])
        let table: [(String, TLSVersion, Bool)] = [
            ("new", .tls12, true), ("new", .tls13, true), ("old", .tls12, true),
            ("old", .tls13, false), ("ancient", .tls12, false), ("ancient", .tls11, true),
            ("new", .tls10, true),
        ]
        for (name, minimum, isUp) in table {
            let words = "down: the server speaks no TLS \(minimum.rawValue) or newer"
            #expect(
                try bench.saw(try check(server.place(name)) { $0.tls.minimumVersion = minimum })
                    == (isUp ? "up: " : words), "\(name) \(minimum)")
        }
    }

    @Test func `a client's certificate is shown where it is asked for`() throws {
        try shop.sign("demanding", endsIn: 90 * Self.day)
        try shop.sign("demanding12", endsIn: 90 * Self.day)
        try shop.sign("client", for: [], commonName: "a node", endsIn: 90 * Self.day)
        // OpenSSL's own server refuses within TLS, as few web servers do.
        let port = try SocketAddress.refusing(on: bench.loop).port
        let tls12 = try SocketAddress.refusing(on: bench.loop).port
        let servers = try [(port, "-tls1_3"), (tls12, "-tls1_2")].map { port, version in
            try ChildProcess(
                "/usr/bin/openssl",
                [
                    "s_server", "-accept", "127.0.0.1:\(port)", version, "-Verify", "2",
                    "-verify_return_error", "-CAfile", shop.rootsFile,
                    "-cert", "\(shop.folder)/demanding.pem", "-key", "\(shop.folder)/leaf.key",
                    "-quiet", "-naccept", "100",
                ], output: "\(shop.folder)/s_server\(version)")
        }
        let identity = TLSIdentity(
            certificateFile: "\(shop.folder)/client.pem", keyFile: "\(shop.folder)/leaf.key")
        for port in [port, tls12] {
            let place = SocketAddress.loopback.with(port: port)
            let shown = try check(place) { $0.tls.identity = identity }
            #expect(try bench.loop.turn { (try? bench.saw(shown)) == "up: " })
            #expect(
                try bench.saw(try check(place))
                    .hasPrefix("down: the TLS handshake failed: the server refused: "))
        }
        #expect(servers.allSatisfy { $0.end() == nil })
    }

    @Test func `a file that is not there, or is no such thing, is this machine's fault`() throws {
        try shop.sign("good", endsIn: 90 * Self.day)
        let server = try SecureServer(shop, ["good": ""])
        let good = server.place("good")
        func remark(_ kind: CheckKind) throws -> String? {
            let result = try bench.result(kind)
            #expect(result.observation.outcome == .abstained(.unusableFile))
            return result.measurements.remark?.text.replacing("\(shop.folder)/", with: "")
        }
        func trusting(_ path: String) throws -> String? {
            try remark(try check(good) { $0.tls.trust = .file(path) })
        }
        #expect(try trusting("/nowhere.pem") == "/nowhere.pem: no such file or directory")
        #expect(
            try trusting("\(shop.folder)/leaf.key") == "no trusted root can be read from leaf.key")
        for (certificate, key, words) in [
            ("root.pem", "leaf.key", "leaf.key has another private key than that of root.pem"),
            ("root.pem", "root.pem", "no private key can be read from root.pem"),
            ("leaf.key", "leaf.key", "no certificate can be read from leaf.key"),
            ("nowhere.pem", "leaf.key", "nowhere.pem: no such file or directory"),
        ] {
            let identity = TLSIdentity(
                certificateFile: "\(shop.folder)/\(certificate)", keyFile: "\(shop.folder)/\(key)")
            #expect(try remark(try check(good) { $0.tls.identity = identity }) == words)
            var web = HTTPCheck(url: try WebAddress("https://\(good)/"))
            web.trust = .anything
            web.extras.values.identity = identity
            #expect(try remark(.http(web)) == words)
        }
        var web = HTTPCheck(url: try WebAddress("https://\(good)/"))
        web.trust = .file("/nowhere.pem")
        #expect(try remark(.http(web)) == "/nowhere.pem: no such file or directory")
    }

    @Test func `roots that are changed are read again`() throws {
        try shop.sign("good", endsIn: 90 * Self.day)
        let server = try SecureServer(shop, ["good": ""])
        try shop.selfSign("roots")
        let kind = try check(server.place("good")) {
            $0.tls.trust = .file("\(shop.folder)/roots.pem")
        }
        #expect(try bench.saw(kind) == "down: issuer is not trusted: 'Test root'")
        try shop.run("cp root.pem roots.pem")
        #expect(try bench.loop.turn { (try? bench.saw(kind)) == "up: " })
    }

    // MARK: Peers that do not behave

    @Test func `a port that refuses, is silent, or speaks no TLS is down, in time`() throws {
        let refusing = try SocketAddress.refusing(on: bench.loop)
        #expect(try bench.saw(try check(refusing)) == "down: connection refused")
        let silent = try LoopbackServer(on: bench.loop) { _ in }
        let result = try bench.result(try check(silent.address) { $0.attempts = .within(300) })
        #expect(
            result.observation.outcome
                == .saw(.down, Reason("timed out after 300 ms during the TLS handshake")))
        #expect(result.observation.latency >= .milliseconds(300))
        #expect(result.observation.latency < .seconds(2))
        let ending = try LoopbackServer(on: bench.loop) { peer in peer.receive = { $0.close() } }
        #expect(
            try bench.saw(try check(ending.address))
                == "down: the TLS handshake failed: the connection was closed in the middle")
        let resetting = try LoopbackServer(on: bench.loop) { peer in peer.receive = { $0.reset() } }
        #expect(
            try bench.saw(try check(resetting.address))
                == "down: connection reset by peer during the TLS handshake")
        let plain = try LoopbackServer(on: bench.loop) { $0.send("220 mail.example\r\n") }
        #expect(
            try bench.saw(try check(plain.address))
                == "down: the TLS handshake failed: the answer is not TLS")
        let hole = try LoopbackServer(on: bench.loop, backlog: 0, nil)
        _ = try bench.look(try bench.port(hole.address))
        #expect(
            try bench.saw(try check(hole.address) { $0.attempts = .within(300) })
                == "down: timed out after 300 ms while connecting")
    }

    @Test func `one that sends without end, and one that drips, are down in time`() throws {
        let flood = [UInt8](repeating: 0x16, count: 65_536)
        let endless = try LoopbackServer(on: bench.loop) { [bench] peer in
            Self.keepSending(flood, to: peer, on: bench.loop, every: .milliseconds(1))
        }
        let seen = try bench.look(try check(endless.address) { $0.attempts = .within(1_000) })
        #expect(seen.latency < .seconds(2))
        #expect(seen.outcome != .saw(.up, .none))
        // One byte at a time of a record that never becomes whole.
        let dripping = try LoopbackServer(on: bench.loop) { [bench] peer in
            peer.send([0x16, 0x03, 0x03, 0x3F, 0xFF])
            Self.keepSending([0x02], to: peer, on: bench.loop, every: .milliseconds(5))
        }
        let result = try bench.look(try check(dripping.address) { $0.attempts = .within(400) })
        #expect(
            result.outcome
                == .saw(.down, Reason("timed out after 400 ms during the TLS handshake")))
        #expect(result.latency < .seconds(2))
    }

    private static func keepSending(
        _ bytes: [UInt8], to peer: LoopbackServer.Peer, on loop: EventLoop, every span: TimeSpan
    ) {
        loop.schedule(at: loop.now + span) { [weak peer] in
            guard let peer else { return }
            peer.send(bytes)
            keepSending(bytes, to: peer, on: loop, every: span)
        }
    }

    @Test func `a hundred at once are all answered, and one taken back says nothing`() throws {
        try shop.sign("good", endsIn: 90 * Self.day)
        let server = try SecureServer(shop, ["good": ""])
        let kind = try check(server.place("good"))
        for _ in 0..<100 { bench.begin(kind) }
        let taken = bench.begin(kind)
        bench.runner.cancel(taken)
        #expect(try bench.loop.turn { bench.observations.count == 100 })
        #expect(bench.observations.allSatisfy { $0.outcome == .saw(.up, .none) })
        #expect(bench.runner.lookCount == 0)
    }
}

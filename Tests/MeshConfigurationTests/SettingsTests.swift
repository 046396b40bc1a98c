import MeshChecks
import MeshConfiguration
import MeshCore
import MeshEngine
import MeshNotices
import MeshTestSupport
import Testing

struct SettingsTests {
    private let minimal = "{\(Reading.mesh)}"

    @Test func `a mesh and its secret are enough`() throws {
        let configuration = try Reading().configuration(minimal)
        #expect(configuration.node.name.text == "host-1")
        #expect(configuration.node.zone.text == "default")
        #expect(configuration.node.bind.description == "0.0.0.0:7946")
        #expect(configuration.node.http.description == "127.0.0.1:8080")
        #expect(configuration.node.data == "/var/lib/checkmesh")
        #expect(configuration.mesh.trust == .secret)
        #expect(configuration.mesh.secretBytes == [Array(Reading.secret.utf8)])
        #expect(configuration.http.title == "Status of m")
        #expect(configuration.checks.isEmpty && configuration.plan.contacts.isEmpty)
    }

    // MARK: Flags, environment, file

    @Test func `a flag wins over the environment, and that over the file`() throws {
        let json = """
            {\(Reading.mesh), "node": {"name": "file", "zone": "file", "bind": "127.0.0.1:1"}}
            """
        var reading = Reading()
        #expect(try reading.configuration(json).node.name.text == "file")
        reading.variables = [
            "CHECKMESH_NAME": "env", "CHECKMESH_ZONE": "env", "CHECKMESH_DATA": "",
        ]
        reading.flags.name = "flag"
        reading.flags.http = "[::1]:0"
        let node = try reading.configuration(json).node
        #expect(node.name.text == "flag")
        #expect(node.zone.text == "env")
        #expect(node.bind.description == "127.0.0.1:1")
        #expect(node.http.description == "[::1]:0")
        #expect(node.data == "/var/lib/checkmesh")
    }

    @Test func `what is wrong with a flag or a variable is told under its own name`() {
        var reading = Reading()
        reading.variables = ["CHECKMESH_ZONE": "a b", "CHECKMESH_PEERS": "a.example, b.example:1"]
        reading.flags.bind = "nowhere"
        let problems = reading.problems(minimal)
        #expect(problems.count == 3)
        #expect(problems.first == "CHECKMESH_PEERS: \"a.example\" has no port: write HOST:PORT")
        #expect(problems.contains { $0.hasPrefix("CHECKMESH_ZONE: \"a b\" is no name") })
        #expect(problems.contains { $0.hasPrefix("--bind: \"nowhere\" has no port") })
    }

    @Test func `a host's name that no node can have asks for another`() {
        var reading = Reading()
        reading.hostName = "büro"
        #expect(reading.problems(minimal).first?.hasSuffix("give --name") == true)
        reading.flags.name = "a"
        #expect(reading.problems(minimal).isEmpty)
    }

    @Test func `peers of the flags replace those of the environment, and they the file's`() throws {
        let json = """
            {"mesh": {"name": "m", "secret": "0123456789abcdef",
             "peers": ["a.example:1", "[::1]:2", "a.example:1"]}}
            """
        var reading = Reading()
        #expect(
            try reading.configuration(json).mesh.peers.map(\.description)
                == ["a.example:1", "[::1]:2"])
        reading.variables = ["CHECKMESH_PEERS": "b.example:1, c.example:2,"]
        #expect(
            try reading.configuration(json).mesh.peers.map(\.description)
                == ["b.example:1", "c.example:2"])
        reading.flags.peers = ["d.example:1"]
        #expect(try reading.configuration(json).mesh.peers.map(\.description) == ["d.example:1"])
    }

    @Test func `a node is reached where it is bound, unless that says nothing`() throws {
        func advertised(_ bind: String, _ advertise: String? = nil) throws
            -> NodeSettings.Advertised
        {
            var reading = Reading()
            reading.flags.bind = bind
            reading.flags.advertise = advertise
            return try reading.configuration(minimal).node.advertised
        }
        let bound = try #require(SocketAddress(numericHost: "192.0.2.1", port: 5))
        #expect(try advertised("192.0.2.1:5") == .address(bound))
        let chosen = try #require(SocketAddress(numericHost: "192.0.2.7", port: 5))
        #expect(try advertised("0.0.0.0:5") == .chosen(chosen))
        #expect(try advertised("[::]:5") == .chosen(chosen))
        #expect(try advertised("0.0.0.0:5", "192.0.2.1") == .address(bound))
        #expect(
            try advertised("0.0.0.0:5", "[2001:db8::1]:6").address.description
                == "[2001:db8::1]:6")
        var lonely = Reading()
        lonely.sourceAddress = nil
        #expect(lonely.problems(minimal).first?.hasPrefix("node.advertise: is missing") == true)
    }

    @Test func `this machine finds an address of its own, a name and a variable`() throws {
        let loopback = SocketAddress(numericHost: "127.0.0.2", port: 1)
        #expect(
            Machine.sourceAddress(towards: loopback, isIPv4: true)?.description.hasPrefix("127.")
                == true)
        #expect(Machine.sourceAddress(towards: nil, isIPv4: true) != nil)
        #expect(Machine.hostName?.isEmpty == false)
        #expect(Machine.variable("PATH") != nil)
        #expect(Machine.variable("CHECKMESH_NO_SUCH_VARIABLE") == nil)
    }

    // MARK: Variables and files

    @Test(arguments: [
        ("${A}", "one"), ("x${A}y${B:-two}", "xoney" + "two"), ("${EMPTY:-text}", "text"),
        ("$$", "$"), ("$${A}", "${A}"), ("${NESTED}", "${A}"), ("a$$b$$", "a$b$"),
        ("${B:-}", ""), ("${B:-a:-b}", "a:-b"),
    ])
    func `variables are replaced, once`(raw: String, expected: String) throws {
        var reading = Reading()
        reading.variables = ["A": "one", "EMPTY": "", "NESTED": "${A}"]
        let check = try reading.check(
            #"{"name": "a", "type": "http", "url": "http://a.example/", "headers": {"X": "\#(raw)"}}"#
        )
        guard case .http(let http) = check.kind else {
            Issue.record("expected an http check")
            return
        }
        #expect(http.headers.first?.value.revealed == expected)
    }

    @Test func `numbers and flags can be variables, too`() throws {
        var reading = Reading()
        reading.variables = ["N": "5", "OFF": "false"]
        let check = try reading.check(
            """
            {"name": "a", "type": "http", "url": "http://a.example/", "confirmations": "${N}",
             "quorum": "${N}", "delay": "${D:-0}", "enabled": "${OFF}", "expect_status": ["${S:-4xx}"]}
            """)
        #expect(check.definition.rule.confirmations == 5)
        #expect(check.definition.rule.quorum == .count(5))
        #expect(check.definition.rule.delay == 0)
        #expect(!check.definition.isEnabled)
    }

    @Test func `a secret is read from its file, without the newline at its end`() throws {
        var reading = Reading()
        reading.files = [
            "/etc/mesh/secret": "0123456789abcdef\n",
            "/run/old": "fedcba9876543210\r\nfedcba9876543211",
        ]
        let json = """
            {"mesh": {"name": "m", "secret_file": "secret", "previous_secrets_file": "/run/old"}}
            """
        let mesh = try reading.configuration(json).mesh
        #expect(mesh.secret.revealed == "0123456789abcdef")
        #expect(mesh.previousSecrets.map(\.revealed) == ["fedcba9876543210", "fedcba9876543211"])
        #expect(try reading.warnings(json).isEmpty)
    }

    // MARK: Warnings

    @Test func `what is allowed but unwise is a warning`() throws {
        var reading = Reading()
        reading.files = ["/etc/mesh/secret": "public 0123456789abcdef"]
        let key = String(repeating: "0a", count: 32)
        let warnings = try reading.warnings(
            """
            {"mesh": {"name": "m", "secret_file": "secret", "roster": ["\(key)"]},
             "checks": [{"name": "a", "type": "http", "url": "http://a.example/", "interval": "5s",
                         "timeout": "5s", "tls_skip_verify": true}],
             "contacts": [{"name": "c", "type": "webhook", "url": "http://a.example/"}],
             "alerts": [{"check": "b*", "contact": "c"}]}
            """)
        #expect(
            warnings == [
                "mesh.secret_file: everybody on this machine may read it: chmod o-rwx",
                "mesh.roster: counts for nothing unless trust is \"roster\"",
                "checks[0].timeout: 5s is not below the interval of 5s: 4s500ms is used",
                "checks[0].url: is plain http: what is said about TLS counts for nothing",
                "alerts[0].check: \"b*\" matches no check",
            ])
    }

    @Test func `a look always ends before the next one is due`() throws {
        let short = try Reading().check(
            #"{"name": "a", "type": "tcp", "address": "a.example:1", "interval": "1s"}"#)
        #expect(short.kind.attempts.timeout == .milliseconds(900))
        #expect(short.definition.timeout == .milliseconds(900))
        let thrice = try Reading().check(
            """
            {"name": "a", "type": "tcp", "address": "a.example:1", "interval": "10s",
             "attempts": 3, "attempt_spacing": "1s"}
            """)
        #expect(thrice.kind.attempts.timeout == .milliseconds(2_333))
        #expect(thrice.definition.timeout < .seconds(10))
    }

    // MARK: Checks

    @Test func `what a check does not say, the defaults do, and then this version`() throws {
        let configuration = try Reading().configuration(
            """
            {\(Reading.mesh), "defaults": {"interval": "20s", "confirmations": 5, "quorum": "all",
              "delay": 0, "timeout": "2s", "threshold_rtt": "1s", "zones_required": 1},
             "checks": [{"name": "a", "type": "tcp", "address": "a.example:1"},
                        {"name": "b", "type": "tcp", "address": "a.example:1", "interval": "30s",
                         "quorum": 3, "timeout": "3s"}]}
            """)
        let checks = configuration.checks
        #expect(
            checks[0].definition.rule
                == VotingRule(
                    confirmations: 5, quorum: .all, delay: 0, zonesRequired: 1,
                    interval: .seconds(20)))
        #expect(
            checks[0].kind.attempts
                == AttemptPlan(timeout: .seconds(2), threshold: .seconds(1)))
        #expect(checks[1].definition.rule.interval == .seconds(30))
        #expect(checks[1].definition.rule.quorum == .count(3))
        #expect(checks[1].definition.timeout == .seconds(3))
        let plain = try Reading().check(#"{"name": "a", "type": "tcp", "address": "a.example:1"}"#)
        #expect(plain.definition.rule == VotingRule())
    }

    @Test func `equal definitions are equal on every node, however they are laid out`() throws {
        var east = Reading()
        east.variables = ["HOST": "east.example", "PW": "one"]
        var west = Reading()
        west.variables = ["HOST": "west.example"]
        west.files = ["/etc/mesh/pw": "two"]
        let first = try east.check(
            """
            {"name": "a", "type": "http", "url": "https://${HOST}/", "timeout": "1m", "interval": "2m",
             "headers": {"A": "1", "B": "${HOST}"}, "username": "me", "password": "${PW}",
             "expect_status": [200, "201-299"], "enabled": false}
            """)
        let second = try west.check(
            """
            {"interval": "120s", "expect_status": "2xx", "password_file": "pw", "username": "me",
             "headers": {"b": ["${HOST}"], "a": "1"}, "timeout": "60s", "method": "GET",
             "url": "https://${HOST}/", "type": "http", "name": "a"}
            """)
        #expect(first.definition.definition == second.definition.definition)
        #expect(
            String(decoding: first.definition.text, as: UTF8.self)
                == #"{"headers":{"a":["1"],"b":["${HOST}"]},"password":"***","timeout":"1m","#
                + #""type":"http","url":"https://${HOST}/","username":"me"}"#)
        #expect(first.kind.target == "https://east.example/")
        #expect(!first.definition.isEnabled && second.definition.isEnabled)
    }

    @Test func `another rule, target or dollar is another definition`() throws {
        let base = #"{"name": "a", "type": "tcp", "address": "a.example:1", "expect": "$${A}""#
        var reading = Reading()
        reading.variables = ["A": "${A}"]
        let first = try reading.check(base + "}").definition.definition
        for other in [
            base + #", "delay": 2}"#, base + #", "timeout": "1s"}"#,
            base.replacing("a.example", with: "b.example") + "}",
            base.replacing("$${A}", with: "${A}") + "}",
        ] {
            #expect(try reading.check(other).definition.definition != first)
        }
        #expect(
            try reading.check(base + #", "delay": 1, "tls": false}"#).definition.definition == first
        )
    }

    @Test(arguments: [
        ("${HOST}", "http://a.example"), ("${URL}", "https://a.example:1/***"),
        ("${URL}&c", "https://a.example:1/***&c"), ("${ROOT}", "http://a.example/"),
        ("${ROOT}x?${KEY}", "http://a.example/x?${KEY}"),
        ("https://a.example${PATH}/x", "https://a.example/***/x"),
        ("${NO:-https://b.example/p?q}", "https://b.example/p?q"),
        ("https://a.example/$$x", "https://a.example/$x"),
    ])
    func `what a URL shows has no value behind its host`(url: String, shown: String) throws {
        var reading = Reading()
        reading.variables = [
            "HOST": "http://a.example", "URL": "https://a.example:1/hook?t=hunter2",
            "ROOT": "http://a.example/", "KEY": "hunter2", "PATH": "/hunter2",
        ]
        let check = try reading.check(#"{"name": "a", "type": "http", "url": "\#(url)"}"#)
        #expect(check.kind.target == shown)
    }

    @Test func `a target shows the host that a variable stands for, but no part of a token`() throws
    {
        var reading = Reading()
        reading.variables = ["HOST": "a.example", "KEY": "hunter2"]
        let check = try reading.check(
            #"{"name": "a", "type": "http", "url": "https://${HOST}/health?key=${KEY}"}"#)
        #expect(check.kind.target == "https://a.example/health?key=${KEY}")
        guard case .http(let http) = check.kind else {
            Issue.record("expected an http check")
            return
        }
        #expect(http.url.text == "https://a.example/health?key=hunter2")
    }

    @Test func `roots are named by the file's folder, and defined as they were written`() throws {
        var reading = Reading()
        reading.files = ["/etc/mesh/ca.pem": "-----BEGIN CERTIFICATE-----"]
        let check = try reading.check(
            #"{"name": "a", "type": "tcp", "address": "a.example:1", "tls": true, "tls_ca_file": "ca.pem"}"#
        )
        guard case .tcp(let tcp) = check.kind else {
            Issue.record("expected a tcp check")
            return
        }
        #expect(tcp.tls == TLSOptions(.file("/etc/mesh/ca.pem")))
        #expect(
            String(decoding: check.definition.text, as: UTF8.self)
                == #"{"address":"a.example:1","tls":true,"tls_ca_file":"ca.pem","type":"tcp"}"#)
    }

    // MARK: Alerts

    private func routes(_ alerts: String) throws -> (Configuration, [String: [Route]]) {
        let configuration = try Reading().configuration(
            """
            {\(Reading.mesh), "checks": [
               {"name": "web-1", "type": "tcp", "address": "a.example:1"},
               {"name": "web-2", "type": "tcp", "address": "a.example:2", "enabled": false},
               {"name": "mail", "type": "tcp", "address": "a.example:3"}],
             "contacts": [{"name": "chat", "type": "webhook", "url": "http://a.example/"},
                          {"name": "phone", "type": "webhook", "url_file": "hook"}],
             "alerts": [\(alerts)]}
            """.replacing("\"url_file\": \"hook\"", with: "\"url\": \"http://b.example/k\""))
        var named: [String: [Route]] = [:]
        for check in configuration.checks {
            named[check.definition.name.text] = configuration.plan.routes[check.definition.id]
        }
        return (configuration, named)
    }

    @Test func `a name and a glob find their checks, and none of them the built-in one`() throws {
        let (configuration, routes) = try routes(
            """
            {"check": "web-?", "contact": "chat", "on": "offline"},
            {"check": "mail", "contact": "phone", "degraded": true},
            {"check": "*", "contact": "phone", "enabled": false},
            {"check": "m*", "contact": "chat", "on": "online"}
            """)
        let chat = configuration.contacts[0].id
        let phone = configuration.contacts[1].id
        #expect(routes["web-1"] == [Route(contact: chat, on: .offline)])
        #expect(routes["web-2"] == [Route(contact: chat, on: .offline)])
        #expect(
            routes["mail"] == [
                Route(contact: phone, on: .both, tellsDegraded: true),
                Route(contact: chat, on: .online),
            ])
        #expect(configuration.plan.meshRoutes.isEmpty)
        #expect(configuration.plan.contacts == [chat, phone])
        #expect(
            configuration.contacts[1].kind
                == .webhook(try WebAddress("http://b.example/k", shown: "http://b.example:80/***")))
    }

    @Test func `only an alert that names it is about the mesh`() throws {
        let (configuration, routes) = try routes(#"{"check": "mesh", "contact": "chat"}"#)
        #expect(
            configuration.plan.meshRoutes == [
                Route(contact: configuration.contacts[0].id, on: .both)
            ])
        #expect(routes.isEmpty)
    }

    // MARK: The rest

    @Test func `the roster, the version and the endpoint are read`() throws {
        let key = String(repeating: "0A", count: 32)
        let hash = String(repeating: "1b", count: 32)
        let configuration = try Reading().configuration(
            """
            {"version": 7, "mesh": {"name": "m", "secret": "0123456789abcdef", "trust": "roster", "roster": ["\(key)"]},
             "http": {"public_url": "https://status.example.com/", "title": "Example", "tokens": ["sha256:\(hash)"]}}
            """)
        #expect(configuration.version == 7)
        guard case .roster(let keys) = configuration.mesh.trust else {
            Issue.record("expected a roster")
            return
        }
        #expect(keys.map(\.bytes.hexadecimal) == [key.lowercased()])
        #expect(configuration.http.publicURL?.text == "https://status.example.com")
        #expect(configuration.http.title == "Example")
        #expect(configuration.http.tokens.map(\.hexadecimal) == [hash])
    }

    @Test func `what a running node cannot take over is named`() throws {
        let old = try Reading().configuration(minimal)
        var reading = Reading()
        reading.flags.bind = "127.0.0.1:1"
        let new = try reading.configuration(
            """
            {"mesh": {"name": "m", "secret": "0123456789abcdeg"},
             "checks": [{"name": "a", "type": "tcp", "address": "a.example:1"}]}
            """)
        #expect(old.settingsNeedingRestart(for: old).isEmpty)
        #expect(
            old.settingsNeedingRestart(for: new) == ["node.bind", "node.advertise", "mesh.secret"])
    }
}

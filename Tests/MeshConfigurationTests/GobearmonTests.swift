import MeshChecks
import MeshConfiguration
import MeshCore
import Testing

/// Rows of gobearmon's table are checks of a mesh.
struct GobearmonTests {
    private func kind(_ type: String, _ data: String) throws -> CheckKind {
        try Reading().check(#"{"name": "a", "type": "\#(type)", "data": \#(data)}"#).kind
    }

    private func problem(_ type: String, _ data: String) -> [String] {
        Reading().problems(
            #"{\#(Reading.mesh), "checks": [{"name": "a", "type": "\#(type)", "data": \#(data)}]}"#)
    }

    @Test func `a row is a check, as MySQL writes it`() throws {
        let row =
            #"""
            {"id": 7, "name": "mail", "type": "tcp", "data": "{\"address\":\"a.example:25\",\"expect\":\"220\"}",
             "check_interval": 30, "delay": 2, "status": "online", "enabled": 0}
            """#
        let check = try Reading().check(row)
        #expect(check.definition.name.text == "mail" && !check.definition.isEnabled)
        #expect(check.definition.rule.interval == .seconds(30) && check.definition.rule.delay == 2)
        var tcp = TCPCheck(address: try HostPort("a.example:25"))
        tcp.expect = .contains("220")
        #expect(check.kind == .tcp(tcp))
    }

    @Test func `an http row asks as gobearmon asked`() throws {
        let kind = try kind(
            "http",
            #"""
            {"url": "https://a.example/x", "body": "q=1", "headers": {"Host": "b.example"}, "timeout": 1,
             "insecure": true, "username": "me", "password": "pw", "expect_status": 201,
             "expect_substring": "fine", "nobody": "knows"}
            """#)
        var check = HTTPCheck(url: try WebAddress("https://a.example/x"))
        check.method = .post
        check.body = Secret("q=1")
        check.headers = [("Host", "b.example"), ("User-Agent", "gobearmon")].compactMap {
            HTTPHeader(name: $0.0, value: Secret($0.1))
        }
        check.trust = .anything
        let credentials = try #require(BasicCredentials(username: "me", password: Secret("pw")))
        check.extras.values.authorization = .basic(credentials)
        check.expectedStatus = try #require(StatusSet([201...201]))
        check.texts.required = [.contains("fine")]
        check.attempts = AttemptPlan(timeout: .seconds(3))
        #expect(kind == .http(check))
    }

    @Test func `without an expected status any answer will do`() throws {
        guard case .http(let check) = try kind("http", #"{"url": "http://a.example"}"#) else {
            throw Unexpected()
        }
        #expect(check.expectedStatus.description == "100-599" && check.method == .get)
        #expect(check.attempts.timeout == .seconds(10) && check.redirects == 10)
    }

    struct Unexpected: Error {}

    @Test func `a payload is sent only if a reply is expected, and with a line end`() throws {
        let silent = try kind("tcp", #"{"address": "a.example:1", "payload": "hi", "force_ip": 6}"#)
        var check = TCPCheck(address: try HostPort("a.example:1"))
        check.version = .six
        #expect(silent == .tcp(check))
        check.version = nil
        check.send = Secret("hi\n")
        check.expect = .contains("ho")
        check.attempts = AttemptPlan(timeout: .seconds(30))
        let asking = #"{"address": "a.example:1", "payload": "hi", "expect": "ho", "timeout": 99}"#
        #expect(try kind("tcp", asking) == .tcp(check))
    }

    @Test func `pings, certificates and names have their kinds`() throws {
        var ping = ICMPCheck(target: "a.example")
        #expect(try kind("icmp", #"{"target": "a.example"}"#) == .icmp(ping))
        ping.maxLoss = .percent(30)
        ping.version = .four
        #expect(
            try kind("icmp", #"{"target": "a.example", "packetloss": true, "force_ip": 4}"#)
                == .icmp(ping))
        var certificate = TLSCheck(address: try HostPort("a.example:443"))
        certificate.tls = TLSOptions(.anything)
        certificate.expiresWithin = .hours(24 * 8)
        certificate.attempts = AttemptPlan(timeout: .seconds(15))
        #expect(
            try kind("ssl_expire", #"{"address": "a.example:443", "days": 7}"#)
                == .tls(certificate))
        var dns = DNSCheck(name: try #require(DNSName("a.example")))
        dns.server = try HostPort("[2001:db8::1]:53")
        dns.record = .txt
        dns.expect = .one(.contains("v=spf1"))
        dns.attempts = AttemptPlan(timeout: .seconds(4))
        #expect(
            try kind(
                "dns",
                #"{"server": "2001:db8::1", "name": "a.example", "type": "SPF", "expect": "v=spf1"}"#
            )
                == .dns(dns))
    }

    @Test(arguments: [
        ("http", "{}", "data: url: is missing"),
        ("http", #"{"url": null}"#, "data: url: is missing"),
        ("tcp", #"{"address": ""}"#, "data: address: is missing"),
        ("http", #"{"url": 1}"#, "data: url: expected a text, found a number"),
        ("http", #"{"url": "a"}"#, "data: url: is no URL: begin it with http:// or https://"),
        (
            "http", #""{""#,
            #"data: is no JSON: line 1, column 2: expected a key in double quotes, found the end of the file"#
        ),
        ("tcp", "[]", "data: expected an object, found a list"),
        ("icmp", #"{"target": "a;b"}"#, #"data: target: "a;b" is neither a name nor an address"#),
        (
            "icmp", #"{"target": "a.example", "packetloss": 3}"#,
            "data: packetloss: expected true or false, found a number"
        ),
        ("dns", #"{"name": "a.example"}"#, "data: type: is missing"),
        (
            "snmp", "{}",
            #"type: "snmp" is unknown: write one of "dns", "http", "icmp", "ssl_expire" and "tcp""#
        ),
    ])
    func `a row that is wrong is told`(type: String, data: String, expected: String) {
        #expect(problem(type, data).first == "checks[0].\(expected)")
    }
}

import MeshChecks
import MeshConfiguration
import MeshCore
import MeshTestSupport
import Testing

/// A Checkup's file is read as Checkup read it.
struct CheckupTests {
    private func list(_ json: String) throws(ConfigurationFault) -> CheckList {
        try CheckList.read(
            Array(json.utf8), from: ConfigurationSources(folder: "/etc"), using: StubCryptography())
    }

    private func problems(_ json: String) -> [String] {
        do throws(ConfigurationFault) {
            _ = try list(json)
            return []
        } catch {
            #expect(error.isOfCheckup)
            return error.problems.map { Finding($0.path, $0.message).description }
        }
    }

    private func kind(_ checker: String) throws -> CheckKind {
        try #require(try list("{\"checkers\": [\(checker)]}").entries.first).kind
    }

    @Test func `the sample of its own README is what it says`() throws {
        let list = try list(
            #"""
            {
              "checkers": [
                {"type": "http", "endpoint_name": "Website", "endpoint_url": "http://www.example.com",
                 "attempts": 5},
                {"type": "tcp", "endpoint_name": "Mail", "endpoint_url": "mail.example.com:25",
                 "threshold_rtt": 500000000, "timeout": 2000000000},
                {"type": "exec", "name": "Disk", "command": "testdata/exec.sh",
                 "arguments": ["a", "b"], "raise": "warning", "threshold_rtt": 1000000000}
              ],
              "concurrent_checks": 2, "timestamp": "2020-01-02T03:04:05Z",
              "storage": {"type": "fs", "dir": "./check_files"}, "nobody": "knows"
            }
            """#)
        #expect(list.isOfCheckup && list.concurrency == 2)
        #expect(list.timestamp?.rfc3339 == "2020-01-02T03:04:05.000Z")
        #expect(list.entries.map(\.name) == ["Website", "Mail", "Disk"])
        #expect(list.warnings.map(\.path) == ["storage"])
        var web = HTTPCheck(url: try WebAddress("http://www.example.com"))
        web.redirects = 0
        web.expectedStatus = try #require(StatusSet([200...204]))
        web.attempts = AttemptPlan(count: 5)
        #expect(list.entries[0].kind == .http(web))
        var mail = TCPCheck(address: try HostPort("mail.example.com:25"))
        mail.attempts = AttemptPlan(timeout: .seconds(2), threshold: .milliseconds(500))
        #expect(list.entries[1].kind == .tcp(mail))
        var disk = ExecCheck(command: "testdata/exec.sh")
        disk.arguments = ["a", "b"]
        disk.inheritance = .all
        disk.failure = .degraded
        disk.attempts = AttemptPlan(threshold: .seconds(1))
        #expect(list.entries[2].kind == .exec(disk))
    }

    @Test func `keys come in any case, the last counts, and null is nothing`() throws {
        let list = try list(
            #"""
            {"Checkers": [{"TYPE": "tcp", "Endpoint_Name": "A", "endpoint_name": "B",
              "endpoint_url": "a.example:1", "attempts": null, "TLS": true, "tls_skip_verify": true,
              "Unknown": {}}], "concurrent_checks": "many", "timestamp": "yesterday"}
            """#)
        var check = TCPCheck(address: try HostPort("a.example:1"))
        check.tls = TLSOptions(.anything)
        check.attempts = AttemptPlan(timeout: .seconds(1))
        #expect(list.entries.map(\.name) == ["B"])
        #expect(list.entries.map(\.kind) == [.tcp(check)])
        #expect(list.concurrency == 5 && list.timestamp == nil)
    }

    @Test func `an http checker's options are Checkup's`() throws {
        let kind = try kind(
            #"""
            {"type": "http", "endpoint_url": "https://me:p%40ss@a.example/x y#z", "up_status": 302,
             "must_contain": "in", "must_not_contain": "out", "attempts": 0, "attempt_spacing": 1000000,
             "threshold_rtt": 99000000000,
             "headers": {"Host": ["b.example", "c"], "X-Two": ["1", "2"], "X-Text": "t", "X-No": []}}
            """#)
        guard case .http(let check) = kind else { throw Unexpected() }
        #expect(check.url.text == "https://a.example/x%20y")
        let credentials = try #require(BasicCredentials(username: "me", password: Secret("p@ss")))
        #expect(check.extras.values.authorization == .basic(credentials))
        #expect(check.expectedStatus.description == "302" && check.redirects == 0)
        #expect(check.texts.required == [.contains("in")])
        #expect(check.texts.forbidden == [.contains("out")])
        #expect(
            check.headers.map { "\($0.name): \($0.value.revealed)" }
                == ["Host: b.example", "X-Text: t", "X-Two: 1, 2"])
        #expect(check.attempts == AttemptPlan(timeout: .seconds(10), spacing: .milliseconds(1)))
    }

    struct Unexpected: Error {}

    @Test func `a name server is asked, with or without the final dot`() throws {
        for name in ["www.example.com", "www.example.com."] {
            let kind = try kind(
                #"{"type": "dns", "endpoint_url": "192.0.2.53:5353", "hostname_fqdn": "\#(name)"}"#)
            var check = DNSCheck(name: try #require(DNSName("www.example.com")))
            check.server = try HostPort("192.0.2.53:5353")
            check.attempts = AttemptPlan(timeout: .seconds(3))
            #expect(kind == .dns(check))
        }
        var port = TCPCheck(address: try HostPort("192.0.2.53:53"))
        port.attempts = AttemptPlan(timeout: .seconds(1))
        #expect(try kind(#"{"type": "dns", "endpoint_url": "192.0.2.53:53"}"#) == .tcp(port))
    }

    @Test func `a certificate is judged as Checkup judged it`() throws {
        var check = TLSCheck(address: try HostPort("a.example:443"))
        #expect(try kind(#"{"type": "tls", "endpoint_url": "a.example:443"}"#) == .tls(check))
        #expect(check.expiresWithin == .hours(14 * 24))
        check.expiresWithin = .hours(24)
        check.attempts = AttemptPlan(timeout: .seconds(5))
        #expect(
            try kind(
                #"""
                {"type": "tls", "endpoint_url": "a.example:443", "timeout": 5000000000,
                 "cert_expiry_threshold": 86400000000000}
                """#) == .tls(check))
    }

    @Test(arguments: [
        (#"{"type": "tcp", "endpoint_url": "a.example:1", "timeout": "2s"}"#, TimeSpan.seconds(2)),
        (#"{"type": "tcp", "endpoint_url": "a.example:1", "timeout": 0}"#, .seconds(1)),
        (#"{"type": "tcp", "endpoint_url": "a.example:1", "timeout": 1}"#, .milliseconds(100)),
        (#"{"type": "exec", "command": "true", "timeout": 5}"#, .seconds(10)),
    ])
    func `a timeout is nanoseconds, within bounds`(checker: String, timeout: TimeSpan) throws {
        #expect(try kind(checker).attempts.timeout == timeout)
    }

    @Test func `without a name a result has that of its target`() throws {
        let list = try list(
            #"{"checkers": [{"type": "tcp", "endpoint_url": "a.example:1"}, {"type": "exec", "command": "true"}]}"#
        )
        #expect(list.entries.map(\.name) == ["a.example:1", "true"])
    }

    @Test(arguments: [
        (
            #"{"checkers": [{"type": "htp", "endpoint_url": "a"}]}"#,
            #"checkers[0].type: "htp" is unknown: the nearest known type is "http""#
        ),
        (
            #"{"checkers": [{"endpoint_url": "a"}]}"#,
            #"checkers[0].type: is missing: write one of "dns", "exec", "http", "tcp" and "tls""#
        ),
        (
            #"{"checkers": [{"type": "http"}]}"#,
            "checkers[0].endpoint_url: is missing: it says what to look at"
        ),
        (
            #"{"checkers": [{"type": "http", "endpoint_url": "a.example"}]}"#,
            "checkers[0].endpoint_url: is no URL: begin it with http:// or https://"
        ),
        (
            #"{"checkers": [{"type": "http", "endpoint_url": "http://a.example", "up_status": 9}]}"#,
            "checkers[0].up_status: 9 is no status from 100 to 599"
        ),
        (
            #"{"checkers": [{"type": "http", "endpoint_url": "http://a.example", "headers": 1}]}"#,
            "checkers[0].headers: expected an object, found a number"
        ),
        (
            #"{"checkers": [{"type": "tcp", "endpoint_url": "a.example"}]}"#,
            "checkers[0].endpoint_url: has no port: write HOST:PORT"
        ),
        (
            #"{"checkers": [{"type": "tcp", "endpoint_url": "a.example:1", "timeout": "soon"}]}"#,
            #"checkers[0].timeout: "soon" is no duration: write nanoseconds, or "500ms""#
        ),
        (
            #"{"checkers": [{"type": "tcp", "endpoint_url": "a.example:1", "tls": "yes"}]}"#,
            "checkers[0].tls: expected true or false, found a text"
        ),
        (
            #"{"checkers": [{"type": "tls", "endpoint_url": "a:1", "trusted_roots": ["/nowhere"]}]}"#,
            "checkers[0].trusted_roots[0]: open /nowhere: No such file or directory"
        ),
        (
            #"{"checkers": [{"type": "dns", "endpoint_url": "a:1", "hostname_fqdn": "a b"}]}"#,
            #"checkers[0].hostname_fqdn: "a b" is no domain name"#
        ),
        (
            #"{"checkers": [{"type": "exec", "command": "a", "arguments": [1]}]}"#,
            "checkers[0].arguments[0]: expected a text in quotes, found a number"
        ),
        (#"{"checkers": {}}"#, "checkers: expected a list in brackets, found an object"),
        (
            #"{"checkers": [], "concurrent_checks": -1}"#,
            "concurrent_checks: -1 is below 1: no check could ever run"
        ),
    ])
    func `what is wrong is told, all in one go`(json: String, expected: String) {
        #expect(problems(json) == [expected])
    }

    @Test func `a mesh's file is one, too`() throws {
        let list = try list(
            #"""
            {"mesh": {"name": "m", "secret": "0123456789abcdef"}, "node": {"name": "a", "bind": "127.0.0.1:0"},
             "checks": [{"name": "web", "type": "tcp", "address": "a.example:1", "tags": ["x"]},
                        {"name": "off", "type": "tcp", "address": "a.example:2", "enabled": false}]}
            """#)
        #expect(!list.isOfCheckup && list.concurrency == nil)
        #expect(list.entries.map(\.name) == ["web", "off"])
        #expect(list.entries.map(\.isEnabled) == [true, false])
        #expect(list.entries.map(\.tags) == [["x"], []])
    }
}

import MeshChecks
import MeshCore
import MeshHTTPClient
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

/// Every option of an HTTP check, in the accepting and in the rejecting direction, against a real
/// nginx.
@Suite(.enabled(if: WebServer.isInstalled, "needs nginx and openssl")) struct HTTPTableTests {
    private static let places = #"""
        location = /status/204 { return 204; }
        location = /status/503 {
            return 503 "<html>\r\n<head><title>Down for maintenance</title></head>\r\n</html>";
        }
        location = /r1 { return 301 /r2; }
        location = /r2 { return 302 /r3; }
        location = /r3 { return 307 /text; }
        location = /text { return 200 "Welcome to 12 monkeys"; }
        location = /json {
            default_type application/json;
            add_header X-Served-By "a-1";
            add_header X-Served-By "b-2";
            return 200 '{"status":"ok","queue":{"length":7},"items":[{"name":"a"},{"name":"b"}],"deep-name":null}';
        }
        location = /said { return 200 "$request_method $content_length $http_host $http_authorization $http_x_a"; }
        location = /echo { return 500 "you said $http_authorization and $args"; }
        location = /protocol { return 200 "$server_protocol"; }
        location = /asked { return 200 "$ssl_server_name"; }
        location = /client { return 200 "$ssl_client_verify"; }
        location = /big { }
        location = /family { return 200 "$remote_addr"; }
        """#

    private struct Row {
        let name: String
        let kind: CheckKind
        let expected: String
    }

    /// `change` of a check of `base` with `path`, and what is to come of it.
    private func row(
        _ name: String, _ url: String, _ expected: String,
        _ change: (inout HTTPCheck) throws -> Void = { _ in }
    ) throws -> Row {
        var check = HTTPCheck(url: try WebAddress(url))
        check.attempts = .within(5_000)
        try change(&check)
        return Row(name: name, kind: .http(check), expected: expected)
    }

    private func expect(_ rows: [Row], on bench: CheckBench) throws {
        for row in rows {
            let seen = try bench.saw(row.kind)
            #expect(seen == row.expected, "\(row.name)")
        }
    }

    @Test func `statuses, redirects and texts`() throws {
        let server = try WebServer(places: Self.places)
        let base = "http://\(server.plain)"
        let page = "Welcome to 12 monkeys"
        #expect(page.count == 21)
        try expect(
            [
                row("any 2xx", "\(base)/status/204", "up: "),
                row(
                    "not 2xx", "\(base)/status/503",
                    "down: status 503, expected 200-299; the body begins '<html> <head><title>Down for maintenance</title></head> </html>'"
                ),
                row("this one", "\(base)/status/503", "up: ") {
                    $0.expectedStatus = StatusSet([503...503]) ?? .successful
                },
                row(
                    "not that one", "\(base)/text",
                    "down: status 200, expected 201,300-399; the body begins '\(page)'"
                ) {
                    $0.expectedStatus = StatusSet([201...201, 300...399]) ?? .successful
                },
                row("any", "\(base)/status/503", "up: ") { $0.expectedStatus = .any },
                row("follow", "\(base)/r1", "up: ") { $0.texts.required = [.contains("monkeys")] },
                row("follow three", "\(base)/r1", "up: ") { $0.redirects = 3 },
                row("follow two", "\(base)/r1", "down: redirected more than 2 times") {
                    $0.redirects = 2
                },
                row("as it is", "\(base)/r1", "up: ") {
                    $0.redirects = 0
                    $0.expectedStatus = StatusSet([301...301]) ?? .successful
                },
                row("must contain", "\(base)/text", "up: ") {
                    $0.texts.required = [.contains("Welcome"), .matches(#"\b\d{2} mon"#)]
                },
                row(
                    "does not contain", "\(base)/text",
                    "down: response does not contain 'welcome'; it begins 'Welcome to 12 monkeys'"
                ) {
                    $0.texts.required = [.contains("Welcome"), .contains("welcome")]
                },
                row(
                    "does not match", "\(base)/text",
                    #"down: response does not match '^\d'; it begins 'Welcome to 12 monkeys'"#
                ) {
                    $0.texts.required = [.matches(#"^\d"#)]
                },
                row("must not contain", "\(base)/text", "up: ") {
                    $0.texts.forbidden = [.contains("apes"), .matches("[A-Z]{2}")]
                },
                row("contains", "\(base)/text", "down: response contains '12'") {
                    $0.texts.forbidden = [.contains("12")]
                },
                row("matches", "\(base)/text", "down: response matches '(?i)MONKEYS$'") {
                    $0.texts.forbidden = [.matches("(?i)MONKEYS$")]
                },
                row(
                    "no more is read", "\(base)/text",
                    "down: the first 7 bytes of the response does not contain '12'; it begins 'Welcome'"
                ) {
                    $0.texts.required = [.contains("12")]
                    $0.extras.values.answerByteCount = 7
                },
                row("enough is read", "\(base)/text", "up: ") {
                    $0.texts.required = [.contains("Welcome")]
                    $0.extras.values.answerByteCount = 7
                },
                row("nothing is read", "\(base)/big", "up: ") {
                    $0.extras.values.answerByteCount = 0
                },
                row(
                    "a MiB is read", "\(base)/big",
                    "down: the first MiB of the response does not contain 'b'; it begins '\(String(repeating: "a", count: 80))'"
                ) {
                    $0.texts.required = [.contains("b")]
                },
            ], on: try CheckBench())
    }

    @Test func `what is in JSON and in the header`() throws {
        let server = try WebServer(places: Self.places)
        let page = "http://\(server.plain)/json"
        func rules(_ rules: String...) -> (inout HTTPCheck) throws -> Void {
            { $0.extras.values.json = try rules.map { text in try JSONRule(text) } }
        }
        func header(_ name: String, _ demand: HeaderRule.Demand) -> (inout HTTPCheck) -> Void {
            { $0.extras.values.headers = [HeaderRule(name: name, demand: demand)] }
        }
        try expect(
            [
                row(
                    "all kept", page, "up: ",
                    rules(
                        "$.status == 'ok'", "$.queue.length < 10", "$.items[-1].name != 'a'",
                        "$.items[0].name matches '^a$'", "$.status contains 'o'",
                        "$['deep-name'] exists",
                        "$.deep-name == null", "$.error absent")),
                row(
                    "broken", page, #"down: expected $.status == "up", found "ok""#,
                    rules("$.queue.length >= 7", #"$.status == "up""#)),
                row(
                    "above", page, "down: expected $.queue.length > 7, found 7",
                    rules("$.queue.length > 7")),
                row(
                    "gone", page, "down: expected $.items[2] exists, found nothing there",
                    rules("$.items[2] exists")),
                row(
                    "there", page, "down: expected $.items absent, found a list of 2",
                    rules("$.items absent")),
                row(
                    "no match", page, "down: expected $.status matches 'K', found \"ok\"",
                    rules("$.status matches 'K'")),
                row(
                    "no JSON", "http://\(server.plain)/text",
                    "down: the response is no JSON that can be judged: line 1, column 1: expected a value, found \"W\"",
                    rules("$ exists")),
                row(
                    "part of a field", page, "up: ",
                    header(
                        "content-type", .texts(TextRules(required: [.contains("application/json")]))
                    )),
                row(
                    "another part", page,
                    "down: header Content-Type does not contain 'text/html'; it is 'application/json'",
                    header("Content-Type", .texts(TextRules(required: [.contains("text/html")])))),
                row(
                    "several lines are one field", page, "up: ",
                    header("X-Served-By", .texts(TextRules(required: [.matches("^a-1, b-2$")])))),
                row(
                    "not there", page, "down: header X-Cache is not there",
                    header("X-Cache", .texts(TextRules(required: [.contains("HIT")])))),
                row(
                    "need not be there", page, "up: ",
                    header("X-Cache", .texts(TextRules(forbidden: [.contains("MISS")])))),
                row(
                    "must not say", page, "down: header Server contains 'nginx'",
                    header("Server", .texts(TextRules(forbidden: [.contains("nginx")])))),
                row("absent", page, "up: ", header("X-Powered-By", .absent)),
                row(
                    "not absent", page, "down: header Server is there, and must not be",
                    header("Server", .absent)),
            ], on: try CheckBench())
    }

    @Test func `what is said, and to whom`() throws {
        let server = try WebServer(places: Self.places)
        let bench = try CheckBench()
        let base = "http://\(server.plain)"
        let said = "\(base)/said"
        func basic(_ password: String) -> HTTPAuthorization? {
            BasicCredentials(username: "u", password: Secret(password)).map { .basic($0) }
        }
        func says(_ text: String) -> TextRules { TextRules(required: [.contains(text)]) }
        let refusing = try SocketAddress.refusing(on: bench.loop)
        try expect(
            [
                row("method", said, "up: ") {
                    $0.method = HTTPMethod("OPTIONS") ?? .get
                    $0.texts = says("OPTIONS")
                },
                row("head has no body", said, "down: the empty body does not contain 'HEAD'") {
                    $0.method = .head
                    $0.texts = says("HEAD")
                },
                row("length", said, "up: ") {
                    $0.method = HTTPMethod("PUT") ?? .get
                    $0.body = Secret("12345")
                    $0.texts = says("PUT 5 ")
                },
                row("host", said, "up: ") {
                    $0.headers = [HTTPHeader(name: "Host", value: Secret("other.test"))].compactMap(
                        \.self)
                    $0.texts = says(" other.test ")
                },
                row("field", said, "up: ") {
                    $0.headers = [HTTPHeader(name: "X-A", value: Secret("seen"))].compactMap(\.self)
                    $0.texts = says(" seen")
                },
                row("basic", said, "up: ") {
                    $0.extras.values.authorization = basic("p")
                    $0.texts = says("Basic dTpw")
                },
                row("bearer", said, "up: ") {
                    $0.extras.values.authorization = .bearer(Secret("tok"))
                    $0.texts = says("Bearer tok")
                },
                row(
                    "a token comes back masked", "\(base)/echo",
                    "down: status 500, expected 200-299; the body begins 'you said Bearer *** and'"
                ) { $0.extras.values.authorization = .bearer(Secret("hunter2-hunter2")) },
                row(
                    "so does a password", "\(base)/echo",
                    "down: status 500, expected 200-299; the body begins 'you said Basic *** and'"
                ) { $0.extras.values.authorization = basic("hunter2") },
                row("elsewhere", "http://www.example.test/said", "up: ") {
                    $0.extras.values.place = HTTPPlace(host: "127.0.0.1", port: server.plain.port)
                    $0.texts = says(" www.example.test ")
                },
                row(
                    "elsewhere at the same port", "http://www.example.test:\(server.plain.port)/r1",
                    "up: "
                ) {
                    $0.extras.values.place = HTTPPlace(host: "127.0.0.1", port: nil)
                },
                row("nowhere else", "\(base)/said", "down: connection refused") {
                    $0.extras.values.place = HTTPPlace(host: "127.0.0.1", port: refusing.port)
                },
                row("compressed", "\(base)/text", "up: ") {
                    $0.extras.values.acceptsGzip = true
                    $0.texts = says("monkeys")
                    $0.extras.values.headers = [
                        HeaderRule(name: "Content-Encoding", demand: .texts(says("gzip")))
                    ]
                },
                row(
                    "a bomb", "\(base)/big",
                    "down: the first MiB of the response does not contain 'b'; it begins '\(String(repeating: "a", count: 80))'"
                ) {
                    $0.extras.values.acceptsGzip = true
                    $0.texts = says("b")
                },
                row("not compressed", "\(base)/text", "down: header Content-Encoding is not there")
                {
                    $0.extras.values.headers = [
                        HeaderRule(name: "Content-Encoding", demand: .texts(says("gzip")))
                    ]
                },
            ], on: bench)
    }

    /// Since the second of January 2020, when that certificate ended.
    private static var daysGone: UInt64 {
        (SystemClock.wallTime.milliseconds - 1_577_923_200_000) / 86_400_000
    }

    @Test func `certificates`() throws {
        let server = try WebServer(places: Self.places)
        let bench = try CheckBench()
        let good = "https://\(server.good)"
        func trusting(
            _ change: @escaping (inout HTTPCheck) -> Void = { _ in }
        ) -> (inout HTTPCheck) -> Void {
            {
                $0.trust = .file(server.rootsFile)
                change(&$0)
            }
        }
        func identity(_ file: String, _ expected: String) -> (inout HTTPCheck) -> Void {
            trusting {
                $0.extras.values.identity = TLSIdentity(
                    certificateFile: file, keyFile: server.keyFile)
                $0.texts.required = [.matches(expected)]
            }
        }
        func ends(_ days: Int64) -> (inout HTTPCheck) -> Void {
            trusting { $0.extras.values.certificate = CertificateRule(within: .hours(24 * days)) }
        }
        try expect(
            [
                row("own roots", good, "up: ", trusting()),
                row("the machine's", good, "down: the certificate's issuer is not known here"),
                row("anybody", good, "up: ") { $0.trust = .anything },
                row(
                    "expired", "https://\(server.expired)", "down: the certificate has expired",
                    trusting()),
                row("no matter", "https://\(server.expired)", "up: ") { $0.trust = .anything },
                row(
                    "another's", "https://\(server.misnamed)",
                    "down: the certificate is not for 127.0.0.1", trusting()),
                row(
                    "asked for by its name", "https://\(server.misnamed)/asked", "up: ",
                    trusting {
                        $0.extras.values.serverName = "other.test"
                        $0.texts.required = [.matches("^other.test$")]
                    }),
                row(
                    "the host is still asked", "https://\(server.misnamed)/said", "up: ",
                    trusting {
                        $0.extras.values.serverName = "other.test"
                        $0.texts.required = [.contains(" 127.0.0.1:\(server.misnamed.port) ")]
                    }),
                row(
                    "and followed", "https://\(server.misnamed)/r1", "up: ",
                    trusting { $0.extras.values.serverName = "other.test" }),
                row(
                    "asked for by a wrong one", "\(good)/asked",
                    "down: the certificate is not for wrong.test",
                    trusting { $0.extras.values.serverName = "wrong.test" }),
                row("long enough", good, "up: ", ends(5)),
                row(
                    "not long enough", good, "degraded: certificate of 127.0.0.1 expires in 9 days",
                    ends(14)),
                row(
                    "of another place", "https://localhost:\(server.good.port)/r1",
                    "degraded: certificate of localhost expires in 9 days", ends(14)),
                row(
                    "gone, if nobody minds", "https://\(server.expired)",
                    "down: certificate of 127.0.0.1 expired \(Self.daysGone) days ago"
                ) {
                    $0.trust = .anything
                    $0.extras.values.certificate = CertificateRule(within: .hours(1))
                },
                row(
                    "none", "http://\(server.plain)", "down: answered without a certificate",
                    ends(1)),
                row("known", "\(good)/client", "up: ", identity(server.clientFile, "^SUCCESS$")),
                row(
                    "nobody", "\(good)/client", "up: ",
                    trusting { $0.texts.required = [.contains("NONE")] }),
                row(
                    "a stranger", "\(good)/client",
                    "down: status 400, expected 200-299; the body begins '<html> <head><title>400 The SSL certificate error</title></head> <body> <center>'",
                    identity(server.strangerFile, "")),
            ], on: bench)
        #expect(
            try bench.saw(
                row("no key", good, "", identity(server.rootsFile, "")).kind)
                == "abstained: unusableFile")
    }

    @Test func `HTTP/1.1 and HTTP/2`() throws {
        let server = try WebServer(places: Self.places)
        func speaks(_ version: HTTPVersion, _ shown: String) -> (inout HTTPCheck) -> Void {
            {
                $0.trust = .file(server.rootsFile)
                $0.extras.values.version = version
                $0.texts.required = [.contains(shown)]
            }
        }
        let (plain, secure) = ("http://\(server.plain)/protocol", "https://\(server.good)/protocol")
        let bench = try CheckBench()
        try expect(
            [
                row("usually", secure, "up: ", speaks(.one, "HTTP/1.1")),
                row("any", secure, "up: ", speaks(.any, "HTTP/2.0")),
                row("2", secure, "up: ", speaks(.two, "HTTP/2.0")),
                row("any without TLS", plain, "up: ", speaks(.any, "HTTP/1.1")),
            ], on: bench)
        // This nginx speaks HTTP/1 at that port, and calls HTTP/2's first words a bad request.
        #expect(try bench.saw(row("", plain, "", speaks(.two, "")).kind).hasPrefix("down: "))
    }

    @Test func `one family of addresses`() throws {
        let loop = try EventLoop()
        let server = try LoopbackServer.http(on: loop, host: .loopback6) { _ in
            LoopbackServer.response("200 OK")
        }
        // An address of its own: at 127.0.0.1 another test may be served at the same port.
        let nobody = SocketAddress(ipv4: 0x7F00_034D, port: 0)
        let names = try NameServer(on: loop) { name, _ in
            .addresses(name == "two.test" ? [nobody, .loopback6] : [nobody], life: 60)
        }
        let bench = try CheckBench(on: loop, servers: names.servers)
        let port = server.address.port
        func forced(_ version: IPVersion) -> (inout HTTPCheck) -> Void {
            { $0.extras.values.ipVersion = version }
        }
        try expect(
            [
                row("6", "http://two.test:\(port)/", "up: ", forced(.six)),
                row("4", "http://two.test:\(port)/", "down: connection refused", forced(.four)),
                row(
                    "no 6", "http://one.test:\(port)/",
                    "down: the name one.test has no IPv6 address",
                    forced(.six)),
                row("elsewhere", "http://three.test/", "up: ") {
                    $0.extras.values.ipVersion = .six
                    $0.extras.values.place = HTTPPlace(host: "two.test", port: port)
                },
            ], on: bench)
        #expect(names.count(of: "three.test") == 0)
    }
}

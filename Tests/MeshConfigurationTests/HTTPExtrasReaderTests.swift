import MeshChecks
import MeshCore
import Testing

@testable import MeshConfiguration

@Suite struct HTTPExtrasReaderTests {
    private static let pem = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"

    private var reading: Reading {
        var reading = Reading()
        reading.files["/etc/mesh/me.pem"] = Self.pem
        reading.files["/etc/mesh/locked.pem"] = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
        reading.files["/etc/mesh/none.pem"] = "nothing"
        reading.files["/etc/mesh/token"] = "filed\n"
        reading.variables = ["T": "hunter2"]
        return reading
    }

    private func json(_ fields: String, _ url: String) -> String {
        #"{"name": "a", "type": "http", "url": "\#(url)", \#(fields)}"#
    }

    private func check(
        _ fields: String, _ url: String = "https://a.example/"
    ) throws -> HTTPCheck {
        guard case .http(let check) = try reading.check(json(fields, url)).kind else {
            throw ConfigurationFault([])
        }
        return check
    }

    private func definition(_ fields: String) throws -> String {
        String(
            decoding: try reading.check(json(fields, "https://a.example/")).definition.text,
            as: UTF8.self)
    }

    @Test func `every option is read`() throws {
        let check = try check(
            #"""
            "max_redirects": 3, "expect_status": "any", "bearer_token_file": "token",
            "expect_json": ["$.a == 'b'", "$.c matches '^d'"],
            "expect_headers": {"Content-Type": "json", "X-A": {"must_not_match": ["b", "c"]},
                "X-B": {"absent": true}, "X-C": ["d", "e"]},
            "expires_within": "14d", "http_version": "2", "gzip": true, "max_body_bytes": 0,
            "tls_cert_file": "me.pem", "tls_key_file": "me.pem", "tls_server_name": "b.example",
            "force_ip": 6, "connect_to": "[::1]:8443"
            """#)
        #expect(check.redirects == 3 && check.expectedStatus == .any)
        let values = check.extras.values
        #expect(values.authorization == .bearer(Secret("filed")))
        #expect(values.json.map(\.text) == ["$.a == 'b'", "$.c matches '^d'"])
        #expect(
            values.headers == [
                HeaderRule(
                    name: "Content-Type", demand: .texts(TextRules(required: [.contains("json")]))),
                HeaderRule(
                    name: "X-A",
                    demand: .texts(TextRules(forbidden: [.matches("b"), .matches("c")]))),
                HeaderRule(name: "X-B", demand: .absent),
                HeaderRule(
                    name: "X-C",
                    demand: .texts(TextRules(required: [.contains("d"), .contains("e")]))),
            ])
        #expect(values.certificate?.within == .hours(14 * 24))
        #expect(values.version == .two && values.acceptsGzip && values.answerByteCount == 0)
        #expect(values.identity?.certificateFile == "/etc/mesh/me.pem")
        #expect(values.serverName == "b.example" && values.ipVersion == .six)
        #expect(values.place == HTTPPlace(host: "::1", port: 8443))
        let proxied = try self.check(
            #""proxy": "socks5://p.example:1080/", "proxy_username": "u", "proxy_password": "p""#)
        #expect(
            proxied.extras.values.proxy
                == HTTPProxy(
                    kind: .socks5, address: HostPort(host: "p.example", port: 1080),
                    credentials: BasicCredentials(username: "u", password: Secret("p"))))
        #expect(try self.check(#""gzip": false"#).extras.areUsual)
        #expect(try self.check(#""follow_redirects": false"#).redirects == 0)
        #expect(
            try self.check(#""connect_to": "10.0.0.1""#).extras.values.place
                == HTTPPlace(host: "10.0.0.1", port: nil))
    }

    @Test(arguments: [
        (#""max_redirects": 0"#, "max_redirects: 0 is below the minimum of 1"),
        (
            #""max_redirects": 2, "follow_redirects": false"#,
            #"max_redirects: means nothing with "follow_redirects": false"#
        ),
        (
            #""bearer_token": "a", "username": "u", "password": "p""#,
            "bearer_token: checks[0].username is there as well: keep one of them"
        ),
        (
            #""bearer_token": "a b""#,
            "bearer_token: has a space, a control character or a letter beyond ASCII"
        ),
        (
            #""headers": {"authorization": "x"}, "bearer_token": "a""#,
            "headers: has an Authorization beside the one that is made here: keep one"
        ),
        (
            #""expect_json": "$.a = 1""#,
            "expect_json: is no rule: expected a comparison: one of ==, !=, <, <=, >, >=, contains, matches, exists and absent at character 5"
        ),
        (
            #""expect_json": ["$ exists", "$.a matches '('"]"#,
            "expect_json[1]: the expression is none: missing closing parenthesis at character 2"
        ),
        (#""expect_headers": {"a b": "c"}"#, "expect_headers.a b: is no header's name"),
        (#""expect_headers": {"a": {}}"#, "expect_headers.a: says nothing: leave it out"),
        (
            #""expect_headers": {"a": {"absent": true, "must_match": "b"}}"#,
            "expect_headers.a: cannot be absent and have a text"
        ),
        (
            #""expect_headers": {"a": {"must_contian": "b"}}"#,
            "expect_headers.a.must_contian: unknown key: the nearest known key is \"must_contain\""
        ),
        (#""expires_within": "1s""#, "expires_within: 1s is below the minimum of 1m"),
        (#""http_version": "3""#, #"http_version: "3" is none: write "1.1", "2" or "any""#),
        (#""max_body_bytes": 2000000"#, "max_body_bytes: 2000000 is above the maximum of 1048576"),
        (#""tls_cert_file": "me.pem""#, "tls_cert_file: has no tls_key_file beside it"),
        (#""tls_key_file": "me.pem""#, "tls_key_file: has no tls_cert_file beside it"),
        (
            #""tls_cert_file": "none.pem", "tls_key_file": "me.pem""#,
            "tls_cert_file: holds no certificate in PEM form"
        ),
        (
            #""tls_cert_file": "me.pem", "tls_key_file": "locked.pem""#,
            "tls_key_file: is encrypted: nobody is there to type its password"
        ),
        (#""tls_server_name": "127.0.0.1""#, #"tls_server_name: "127.0.0.1" is no host's name"#),
        (
            #""proxy": "p.example:3128""#,
            "proxy: is no proxy: write http://HOST:PORT or socks5://HOST:PORT"
        ),
        (
            #""proxy": "http://u:p@p.example:3128""#,
            "proxy: has a name or a password: write them as proxy_username and proxy_password"
        ),
        (#""proxy": "http://p.example""#, "proxy: has no port: write HOST:PORT"),
        (
            #""proxy_username": "u", "proxy_password": "p""#,
            "proxy_username: has no proxy beside it"
        ),
        (
            #""proxy": "http://p.example:1", "connect_to": "a""#,
            "connect_to: means nothing with a proxy, which connects by itself"
        ),
        (#""force_ip": 5"#, "force_ip: 5 is neither 4 nor 6"),
        (
            #""force_ip": 6, "connect_to": "127.0.0.1""#,
            "connect_to: is no address of IPv6, which force_ip asks for"
        ),
        (#""connect_to": "a:b""#, #"connect_to: "b" is no port: write a number from 1 to 65535"#),
    ])
    func `what is wrong is told`(fields: String, expected: String) {
        let text = json(fields, "https://a.example/")
        #expect(
            reading.problems("{\(Reading.mesh), \"checks\": [\(text)]}") == [
                "checks[0].\(expected)"
            ])
    }

    @Test func `an address of the wrong kind, and a certificate where none is shown`() {
        func problems(_ fields: String, _ url: String) -> [String] {
            reading.problems("{\(Reading.mesh), \"checks\": [\(json(fields, url))]}")
        }
        #expect(
            problems(#""force_ip": 4"#, "http://[::1]/")
                == ["checks[0].url: is no address of IPv4, which force_ip asks for"])
        #expect(
            problems(#""expires_within": "14d", "follow_redirects": false"#, "http://a.example/")
                == [
                    "checks[0].expires_within: means nothing for plain http, which shows no certificate"
                ])
    }

    @Test func `the definition has what differs from the usual, and no secret`() throws {
        #expect(
            try definition(#""http_version": "1.1", "max_redirects": 10, "gzip": false"#)
                == #"{"type":"http","url":"https://a.example/"}"#)
        #expect(
            try definition(
                #"""
                "bearer_token": "hunter2", "proxy": "http://p.example:1", "force_ip": 4,
                "proxy_username": "u", "proxy_password": "hunter2", "tls_cert_file": "me.pem",
                "tls_key_file": "me.pem", "expect_json": "$.a == '${T}'", "max_redirects": 2,
                "expect_headers": {"X-A": "${T}", "X-B": {"absent": true}}
                """#)
                == #"{"bearer_token":"***","expect_headers":{"X-A":"${T}","X-B":{"absent":true}},"#
                + #""expect_json":"$.a == '${T}'","force_ip":4,"max_redirects":2,"#
                + #""proxy":"http://p.example:1","proxy_password":"***","proxy_username":"u","#
                + #""tls_cert_file":"me.pem","tls_key_file":"me.pem","type":"http","#
                + #""url":"https://a.example/"}"#)
    }
}

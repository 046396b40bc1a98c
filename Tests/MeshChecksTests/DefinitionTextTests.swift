import MeshChecks
import MeshCore
import MeshTestSupport
import Testing

/// The bytes below are part of the protocol: their hash names a definition on every node, so a
/// change to one of them makes two versions of the program disagree about what a check is.
struct DefinitionTextTests {
    private func text(
        _ kind: CheckKind, written: [String: DefinitionText.Value] = [:]
    ) -> String {
        String(
            decoding: kind.definitionText(written: written, using: StubCryptography()),
            as: UTF8.self)
    }

    private func http(_ url: String, _ change: (inout HTTPCheck) -> Void = { _ in }) throws
        -> CheckKind
    {
        var check = HTTPCheck(url: try WebAddress(url))
        change(&check)
        return .http(check)
    }

    @Test func `a check with nothing but its target has nothing but its target`() throws {
        #expect(
            try text(http("https://www.example.com/"))
                == #"{"type":"http","url":"https://www.example.com/"}"#)
        let mail = TCPCheck(address: try HostPort("mail.example.com:25"))
        #expect(text(.tcp(mail)) == #"{"address":"mail.example.com:25","type":"tcp"}"#)
    }

    @Test func `what is not default is there, in the order of the keys, each in one form`() throws {
        let kind = try http("http://[2001:db8::1]:8080/a?b") { check in
            check.method = .post
            check.body = Secret("{}")
            check.headers = ["X-B", "Accept", "x-b"].compactMap {
                HTTPHeader(name: $0, value: Secret("1\t\"\\"))
            }
            check.expectedStatus = StatusSet([301...302, 200...204, 205...205]) ?? .successful
            check.texts.required = [.contains("Größe\u{1}")]
            check.texts.forbidden = [.contains("/error")]
            check.redirects = 0
            check.trust = .file("ca.pem")
            check.attempts = AttemptPlan(
                count: 3, timeout: .milliseconds(1_500), spacing: .seconds(60),
                threshold: .milliseconds(400))
        }
        let hash = StubCryptography().sha256(Array("{}".utf8)).high.hexadecimal
        #expect(
            text(kind) == #"{"attempt_spacing":"1m","attempts":3,"body":"sha256:\#(hash)","#
                + #""expect_status":"200-205,301-302","follow_redirects":false,"#
                + #""headers":{"accept":["1\u0009\"\\"],"x-b":["1\u0009\"\\","1\u0009\"\\"]},"#
                + #""must_contain":"Größe\u0001","must_not_contain":"/error","#
                + #""threshold_rtt":"400ms","timeout":"1s500ms","tls_ca_file":"ca.pem","#
                + #""type":"http","url":"http://[2001:db8::1]:8080/a?b"}"#)
        var tcp = TCPCheck(address: try HostPort("[::1]:25"))
        tcp.send = Secret("QUIT\r\n")
        tcp.expect = .contains("220")
        tcp.tls = TLSOptions(.anything)
        let sent = StubCryptography().sha256(Array("QUIT\r\n".utf8)).high.hexadecimal
        #expect(
            text(.tcp(tcp)) == #"{"address":"[::1]:25","expect":"220","send":"sha256:\#(sent)","#
                + #""tls":true,"tls_skip_verify":true,"type":"tcp"}"#)
    }

    @Test func `no secret is in it, and a password that differs makes no other definition`() throws
    {
        func kind(_ password: String) throws -> CheckKind {
            try http("https://www.example.com/") { check in
                check.extras.values.authorization = BasicCredentials(
                    username: "me", password: Secret(password)
                ).map { .basic($0) }
                check.headers = [HTTPHeader(name: "Authorization", value: Secret(password))]
                    .compactMap(\.self)
            }
        }
        let shown = try text(kind("hunter2"))
        #expect(
            shown == #"{"headers":{"authorization":["***"]},"password":"***","type":"http","#
                + #""url":"https://www.example.com/","username":"me"}"#)
        #expect(try text(kind("hunter3")) == shown)
    }

    @Test func `what was written goes in where a variable stands for it, default or not`() throws {
        let kind = try http("https://a.example/") { $0.body = Secret("secret") }
        let shown = text(
            kind,
            written: [
                "url": .text("https://${HOST}/"), "follow_redirects": .text("${F}"),
                "body": .text("${BODY}"),
            ])
        let hash = StubCryptography().sha256(Array("${BODY}".utf8)).high.hexadecimal
        #expect(
            shown == #"{"body":"sha256:\#(hash)","follow_redirects":"${F}","method":"GET","#
                + #""type":"http","url":"https://${HOST}/"}"#)
    }

    @Test func `a secret prints, dumps and interpolates as a mask`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])"] {
            #expect(!text.contains("hunter2"))
        }
    }
}

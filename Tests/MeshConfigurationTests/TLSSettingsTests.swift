import MeshChecks
import MeshConfiguration
import MeshCore
import Testing

/// The options of `tls` and `tcp`, accepted and refused.
struct TLSSettingsTests {
    private var reading: Reading {
        var reading = Reading()
        reading.files = [
            "/etc/mesh/ca.pem": "-----BEGIN CERTIFICATE-----",
            "/etc/mesh/me.pem": "-----BEGIN CERTIFICATE-----",
            "/etc/mesh/me.key": "-----BEGIN PRIVATE KEY-----",
            "/etc/mesh/locked.key": "-----BEGIN ENCRYPTED PRIVATE KEY-----",
            "/etc/mesh/empty": "nothing",
        ]
        return reading
    }

    private func tls(_ fields: String) throws -> (TLSCheck, String) {
        let check = try reading.check(#"{"name": "a", "type": "tls", \#(fields)}"#)
        guard case .tls(let tls) = check.kind else { throw NotTLS() }
        return (tls, String(decoding: check.definition.text, as: UTF8.self))
    }

    private func tcp(_ fields: String) throws -> (TCPCheck, String) {
        let check = try reading.check(#"{"name": "a", "type": "tcp", \#(fields)}"#)
        guard case .tcp(let tcp) = check.kind else { throw NotTLS() }
        return (tcp, String(decoding: check.definition.text, as: UTF8.self))
    }

    private struct NotTLS: Error {}

    @Test
    func
        `a tls check with nothing but its address asks for two weeks, the machine's roots and 1.2`()
        throws
    {
        let (check, text) = try tls(#""address": "www.example.com:443""#)
        #expect(check.expiresWithin == .hours(14 * 24))
        #expect(check.tls == TLSOptions(.system) && check.startTLS == nil && check.version == nil)
        #expect(text == #"{"address":"www.example.com:443","type":"tls"}"#)
    }

    @Test func `everything that a tls check may have is read, and is in its definition`() throws {
        let (check, text) = try tls(
            #"""
            "address": "mail.example.com:25", "starttls": "smtp", "server_name": "mx.example.com",
            "tls_ca_file": "ca.pem", "tls_cert_file": "me.pem", "tls_key_file": "me.key",
            "tls_min_version": "1.3", "expires_within": "30d", "force_ip": 6
            """#)
        #expect(check.startTLS == .smtp && check.name == "mx.example.com")
        #expect(check.tls.trust == .file("/etc/mesh/ca.pem"))
        #expect(
            check.tls.identity
                == TLSIdentity(
                    certificateFile: "/etc/mesh/me.pem", keyFile: "/etc/mesh/me.key"))
        #expect(check.tls.minimumVersion == .tls13 && check.version == .six)
        #expect(check.expiresWithin == .hours(30 * 24))
        #expect(
            text == #"{"address":"mail.example.com:25","expires_within":"30d","force_ip":6,"#
                + #""server_name":"mx.example.com","starttls":"smtp","tls_ca_file":"ca.pem","#
                + #""tls_cert_file":"me.pem","tls_key_file":"me.key","tls_min_version":"1.3","#
                + #""type":"tls"}"#)
        #expect(
            try tls(#""address": "a.example:1", "tls_skip_verify": true"#).0.tls.trust == .anything)
        for kind in StartTLS.allCases {
            let fields = #""address": "a.example:1", "starttls": "\#(kind.rawValue)""#
            #expect(try tls(fields).0.startTLS == kind)
        }
    }

    @Test func `everything that a tcp check may have is read, and is in its definition`() throws {
        let (check, text) = try tcp(
            #"""
            "address": "a.example:993", "expect_match": "^\\* OK", "expect_lines": 3, "force_ip": 4,
            "tls": true, "tls_server_name": "b.example", "tls_min_version": "1.0"
            """#)
        #expect(check.expect == .matches(#"^\* OK"#) && check.lines == 3 && check.version == .four)
        #expect(check.tls?.serverName == "b.example" && check.tls?.minimumVersion == .tls10)
        #expect(
            text == #"{"address":"a.example:993","expect_lines":3,"expect_match":"^\\* OK","#
                + #""force_ip":4,"tls":true,"tls_min_version":"1.0","tls_server_name":"b.example","#
                + #""type":"tcp"}"#)
    }

    @Test(arguments: [
        (#""address": "a.example""#, "address: has no port: write HOST:PORT"),
        (
            #""address": "a.example:1", "starttls": "ftp""#,
            #"starttls: "ftp" is unknown: write one of "smtp", "imap", "pop3" and "postgres""#
        ),
        (
            #""address": "a.example:1", "tls_min_version": "1.4""#,
            #"tls_min_version: "1.4" is no version of TLS: write one of "1.0", "1.1", "1.2" and "1.3""#
        ),
        (
            #""address": "a.example:1", "expires_within": "11y""#,
            #"expires_within: "11y" is no duration: write "500ms", "30s", "5m" or "1h30m""#
        ),
        (
            #""address": "a.example:1", "tls_cert_file": "me.pem""#,
            "tls_cert_file: has no tls_key_file beside it"
        ),
        (
            #""address": "a.example:1", "tls_ca_file": "empty""#,
            "tls_ca_file: holds no certificate in PEM form"
        ),
        (
            #""address": "192.0.2.1:1", "force_ip": 6"#,
            "force_ip: address is an address of the other kind: leave it out"
        ),
        (#""address": "a.example:1", "force_ip": 5"#, "force_ip: 5 is neither 4 nor 6"),
        (
            #""address": "a.example:1", "tls_server_name": "a""#,
            #"tls_server_name: unknown key: the nearest known key is "server_name""#
        ),
    ])
    func `what is wrong in a tls check is told`(fields: String, problem: String) {
        #expect(
            reading.problems(
                #"{\#(Reading.mesh), "checks": [{"name": "a", "type": "tls", \#(fields)}]}"#)
                == ["checks[0].\(problem)"])
    }

    @Test(arguments: [
        (
            #""expect": "a", "expect_match": "b""#,
            "expect_match: checks[0].expect is there as well: keep one of them"
        ),
        (
            #""expect_lines": 2"#,
            #"expect_lines: means nothing without "expect" or "expect_match""#
        ),
        (
            #""expect": "a", "expect_lines": 101"#,
            "expect_lines: 101 is above the maximum of 100"
        ),
        (
            #""tls_server_name": "a""#, #"tls_server_name: means nothing without "tls": true"#
        ),
    ])
    func `what is wrong in a tcp check is told`(fields: String, problem: String) {
        #expect(
            reading.problems(
                #"{\#(Reading.mesh), "checks": [{"name": "a", "type": "tcp", "address": "a.example:1", \#(fields)}]}"#
            ) == ["checks[0].\(problem)"])
    }
}

import MeshChecks
import MeshConfiguration
import Testing

/// Whatever a variable stood for anywhere in a check is masked in what is said of it.
struct SecretTests {
    @Test(
        arguments: [
            #""type": "http", "url": "http://a.example/", "headers": {"X-Tenant": "id ${V}"}"#,
            #""type": "http", "url": "http://${V}.example/""#,
            #""type": "http", "url": "http://a.example/", "must_contain": ["a", "${V}"]"#,
            #""type": "http", "url": "http://a.example/", "expect_json": "$.a == '${V}'""#,
            #""type": "http", "url": "http://a.example/", "expect_headers": {"A": "${V}"}"#,
            #""type": "http", "url": "http://a.example/", "bearer_token_file": "token""#,
            #""type": "dns", "hostname": "${V}.example""#,
            #""type": "dns", "hostname": "a.example", "expect": ["${V}"], "record": "TXT""#,
            #""type": "tcp", "address": "${V}.example:25""#,
            #""type": "tcp", "address": "a.example:25", "send": "AUTH ${V}\n", "expect": "a""#,
            #""type": "tls", "address": "a.example:25", "server_name": "${V}.example""#,
            #""type": "icmp", "target": "${V}.example""#,
            #""type": "exec", "command": "true", "environment": {"A": "x${V}"}"#,
            #""type": "exec", "command": "true", "environment": {"SMTP_PASS": "Sesame77"}"#,
            #""type": "exec", "command": "true", "arguments": ["a", "${V}"]"#,
        ])
    func `in every kind`(members: String) throws {
        var reading = Reading()
        reading.variables = ["V": "Sesame77"]
        reading.files = ["/etc/mesh/token": "Sesame77\n"]
        let check = try reading.check(#"{"name": "a", \#(members)}"#)
        let said = check.kind.redaction.redact("hello sesame77, hello Sesame77")
        #expect(said == "hello ***, hello ***")
        // What is asked of a name server may be a key; a host is what people look for.
        if check.kind.type == "dns" { #expect(!check.kind.target.lowercased().contains("sesame")) }
    }

    @Test func `numbers, flags, durations and names of files are none, nor are a neighbour's`()
        throws
    {
        var reading = Reading()
        reading.variables = ["N": "1234", "F": "true", "S": "7000ms", "D": "hidden"]
        reading.files = ["/etc/mesh/hidden/ca.pem": "-----BEGIN CERTIFICATE-----"]
        let checks = try reading.configuration(
            """
            {\(Reading.mesh), "checks": [
            {"name": "a", "type": "tcp", "address": "a.example:1", "send": "${D}"},
            {"name": "${D}", "type": "tls", "address": "a.example:1", "timeout": "${S}", "delay": "${N}",
             "tls_ca_file": "${D}/ca.pem"},
            {"name": "c", "type": "http", "url": "http://a.example/", "gzip": "${F}"}]}
            """.replacing(#""${N}""#, with: "1")
        ).checks
        let text = "1234 true 7000ms hidden"
        #expect(checks.map { $0.kind.redaction.redact(text) }.dropFirst() == [text, text])
    }

    @Test func `the server of the defaults is one for checks that ask it`() throws {
        var reading = Reading()
        reading.variables = ["V": "sesame77"]
        let check = try #require(
            try reading.configuration(
                """
                {\(Reading.mesh), "defaults": {"dns_server": "${V}.example"},
                 "checks": [{"name": "a", "type": "dns", "hostname": "b.example"}]}
                """
            ).checks.first)
        #expect(check.kind.redaction.redact("sesame77.example") == "***.example")
    }
}

import MeshChecks
import MeshConfiguration
import MeshCore
import Testing

/// The options of `icmp` and `dns`, as they are read, refused and defined.
struct PacketKindTests {
    private func icmp(_ members: String, in reading: Reading = Reading()) throws -> ICMPCheck {
        let check = try reading.check(
            #"{"name": "a", "type": "icmp", "target": "a.example"\#(members)}"#)
        guard case .icmp(let icmp) = check.kind else { throw Unexpected() }
        return icmp
    }

    private func dns(
        _ members: String, defaults: String = "{}", in reading: Reading = Reading()
    ) throws -> DNSCheck {
        let configuration = try reading.configuration(
            """
            {\(Reading.mesh), "defaults": \(defaults),
             "checks": [{"name": "a", "type": "dns", \(members)}]}
            """)
        guard case .dns(let dns)? = configuration.checks.first?.kind else { throw Unexpected() }
        return dns
    }

    private struct Unexpected: Error {}

    private func definition(_ json: String, in reading: Reading = Reading()) throws -> String {
        String(decoding: try reading.check(json).definition.text, as: UTF8.self)
    }

    private func problems(_ check: String) -> [String] {
        Reading().problems("{\(Reading.mesh), \"checks\": [\(check)]}")
    }

    // MARK: icmp

    @Test func `an icmp check needs a target and has defaults for the rest`() throws {
        let check = try icmp("")
        #expect(check.target == "a.example")
        #expect(check.count == 5)
        #expect(check.spacing == .milliseconds(200))
        #expect(check.maxLoss == nil)
        #expect(check.maxRoundTrip == nil)
        #expect(check.size == 56)
        #expect(check.version == nil)
        #expect(check.attempts.timeout == .seconds(10))
    }

    @Test func `each option of icmp is taken`() throws {
        let check = try icmp(
            #", "count": 3, "spacing": "1s", "max_loss": 1, "max_rtt": "200ms", "size": 16, "force_ip": 6"#
        )
        #expect(check.count == 3)
        #expect(check.spacing == .seconds(1))
        #expect(check.maxLoss == .packets(1))
        #expect(check.maxRoundTrip == .milliseconds(200))
        #expect(check.size == 16)
        #expect(check.version == .six)
        #expect(try icmp(#", "max_loss": "30%""#).maxLoss == .percent(30))
        var reading = Reading()
        reading.variables = ["LOSS": "20%", "COUNT": "2"]
        let variable = try icmp(#", "max_loss": "${LOSS}", "count": "${COUNT}""#, in: reading)
        #expect(variable.maxLoss == .percent(20))
        #expect(variable.count == 2)
    }

    @Test func `the timeout has room for all packets, or the packets fit the timeout`() throws {
        // Twenty, a second apart, and five more to come back.
        let wide = try icmp(#", "count": 20, "spacing": "1s""#)
        #expect(wide.attempts.timeout == .seconds(24))
        // Cut by the interval: the packets go out in the first half of what is left.
        let quick = try icmp(#", "interval": "1s""#)
        #expect(quick.attempts.timeout == .milliseconds(900))
        #expect(quick.spacing == .milliseconds(90))
        let short = try icmp(#", "timeout": "100ms""#)
        #expect(short.spacing == .milliseconds(10))
        #expect(try icmp(#", "timeout": "100ms", "count": 20"#).spacing == .milliseconds(2))
    }

    @Test(arguments: [
        (#""target": "a b""#, "target: \"a b\" is no host"),
        (#""target": "[a]""#, "target: \"[a]\" is no host"),
        (#""count": 0"#, "count: 0 is below the minimum of 1"),
        (#""count": 21"#, "count: 21 is above the maximum of 20"),
        (#""spacing": "1ms""#, "spacing: 1ms is below the minimum of 10ms"),
        (
            #""count": 20, "spacing": "10s""#,
            "spacing: 20 packets 10s apart take 3m10s, which leaves less than 100ms of the timeout"
        ),
        (
            #""timeout": "2s", "spacing": "490ms""#,
            "spacing: 5 packets 490ms apart take 1s960ms, which leaves less than 100ms of the"
                + " timeout of 2s: lower it, or raise timeout and interval"
        ),
        (#""max_loss": 5"#, "max_loss: 5 is not below count, which is 5: nothing would be down"),
        (#""max_loss": -1"#, "max_loss: -1 is below the minimum of 0"),
        (#""max_loss": "100%""#, #"max_loss: "100%" is no share: write "0%" to "99%""#),
        (#""max_loss": "x%""#, #"max_loss: "x%" is no share"#),
        (#""max_loss": "2""#, #"max_loss: expected a number of packets, or a share such as "30%""#),
        (#""max_loss": true"#, "max_loss: expected a whole number"),
        (#""max_rtt": "10s""#, "max_rtt: 10s is not below the timeout of 10s"),
        (
            #""max_rtt": "1s", "threshold_rtt": "1s""#,
            "threshold_rtt: 1s is not below max_rtt of 1s"
        ),
        (#""size": 15"#, "size: 15 is below the minimum of 16"),
        (#""size": 1473"#, "size: 1473 is above the maximum of 1472"),
        (#""force_ip": 5"#, "force_ip: 5 is neither 4 nor 6"),
        (#""packetloss": true"#, #"packetloss: unknown key: it is called "max_loss" here"#),
    ])
    func `what icmp cannot have is told`(members: String, problem: String) {
        let target = members.contains("target") ? "" : #""target": "a.example", "#
        let found = problems(#"{"name": "a", "type": "icmp", \#(target)\#(members)}"#)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("checks[0].\(problem)") == true, "\(found)")
    }

    @Test func `an address settles the family`() throws {
        #expect(
            problems(#"{"name": "a", "type": "icmp", "target": "::1", "force_ip": 4}"#)
                == ["checks[0].force_ip: target is an address of the other kind: leave it out"])
        #expect(problems(#"{"name": "a", "type": "icmp", "target": "[::1]", "force_ip": 6}"#) == [])
    }

    @Test func `the definition of icmp has what is not default`() throws {
        #expect(
            try definition(#"{"name": "a", "type": "icmp", "target": "a.example", "count": 5}"#)
                == #"{"target":"a.example","type":"icmp"}"#)
        #expect(
            try definition(
                """
                {"name": "a", "type": "icmp", "target": "[2001:db8::1]", "count": 3, "force_ip": 6,
                 "max_loss": "30%", "max_rtt": "1s", "size": 100, "spacing": "50ms"}
                """)
                == #"{"count":3,"force_ip":6,"max_loss":"30%","max_rtt":"1s","size":100,"#
                + #""spacing":"50ms","target":"2001:db8::1","type":"icmp"}"#)
    }

    // MARK: dns

    @Test func `a dns check needs a name and has defaults for the rest`() throws {
        let check = try dns(#""hostname": "www.example.com.""#)
        #expect(check.name.description == "www.example.com")
        #expect(check.server == nil)
        #expect(check.record == .a)
        #expect(check.transport == .udp)
        #expect(check.expect == nil)
        #expect(check.codes == [.noError])
        #expect(check.minAnswers == nil)
        #expect(check.isRecursive)
        #expect(check.target == "www.example.com A")
    }

    @Test(arguments: [
        ("192.0.2.53", "192.0.2.53:53"), ("192.0.2.53:5353", "192.0.2.53:5353"),
        ("::1", "[::1]:53"), ("[::1]", "[::1]:53"), ("[::1]:5353", "[::1]:5353"),
        ("ns.example.com", "ns.example.com:53"), ("ns.example.com:54", "ns.example.com:54"),
    ])
    func `a server is a name or an address, with a port or on 53`(
        text: String, read: String
    ) throws {
        let check = try dns(#""hostname": "a.example", "server": "\#(text)""#)
        #expect(check.server?.description == read)
        let usual = try dns(
            #""hostname": "a.example""#, defaults: #"{"dns_server": "\#(text)"}"#)
        #expect(usual.server?.description == read)
        #expect(usual.target == "a.example A @\(read)")
    }

    @Test func `a check's own server comes before the usual one`() throws {
        let check = try dns(
            #""hostname": "a.example", "server": "192.0.2.1""#,
            defaults: #"{"dns_server": "192.0.2.2"}"#)
        #expect(check.server?.description == "192.0.2.1:53")
    }

    @Test func `each option of dns is taken`() throws {
        let check = try dns(
            """
            "hostname": "a.example", "server": "192.0.2.1", "record": "mx", "transport": "tcp",
            "expect": ["10 Mail.Example.", "20 b.example"], "min_answers": 2, "recursion": false,
            "expect_rcode": ["nxdomain", "NOERROR"], "force_ip": 4
            """)
        #expect(check.record == .mx)
        #expect(check.transport == .tcp)
        #expect(
            check.expect
                == .all([
                    .init("10 mail.example"), .init("20 b.example"),
                ]))
        #expect(check.minAnswers == 2)
        #expect(!check.isRecursive)
        #expect(check.codes == [.noError, .noSuchName])
        #expect(check.version == .four)
        #expect(
            try dns(#""hostname": "a.example", "expect_match": "^1""#).expect
                == .one(.matches("^1")))
        #expect(
            try dns(#""hostname": "a.example", "record": "NS", "expect": "NS1.Example.""#).expect
                == .one(.contains("ns1.example")))
        #expect(
            try dns(#""hostname": "a.example", "record": "spf", "expect": "v=SPF1""#).record == .txt
        )
        #expect(
            try dns(#""hostname": "192.0.2.80", "record": "PTR""#).name.description
                == "80.2.0.192.in-addr.arpa")
    }

    @Test(arguments: [
        (#""hostname": "a..b""#, "hostname: is no domain name"),
        (#""hostname": "192.0.2.1""#, "hostname: is an address: to ask for its name write"),
        (#""hostname": "a", "server": "a:0""#, #"server: "0" is no port"#),
        (#""hostname": "a", "server": "a b""#, #"server: "a b" is no host"#),
        (#""hostname": "a", "server": "1::2::3""#, #"server: "1::2::3" is no host"#),
        (#""hostname": "a", "record": "AXFR""#, #"record: "AXFR" is no kind of record"#),
        (#""hostname": "a", "transport": "tls""#, #"transport: "tls" is none: write one of"#),
        (
            #""hostname": "a", "expect_rcode": "NXDOMIAN""#,
            #"expect_rcode: "NXDOMIAN" is no response code: the nearest is "NXDOMAIN""#
        ),
        (#""hostname": "a", "expect_rcode": []"#, "expect_rcode: names no code"),
        (
            #""hostname": "a", "expect_rcode": ["NOERROR", "x"]"#,
            #"expect_rcode[1]: "x" is no response code"#
        ),
        (#""hostname": "a", "expect": []"#, "expect: is empty"),
        (
            #""hostname": "a", "expect": ["192.0.2.1", "::1"]"#,
            #"expect[1]: "::1" is no data of A records: write an IPv4 address"#
        ),
        (
            #""hostname": "a", "record": "AAAA", "expect": ["192.0.2.1"]"#,
            #"expect[0]: "192.0.2.1" is no data of AAAA records: write an IPv6 address"#
        ),
        (#""hostname": "a", "expect_match": "(""#, "expect_match: is no regular expression"),
        (
            #""hostname": "a", "expect": "1", "expect_match": "1""#,
            "expect_match: checks[0].expect is there as well: keep one of them"
        ),
        (
            #""hostname": "a", "expect": ["192.0.2.1"], "expect_match": "1""#,
            "expect_match: checks[0].expect is there as well: keep one of them"
        ),
        (#""hostname": "a", "min_answers": 1001"#, "min_answers: 1001 is above the maximum"),
        (#""hostname": "a", "recursion": "no""#, "recursion: expected true or false"),
        (#""hostname": "a", "force_ip": 4"#, "force_ip: means nothing without a server"),
        (
            #""hostname": "a", "server": "::1", "force_ip": 4"#,
            "force_ip: server is an address of the other kind"
        ),
        (
            #""hostname": "a", "dns_server": "::1""#,
            #"dns_server: unknown key: the nearest known key is "server""#
        ),
    ])
    func `what dns cannot have is told`(members: String, problem: String) {
        let found = problems(#"{"name": "a", "type": "dns", \#(members)}"#)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("checks[0].\(problem)") == true, "\(found)")
    }

    @Test func `a name is missed, and so is a usual server that is none`() {
        #expect(
            problems(#"{"name": "a", "type": "dns"}"#)
                == ["checks[0].hostname: is missing: write the name to ask for"])
        let found = Reading().problems(
            #"{\#(Reading.mesh), "defaults": {"dns_server": "a b"}, "checks": []}"#)
        #expect(found.first?.hasPrefix("defaults.dns_server: \"a b\" is no host") == true)
    }

    @Test func `the definition of dns has what is not default, and variables as they were written`()
        throws
    {
        #expect(
            try definition(#"{"name": "a", "type": "dns", "hostname": "A.example."}"#)
                == #"{"hostname":"a.example","record":"A","type":"dns"}"#)
        #expect(
            try definition(
                """
                {"name": "a", "type": "dns", "hostname": "a.example", "server": "::1",
                 "record": "mx", "expect": ["20 b", "10 a."], "expect_rcode": "NXDOMAIN",
                 "min_answers": 0, "recursion": false, "transport": "tcp", "force_ip": 6}
                """)
                == #"{"expect":["10 a","20 b"],"expect_rcode":["NXDOMAIN"],"force_ip":6,"#
                + #""hostname":"a.example","min_answers":0,"record":"MX","recursion":false,"#
                + #""server":"[::1]:53","transport":"tcp","type":"dns"}"#)
        var reading = Reading()
        reading.variables = ["DNS": "192.0.2.1", "WEB": "192.0.2.80"]
        let check = try reading.configuration(
            """
            {\(Reading.mesh), "defaults": {"dns_server": "${DNS}"}, "checks": [
             {"name": "a", "type": "dns", "hostname": "a.example", "expect": "${WEB}"},
             {"name": "b", "type": "dns", "hostname": "a.example", "expect": ["${WEB}"]}]}
            """)
        let texts = check.checks.map { String(decoding: $0.definition.text, as: UTF8.self) }
        #expect(
            texts == [
                #"{"expect":"${WEB}","hostname":"a.example","record":"A","server":"${DNS}","type":"dns"}"#,
                #"{"expect":["${WEB}"],"hostname":"a.example","record":"A","server":"${DNS}","type":"dns"}"#,
            ])
        guard case .dns(let dns)? = check.checks.first?.kind, case .one(let rule)? = dns.expect
        else { throw Unexpected() }
        // What a reason shows is what was written.
        #expect(rule.shown == "${WEB}")
    }
}

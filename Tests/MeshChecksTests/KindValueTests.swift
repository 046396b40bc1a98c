import MeshChecks
import MeshCore
import Testing

struct KindValueTests {
    // MARK: Durations

    @Test(arguments: [
        ("500ms", 500, "500ms"), ("30s", 30_000, "30s"), ("5m", 300_000, "5m"),
        ("90m", 5_400_000, "1h30m"), ("1h30m", 5_400_000, "1h30m"),
        ("14d", 1_209_600_000, "14d"), ("0s", 0, "0s"), ("1m0s", 60_000, "1m"),
    ])
    func `a duration reads with its units and prints in one way`(
        text: String, milliseconds: Int64, printed: String
    ) throws {
        let duration = try #require(DurationText(text))
        #expect(duration.span == .milliseconds(milliseconds))
        #expect(duration.description == printed)
    }

    @Test(arguments: [
        "", "5", "s", "5 s", "-5s", "5S", "1m1h", "1m1m", "1.5s", "+1s", "99999999999999999999s",
        "300000000000000d", "1ms1s", "٣s",
    ])
    func `what is no duration is none`(text: String) {
        #expect(DurationText(text) == nil)
    }

    // MARK: Addresses

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1:7"), ("0.0.255.10", "0.0.255.10:7"), ("::", "[::]:7"),
        ("::1", "[::1]:7"), ("1::", "[1::]:7"),
        ("2001:DB8:0:0:1::", "[2001:db8:0:0:1::]:7"), ("::ffff:192.0.2.1", "192.0.2.1:7"),
        ("1:2:3:4:5:6:7:8", "[1:2:3:4:5:6:7:8]:7"),
        ("1:2:3:4:5:6:1.2.3.4", "[1:2:3:4:5:6:102:304]:7"),
        ("1::2:3:4:5:6:7", "[1:0:2:3:4:5:6:7]:7"),
    ])
    func `an address in numbers is read`(text: String, printed: String) {
        #expect(SocketAddress(numericHost: text, port: 7)?.description == printed)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.00", "1.2.3.",
        ".1.2.3", "1..2.3", "1.2.3.+4", "1.2.3.4 ", "a", ":", ":::", "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2:3:4:5:6:7:8", "12345::", "g::", "::1%eth0",
        "1.2.3.4::", "::1.2.3", "[::1]", "1:2:3:4:5:6:7:1.2.3.4",
    ])
    func `what is no address in numbers is none`(text: String) {
        #expect(SocketAddress(numericHost: text, port: 7) == nil)
    }

    @Test(arguments: [
        ("mail.example.com:25", "mail.example.com", 25), ("[::1]:65535", "::1", 65_535),
        ("192.0.2.1:80", "192.0.2.1", 80), ("a_b-c.example.:1", "a_b-c.example.", 1),
    ])
    func `a host and a port read, and print as they were`(
        text: String, host: String, port: UInt16
    ) throws {
        let place = try HostPort(text)
        #expect(place.host == host)
        #expect(place.port == port)
        #expect(place.description == text)
    }

    @Test(arguments: [
        ("mail.example.com", HostPort.Fault.noPort), ("[::1]", .noPort), ("a:", .badPort("")),
        ("a:0", .badPort("0")), ("a:65536", .badPort("65536")), ("a:+1", .badPort("+1")),
        ("::1:25", .badHost("::1:25")), (":25", .badHost("")), ("a..b:1", .badHost("a..b")),
        ("-a:1", .badHost("-a")), ("1.2.3.256:1", .badHost("1.2.3.256")),
        ("[a.example]:1", .badHost("[a.example]:1")), ("[::1:1", .badHost("[::1:1")),
        ("[::1]x:1", .badHost("[::1]x:1")), ("ü.example:1", .badHost("ü.example")),
    ])
    func `what is no host and port says why`(text: String, fault: HostPort.Fault) {
        #expect(throws: fault) { try HostPort(text) }
    }

    @Test(arguments: [
        ("https://www.example.com", "www.example.com:443", true),
        ("HTTP://a.example:8080?x=1", "a.example:8080", false),
        ("http://[2001:db8::1]/p", "[2001:db8::1]:80", false),
        ("http://192.0.2.1:/p", "192.0.2.1:80", false),
    ])
    func `a URL says whom to ask`(text: String, authority: String, isSecure: Bool) throws {
        let address = try WebAddress(text)
        #expect(address.authority.description == authority)
        #expect(address.isSecure == isSecure)
        #expect(address.text == text)
    }

    @Test(arguments: [
        ("www.example.com", WebAddress.Fault.noScheme), ("ftp://a.example/", .noScheme),
        ("http://me:pass@a.example/", .userInformation), ("http://a.example/#top", .fragment),
        ("http://a.example/ä", .badByte), ("http://a.example/a b", .badByte),
        ("http://a.example/\r\nX: y", .badByte), ("http:///path", .authority(.badHost(""))),
        ("http://a.example:0/", .authority(.badPort("0"))),
        ("http://a.example/" + String(repeating: "a", count: 2_048), .tooLong),
    ])
    func `what is no URL to ask says why`(text: String, fault: WebAddress.Fault) {
        #expect(throws: fault) { try WebAddress(text) }
    }

    @Test func `a URL with a secret prints without it`() throws {
        let address = try WebAddress("https://a.example/?key=hunter2", shown: "https://a.example/")
        var dumped = ""
        dump(address, to: &dumped)
        #expect(!"\(address) \(dumped)".contains("hunter2"))
    }

    // MARK: Statuses, methods, headers

    @Test func `equal sets of statuses are equal values, however they were listed`() throws {
        let one = try #require(StatusSet([204...204, 200...203, 404...404, 201...202]))
        let other = try #require(StatusSet([404...404, 200...204]))
        #expect(one == other)
        #expect(one.description == "200-204,404")
        #expect(one.contains(203) && one.contains(404) && !one.contains(205))
        #expect(StatusSet([]) == nil)
        #expect(StatusSet([99...200]) == nil)
        #expect(StatusSet((0...32).map { (100 + 2 * $0)...(100 + 2 * $0) }) == nil)
    }

    @Test func `a request cannot be split by what is configured`() {
        for name in ["", "a b", "a:", "a\r\n", "ä"] {
            #expect(HTTPHeader(name: name, value: Secret("x")) == nil)
        }
        #expect(HTTPHeader(name: "a", value: Secret("x\r\nb: y")) == nil)
        for text in ["", "get", "GET ", "G\r\n", "CONNECT", "ABCDEFGHIJKLMNOPQ"] {
            #expect(HTTPMethod(text) == nil)
        }
        #expect(BasicCredentials(username: "a:b", password: Secret("c")) == nil)
    }

    // MARK: Attempts

    private let plan = AttemptPlan(count: 3, timeout: .seconds(1), threshold: .milliseconds(500))

    private func answered(_ milliseconds: Int64) -> Attempt {
        .answered(.milliseconds(milliseconds))
    }

    @Test func `one attempt that fails is down, whatever the others said`() {
        let attempts = [answered(10), .failed(Reason("refused"), after: .milliseconds(2))]
        #expect(plan.isDecided(by: attempts))
        let observation = plan.conclude(attempts).observation
        #expect(observation.outcome == .saw(.down, Reason("refused")))
        #expect(observation.latency == .milliseconds(2))
    }

    @Test func `a median above the threshold is degraded, one equal to it is not`() {
        #expect(!plan.isDecided(by: []) && !plan.isDecided(by: [answered(1), answered(1)]))
        let slow = plan.conclude([answered(900), answered(501), answered(1)]).observation
        #expect(
            slow.outcome
                == .saw(.degraded, Reason("median round trip 501ms, above the threshold of 500ms")))
        #expect(slow.latency == .milliseconds(501))
        let fair = plan.conclude([answered(900), answered(500), answered(1)]).observation
        #expect(fair.outcome == .saw(.up, .none))
    }

    @Test func `the median of an even number is the mean of the middle two`() {
        let plan = AttemptPlan(count: 2)
        let observation = plan.conclude([answered(3), answered(1)]).observation
        #expect(observation.latency == .milliseconds(2))
    }

    @Test func `a node that cannot try says nothing about the target`() {
        let observation = plan.conclude([answered(1), .impossible(.noResources)]).observation
        #expect(observation.outcome == .abstained(.noResources))
    }

    private func refused(_ milliseconds: Int64) -> Attempt {
        .failed(Reason("refused"), after: .milliseconds(milliseconds))
    }

    @Test func `as many attempts may fail as is said, and the median is that of the others`() {
        let plan = AttemptPlan(count: 4, threshold: .milliseconds(50), failuresAllowed: 2)
        let two = [refused(1), answered(20), refused(1)]
        #expect(!plan.isDecided(by: two))
        let fine = plan.conclude(two + [answered(40)]).observation
        #expect(fine.outcome == .saw(.up, .none) && fine.latency == .milliseconds(30))
        #expect(plan.isDecided(by: two + [refused(1)]))
        let bad = plan.conclude(two + [refused(1)]).observation
        #expect(bad.outcome == .saw(.down, Reason("refused")))
        let slow = plan.conclude([refused(1), answered(60), answered(70), refused(1)]).observation
        #expect(
            slow.outcome
                == .saw(.degraded, Reason("median round trip 65ms, above the threshold of 50ms")))
    }

    @Test func `what could not be tried counts against nobody`() {
        let plan = AttemptPlan(count: 3, failuresAllowed: 1)
        let impossible = Attempt.impossible(.noResources)
        #expect(plan.isDecided(by: [impossible, impossible]))
        #expect(
            plan.conclude([impossible, refused(1)]).observation.outcome == .abstained(.noResources))
        #expect(
            plan.conclude([impossible, answered(1), answered(1)]).observation.outcome
                == .saw(.up, .none))
        #expect(
            plan.conclude([refused(1), refused(1)]).observation.outcome
                == .saw(.down, Reason("refused")))
    }

    @Test func `where failing is the wish, an answer is down and a failure is up`() {
        let plan = AttemptPlan(isInverted: true)
        let works = Observation.Outcome.saw(.down, Reason("it works, and should not"))
        #expect(plan.conclude([answered(1)]).observation.outcome == works)
        let poor = Attempt.degraded(Reason("slow"), after: .milliseconds(1))
        #expect(plan.conclude([poor]).observation.outcome == works)
        #expect(plan.conclude([refused(5)]).observation.outcome == .saw(.up, .none))
        #expect(
            plan.conclude([.impossible(.noResolver)]).observation.outcome
                == .abstained(.noResolver))
        let three = AttemptPlan(count: 3, isInverted: true)
        #expect(!three.isDecided(by: [refused(1)]) && three.isDecided(by: [answered(1)]))
        #expect(three.conclude([refused(1), refused(1), answered(1)]).observation.outcome == works)
    }

    @Test func `the longest look has every attempt and every pause in it`() {
        let plan = AttemptPlan(count: 3, timeout: .seconds(2), spacing: .milliseconds(250))
        #expect(plan.longestLook == .milliseconds(6_500))
    }

    // MARK: Replies

    @Test(arguments: [
        ("220 mail", false, TCPCheck.Judgement.met), ("22", false, .undecided),
        ("22", true, .failed(Reason("reply does not contain '220'; it begins '22'"))),
        ("", true, .failed(Reason("closed without a reply"))),
        (
            "554 no\r\n", false,
            .failed(Reason("reply does not contain '220'; it begins '554 no'"))
        ),
        (
            "554 no\r\n220", false,
            .failed(Reason("reply does not contain '220'; it begins '554 no'"))
        ),
        ("x220", false, .met),
    ])
    func `a reply is judged by its first line, as early as it can be`(
        received: String, hasEnded: Bool, judgement: TCPCheck.Judgement
    ) throws {
        var check = TCPCheck(address: try HostPort("a.example:25"))
        check.expect = .contains("220")
        #expect(check.judge(Array(received.utf8), hasEnded: hasEnded, NoPatterns()) == judgement)
        check.expect = nil
        #expect(check.judge(Array(received.utf8), hasEnded: hasEnded, NoPatterns()) == .met)
    }

    @Test func `as many lines are read as are asked for`() throws {
        var check = TCPCheck(address: try HostPort("a.example:25"))
        check.expect = .contains("nginx")
        check.lines = 3
        let two = Array("HTTP/1.1 200 OK\r\nServer: other\r\n".utf8)
        #expect(check.judge(two, hasEnded: false, NoPatterns()) == .undecided)
        let third = two + Array("X: nginx\r\n".utf8)
        #expect(check.judge(third, hasEnded: false, NoPatterns()) == .met)
        let fourth = two + Array("\r\nnginx\r\n".utf8)
        #expect(check.judge(fourth, hasEnded: false, NoPatterns()) != .undecided)
        #expect(check.judge(fourth, hasEnded: false, NoPatterns()) != .met)
    }

    @Test func `a reply that may repeat what was said is not shown`() throws {
        var check = TCPCheck(address: try HostPort("a.example:25"))
        check.expect = .contains("+OK")
        check.send = Secret("AUTH hunter2\r\n")
        #expect(
            check.judge(Array("-ERR hunter2\r\n".utf8), hasEnded: false, NoPatterns())
                == .failed(Reason("reply does not contain '+OK'")))
    }

    @Test func `a line without an end is judged by what is kept of it`() throws {
        var check = TCPCheck(address: try HostPort("a.example:25"))
        check.expect = .contains("220")
        let flood = [UInt8](repeating: 0x41, count: TCPCheck.replyByteCountMax + 1)
        #expect(check.judge(flood, hasEnded: false, NoPatterns()) != .undecided)
    }

    // MARK: Certificates

    @Test(
        arguments: [
            (14 * 86_400 + 1, nil), (14 * 86_400, nil),
            (14 * 86_400 - 1, "certificate of www.example.com expires in 13 days"),
            (6 * 86_400 + 3_600, "certificate of www.example.com expires in 6 days"),
            (86_400, "certificate of www.example.com expires in 24 hours"),
            (86_399, "certificate of www.example.com expires in 23 hours"),
            (3_600, "certificate of www.example.com expires in 60 minutes"),
            (59, "certificate of www.example.com expires in 59 seconds"),
            (0, "certificate of www.example.com expired 0 seconds ago"),
            (-3 * 86_400, "certificate of www.example.com expired 3 days ago"),
        ] as [(Int, String?)])
    func `an end is told before it comes and after`(seconds: Int, words: String?) throws {
        let now = WallTime(milliseconds: 1_800_000_000_000)
        let end = WallTime(milliseconds: UInt64(1_800_000_000_000 + seconds * 1_000))
        let check = TLSCheck(address: try HostPort("www.example.com:443"))
        let judgement = check.judge(CertificateEnd(end, of: check.name), at: now)
        switch judgement {
        case nil: #expect(words == nil)
        case .ending(let reason):
            #expect(seconds > 0)
            #expect(reason.text == words)
        case .ended(let reason):
            #expect(seconds <= 0)
            #expect(reason.text == words)
        }
    }

    @Test func `another certificate of the chain than the host's is called by its name`() {
        let end = CertificateEnd(
            WallTime(milliseconds: 1_000), of: "www.example.com", issuer: "R3")
        #expect(
            end.judge(at: WallTime(milliseconds: 172_801_000), within: .zero)
                == .ended(Reason("issuer certificate 'R3' of www.example.com expired 2 days ago")))
    }
}

/// Finds no expression anywhere.
private struct NoPatterns: PatternSearch {
    func find(_ expression: String, in bytes: [UInt8]) -> TextFinding { .absent }
}

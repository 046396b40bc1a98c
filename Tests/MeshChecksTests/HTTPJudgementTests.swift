import MeshCore
import Testing

@testable import MeshChecks

/// No expressions are searched for here.
private struct NoPatterns: PatternSearch {
    func find(_ expression: String, in bytes: [UInt8]) -> TextFinding { .givenUp }
}

@Suite struct JSONRuleTests {
    private func judge(_ rule: String, _ json: String) throws -> Bool {
        let root = try JSONParser.parse(Array(json.utf8), within: .answer).root
        return try JSONRule(rule).judge(root, NoPatterns()) == .kept
    }

    @Test(arguments: [
        ("$ == 1", "1", true), ("$ == 1", "1.0", true), ("$ == '1'", "1", false),
        ("$ == 9007199254740993", "9007199254740992", false),
        ("$.a == null", #"{"a": null}"#, true), ("$.a == null", "{}", false),
        ("$.a != 1", "{}", true), ("$.a < 2", "{}", false), ("$.a < 2", #"{"a": "1"}"#, false),
        ("$.a<2", #"{"a": 1}"#, true), ("$.a <= 1e0", #"{"a": 1}"#, true),
        ("$.a>=1", #"{"a": 1}"#, true), ("$.a > 'a'", #"{"a": "b"}"#, true),
        ("$['it\\'s']['a\"b'] == true", #"{"it's": {"a\"b": true}}"#, true),
        (#"$["ä\u00e4"] exists"#, #"{"ää": 0}"#, true), ("$.größe exists", #"{"größe": 0}"#, true),
        ("$[1] == 2", "[1, 2]", true), ("$[-2] == 1", "[1, 2]", true),
        ("$[2] absent", "[1, 2]", true),
        ("$[-3] absent", "[1, 2]", true), ("$[0] exists", #"{"0": 1}"#, false),
        ("$.a.b absent", #"{"a": 1}"#, true), ("$ contains 'x'", #"["y", "x"]"#, true),
        ("$ contains 2", "[1, 2.0]", true), ("$ contains 'x'", #"{"x": 1}"#, false),
        ("$ contains ''", #""""#, true), ("  $.a-b   ==   'c d'  ", #"{"a-b": "c d"}"#, true),
        ("$ == 1e999", "1e999", true), ("$ < 1e999", "1", true),
    ])
    func `a rule is kept or broken`(rule: String, json: String, isKept: Bool) throws {
        #expect(try judge(rule, json) == isKept)
    }

    @Test(arguments: [
        ("", "expected a path that begins with \"$\" at character 1"),
        ("a == 1", "expected a path that begins with \"$\" at character 1"),
        ("$.", "expected a member's name; write others as ['name'] at character 3"),
        ("$.1a == 1", "expected a member's name; write others as ['name'] at character 3"),
        ("$[a] == 1", "expected a whole number or a name in quotes at character 3"),
        ("$[1 == 1", "expected \"]\" at character 5"),
        ("$['a == 1", "expected a member's name in quotes at character 3"),
        (
            "$.ä = 1",
            "expected a comparison: one of ==, !=, <, <=, >, >=, contains, matches, exists and absent at character 5"
        ),
        ("$..a == 1", "expected a member's name; write others as ['name'] at character 3"),
        ("$.*", "expected a member's name; write others as ['name'] at character 3"),
        ("$.a == ok", "expected a number, true, false, null, or a text in quotes at character 8"),
        ("$.a == 'ok", "expected a number, true, false, null, or a text in quotes at character 8"),
        ("$.a == [1]", "expected a number, true, false, null, or a text in quotes at character 8"),
        ("$.a exists 1", "expected nothing more at character 12"),
        ("$.a matches 1", "expected an expression in quotes at character 13"),
        (String(repeating: "a", count: 1_025), "longer than 1024 bytes at character 1"),
        (
            "$" + String(repeating: "[0]", count: 33) + " exists",
            "more than 32 steps at character 98"
        ),
    ])
    func `what is no rule is told with its place`(rule: String, expected: String) {
        let fault = #expect(throws: JSONRule.Fault.self) { _ = try JSONRule(rule) }
        #expect(fault?.description == expected)
    }

    @Test func `no text makes the reading stop the process`() {
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array("$.[]'\"\\ab01-<>=!  existscontains\u{e4}".unicodeScalars)
        for _ in 0..<20_000 {
            var text = "$"
            for _ in 0..<12 {
                text.unicodeScalars.append(
                    alphabet[Int(generator.next() % UInt64(alphabet.count))])
            }
            _ = try? JSONRule(text)
        }
    }
}

@Suite struct HTTPJudgementTests {
    private func check(_ change: (inout HTTPCheck) throws -> Void = { _ in }) throws -> HTTPCheck {
        var check = HTTPCheck(
            url: try WebAddress(
                "https://www.example.com/?key=abcd", shown: "https://www.example.com/***"))
        try change(&check)
        return check
    }

    private func judge(_ check: HTTPCheck, _ answer: HTTPAnswer) -> Attempt.Outcome {
        check.judge(answer, now: WallTime(milliseconds: 1_000_000_000), NoPatterns())
    }

    private func words(_ check: HTTPCheck, _ body: String) -> String {
        var answer = HTTPAnswer(status: 500)
        answer.body = Array(body.utf8)
        guard case .failed(let reason) = judge(check, answer) else { return "no failure" }
        return reason.text
    }

    @Test func `a wrong status shows what the body begins with, in one line`() throws {
        let prefix = "status 500, expected 200-299"
        #expect(try words(check(), "") == prefix)
        #expect(try words(check(), " \r\n\t\0 ") == prefix)
        #expect(
            try words(check(), "Database\r\n\r\n  is \u{1}gone")
                == "\(prefix); the body begins 'Database is gone'")
        let long = try words(check(), String(repeating: "ab ", count: 1_000_000))
        #expect(long.utf8.count <= Reason.byteCountMax && long.hasSuffix("ab ab'"))
        #expect(try words(check { $0.method = .head }, "none") == prefix)
    }

    @Test func `a body that is empty is called so`() throws {
        var check = HTTPCheck(url: try WebAddress("http://a.example/"))
        check.texts.required = [.contains("x")]
        var answer = HTTPAnswer(status: 200)
        func words() -> String {
            "\(check.judge(answer, now: WallTime(milliseconds: 0), Nothing()))"
        }
        #expect(words().contains("the empty body does not contain 'x'"))
        answer.isBodyCut = true
        #expect(words().contains("the body, of which nothing is read, does not contain 'x'"))
        check.texts = TextRules()
        check.extras.values.json = [try JSONRule("$.a exists")]
        #expect(words().contains("the body, of which nothing is read, is no JSON"))
    }

    private struct Nothing: PatternSearch {
        func find(_ expression: String, in bytes: [UInt8]) -> TextFinding { .absent }
    }

    @Test func `what the check said in secret is not shown, however it comes back`() throws {
        let check = try check {
            $0.headers = [HTTPHeader(name: "X-Api-Key", value: Secret("topsecret"))].compactMap(
                \.self)
            $0.body = Secret("whole body")
            $0.extras.values.authorization = BasicCredentials(
                username: "me", password: Secret("topsecret2")
            ).map { .basic($0) }
            $0.extras.values.json = [try JSONRule("$.said == ''")]
        }
        #expect(
            words(check, "topsecret2 topsecret whole body GET /?key=abcd bWU6dG9wc2VjcmV0Mg==")
                == "status 500, expected 200-299; the body begins '*** *** *** GET *** ***'")
        var answer = HTTPAnswer(status: 200)
        answer.body = Array(#"{"said": "it was topsecret2"}"#.utf8)
        #expect(
            judge(check, answer)
                == .failed(Reason(#"expected $.said == '', found "it was ***""#)))
    }

    @Test func `nor what was said to a proxy`() throws {
        let check = try check {
            $0.extras.values.proxy = HTTPProxy(
                kind: .http, address: try HostPort("p.example:3128"),
                credentials: BasicCredentials(username: "me", password: Secret("topsecret2")))
        }
        #expect(
            words(check, "Basic bWU6dG9wc2VjcmV0Mg==, topsecret2")
                == "status 500, expected 200-299; the body begins 'Basic ***, ***'")
    }

    @Test func `what makes it down is told before what makes it degraded`() throws {
        let day: UInt64 = 86_400_000
        var answer = HTTPAnswer(status: 200)
        answer.certificate = ("a.example", WallTime(milliseconds: 1_000_000_000 + 6 * day + 5))
        let check = try check {
            $0.extras.values.certificate = CertificateRule(within: .hours(24 * 7))
        }
        #expect(
            judge(check, answer) == .degraded(Reason("certificate of a.example expires in 6 days")))
        answer.status = 404
        #expect(judge(check, answer) == .failed(Reason("status 404, expected 200-299")))
    }

    @Test(
        arguments: [
            (7 * 86_400, nil), (7 * 86_400 - 1, "expires in 6 days"),
            (172_800, "expires in 2 days"),
            (172_799, "expires in 47 hours"), (7_200, "expires in 2 hours"),
            (7_199, "expires in 119 minutes"),
            (61, "expires in 61 seconds"), (1, "expires in 1 second"),
        ] as [(Int64, String?)])
    func `a certificate is told with what is left of it`(seconds: Int64, expected: String?) {
        let rule = CertificateRule(within: .hours(24 * 7))
        let now = WallTime(milliseconds: 1_000_000_000_000)
        let end = WallTime(milliseconds: UInt64(1_000_000_000_000 + seconds * 1_000))
        let outcome = expected.map { Attempt.Outcome.degraded(Reason("certificate of h \($0)")) }
        #expect(rule.judge(end: end, now: now, host: "h") == outcome ?? .answered)
    }

    @Test func `a certificate that has ended makes it down, whoever verifies it`() {
        let rule = CertificateRule(within: .hours(24 * 7))
        let end = WallTime(milliseconds: 1_000_000_000_000)
        let now = WallTime(milliseconds: 1_000_000_000_000 + 3 * 86_400_000)
        #expect(
            rule.judge(end: end, now: now, host: "h")
                == .failed(Reason("certificate of h expired 3 days ago")))
    }

    @Test func `what few checks ask for is equal if it is the same, and nothing by default`() throws
    {
        var one = HTTPExtras()
        #expect(one.areUsual && one == HTTPExtras())
        one.values.acceptsGzip = true
        var other = HTTPExtras()
        #expect(one != other)
        other.values.acceptsGzip = true
        #expect(one == other && one.hashValue == other.hashValue && !one.areUsual)
        one.values.acceptsGzip = false
        #expect(one.areUsual)
        #expect(MemoryLayout<HTTPExtras>.size == 8)
    }
}

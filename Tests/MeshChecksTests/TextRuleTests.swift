import Testing

@testable import MeshChecks

@Suite struct TextRuleTests {
    /// An expression is found where it stands word for word; `?` is given up.
    private struct Plain: PatternSearch {
        func find(_ expression: String, in bytes: [UInt8]) -> TextFinding {
            if expression == "?" { return .givenUp }
            return ByteSearch(expression).isFound(in: bytes) ? .found : .absent
        }
    }

    private func judge(_ rules: TextRules, extent: String? = nil) -> String? {
        rules.judge(Array("Welcome".utf8), called: "response", extent: extent, Plain())?.text
    }

    @Test func `the first rule that is broken is told`() {
        #expect(judge(TextRules()) == nil)
        let kept = TextRules(
            required: [.contains("come"), .matches("el")], forbidden: [.contains("x")])
        #expect(judge(kept) == nil)
        let absent = TextRules(required: [.contains("come"), .matches("x")])
        #expect(judge(absent) == "response does not match 'x'")
        #expect(
            judge(TextRules(required: [.contains("x")]), extent: "the first MiB of the response")
                == "the first MiB of the response does not contain 'x'")
        #expect(judge(TextRules(forbidden: [.contains("el")])) == "response contains 'el'")
        #expect(judge(TextRules(forbidden: [.matches("el")])) == "response matches 'el'")
    }

    @Test func `a search that is given up fails, wished for or not`() {
        let words = "searching the response for '?' takes too long: simplify the expression"
        #expect(judge(TextRules(required: [.matches("?")])) == words)
        #expect(judge(TextRules(forbidden: [.matches("?")])) == words)
    }

    @Test func `what a variable stands for is not shown`() {
        let rule = TextRule(.contains, "hunter2", shown: "${TOKEN}")
        #expect(judge(TextRules(required: [rule])) == "response does not contain '${TOKEN}'")
    }
}

@Suite struct ByteSearchTests {
    @Test(arguments: [
        ("", "", true), ("a", "", true), ("", "a", false), ("aab", "ab", true),
        ("aaaab", "aab", true), ("abcabcabd", "abcabd", true), ("abcabcab", "abcabd", false),
        ("grüße", "üß", true), ("abc", "abcd", false),
    ])
    func `a text is found where it is`(bytes: String, needle: String, isFound: Bool) {
        #expect(ByteSearch(needle).isFound(in: Array(bytes.utf8)) == isFound)
    }
}

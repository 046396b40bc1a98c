import MeshChecks
import Testing

@testable import MeshConfiguration

@Suite struct TextRuleReaderTests {
    private func texts(_ fields: String, in reading: Reading = Reading()) throws -> TextRules? {
        let json = #"{"name": "a", "type": "http", "url": "http://a.example/", \#(fields)}"#
        guard case .http(let check) = try reading.check(json).kind else { return nil }
        return check.texts
    }

    @Test func `a rule is a text or a list of texts`() throws {
        let rules = try texts(
            #""must_contain": "a", "must_match": ["b+", "^c$"], "must_not_match": "d""#)
        #expect(rules?.required == [.contains("a"), .matches("b+"), .matches("^c$")])
        #expect(rules?.forbidden == [.matches("d")])
    }

    @Test(arguments: [
        (
            #""must_match": "a(b""#,
            "must_match: is no regular expression: missing closing parenthesis at character 4"
        ),
        (
            #""must_not_match": ["a", "[b"]"#,
            "must_not_match[1]: is no regular expression: missing terminating ] for character class at character 3"
        ),
        (#""must_contain": """#, "must_contain: is empty: leave it out"),
        (#""must_contain": []"#, "must_contain: is empty: leave it out"),
        (
            #""must_contain": ["a", 1]"#,
            "must_contain[1]: expected a text in quotes, found a number"
        ),
    ])
    func `one that is wrong is told`(fields: String, expected: String) {
        let json = #"{"name": "a", "type": "http", "url": "http://a.example/", \#(fields)}"#
        #expect(
            Reading().problems("{\(Reading.mesh), \"checks\": [\(json)]}") == [
                "checks[0].\(expected)"
            ])
    }

    @Test func `what a variable stands for is neither shown nor part of the definition`() throws {
        var reading = Reading()
        reading.variables = ["TOKEN": "hunter2"]
        let rules = try texts(#""must_contain": ["a", "t=${TOKEN}"]"#, in: reading)
        #expect(rules?.required.map(\.text) == ["a", "t=hunter2"])
        #expect(rules?.required.map(\.shown) == ["a", "t=${TOKEN}"])
        let check = try reading.check(
            #"{"name": "a", "type": "http", "url": "http://a.example/", "must_match": ["${TOKEN}"]}"#
        )
        let text = String(decoding: check.definition.text, as: UTF8.self)
        #expect(
            text.contains(#""must_match":"${TOKEN}""#) && !text.contains("hunter2"), "\(text)")
    }
}

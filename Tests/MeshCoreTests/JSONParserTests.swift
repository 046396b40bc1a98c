import MeshCore
import Testing

struct JSONParserTests {
    private func message(_ text: String) -> String? {
        do throws(JSONParser.SyntaxError) {
            _ = try JSONParser.parse(Array(text.utf8))
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `values, the order of keys and numbers are read as they were written`() throws {
        let text =
            #" {"b": [1, -0.5e+3, true, false, null], "a": {"ü\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00": ""}} "#
        let root = try JSONParser.parse(Array(text.utf8)).root
        guard case .table(let members) = root.value else {
            Issue.record("expected an object")
            return
        }
        #expect(members.map(\.key) == ["b", "a"])
        let elements = root["b"]?.elements ?? []
        #expect(elements.count == 5)
        #expect(elements.first?.integer == 1)
        #expect(elements.dropFirst().first?.number == -500)
        #expect(elements.dropFirst(2).first?.flag == true)
        guard case .table(let inner)? = root["a"]?.value else {
            Issue.record("expected an object")
            return
        }
        #expect(inner.first?.key == "ü\"\\/\u{8}\u{c}\n\r\tä😀")
    }

    @Test(arguments: [
        ("", "line 1, column 1: expected a value, found the end of the file"),
        ("{\n  \"a\": 1,\n}", "line 2, column 9: a comma before \"}\": remove it"),
        ("[1,]", "line 1, column 3: a comma before \"]\": remove it"),
        ("[1 2]", "line 1, column 4: expected \",\" or \"]\", found \"2\""),
        ("{\"a\" 1}", "line 1, column 6: expected \":\" after the key, found \"1\""),
        ("{a: 1}", "line 1, column 2: expected a key in double quotes, found \"a\""),
        (
            "{'a': 1}",
            "line 1, column 2: expected a key in double quotes, found a single quote: JSON has double quotes only"
        ),
        ("{} x", "line 1, column 4: expected the end of the file, found \"x\""),
        (
            "// c\n{}",
            "line 1, column 1: expected a value, found a comment, which JSON does not have"
        ),
        (
            "{\"ä\": 1, \"ä\": 2}",
            "line 1, column 10: the key \"ä\" a second time: keep one of them"
        ),
        ("[01]", "line 1, column 2: a number that begins with 0: leave the 0 out"),
        ("[1.]", "line 1, column 4: expected a digit, found \"]\""),
        ("[-]", "line 1, column 3: expected a digit, found \"]\""),
        ("[+1]", "line 1, column 2: expected a value, found \"+\""),
        ("[NaN]", "line 1, column 2: expected a value, found \"N\""),
        ("[tru]", "line 1, column 2: expected a value, found \"t\""),
        (
            "[\"a\nb\"]",
            "line 1, column 4: a control character in a text: write it as \\n, \\t or \\u00XX"
        ),
        ("[\"a", "line 1, column 4: a text without its closing quote"),
        ("[\"\\", "line 1, column 4: a text without its closing quote"),
        ("[\"\\x\"]", "line 1, column 3: an unknown escape: a backslash is written \\\\"),
        (
            "[\"\\ud800\"]",
            "line 1, column 3: a \\u without four hexadecimal digits, or half of a pair"
        ),
        (
            "[\"\\u12\"]",
            "line 1, column 3: a \\u without four hexadecimal digits, or half of a pair"
        ),
        ("\u{FEFF}{}", "line 1, column 1: a byte order mark: save the file without one"),
        ("{", "line 1, column 2: expected a key in double quotes, found the end of the file"),
    ])
    func `what is no JSON is told with its place`(text: String, expected: String) {
        #expect(message(text) == expected)
    }

    @Test func `a text that is not UTF-8 is refused`() {
        #expect(throws: JSONParser.SyntaxError.self) {
            try JSONParser.parse([0x22, 0xC3, 0x28, 0x22])
        }
    }

    @Test func `nesting has a bound`() {
        let max = JSONParser.Limits.configuration.depthMax
        #expect(
            message(String(repeating: "[", count: max) + String(repeating: "]", count: max)) == nil)
        #expect(
            message(String(repeating: "[", count: 100_000))
                == "line 1, column \(max + 1): more than \(max) values inside each other")
    }

    @Test func `of an answer so many values are read, and the last of a key`() throws {
        let limits = JSONParser.Limits(depthMax: 2, valuesMax: 4, isLenient: true)
        let root = try JSONParser.parse(Array("\u{FEFF}{\"a\": 1, \"a\": 2}".utf8), within: limits)
            .root
        #expect(root["a"]?.integer == 2)
        let error = #expect(throws: JSONParser.SyntaxError.self) {
            try JSONParser.parse(Array("[1, 2, 3, 4]".utf8), within: limits)
        }
        #expect(error?.description == "line 1, column 11: more than 4 values")
    }

    @Test func `no bytes make the parser stop the process`() {
        var state: UInt64 = 1
        let alphabet = Array("{}[]\",:\\u0123eE+-.truefalsn \n\u{FF}".utf8)
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            _ = try? JSONParser.parse(bytes)
        }
    }
}

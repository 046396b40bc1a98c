import Testing

@testable import MeshPatterns

@Suite struct RegularExpressionTests {
    @Test(arguments: [
        ("", "", true), ("b+", "abbbc", true), ("^b", "abc", false),
        ("(?i)WELCOME", "welcome", true),
        ("^c$", "b\nc", false), ("(?m)^c$", "b\nc", true), (#"\d{3} ready"#, "220 ready", true),
        (#"\bOK\b"#, "NOK", false), ("gr..e", "grüße", true), ("(?<a>x)y\\k<a>", "xyx", true),
    ])
    func `a text is searched as everybody knows it`(
        expression: String, text: String, isFound: Bool
    ) throws {
        let finding = try RegularExpression(expression).find(in: Array(text.utf8))
        #expect(finding == (isFound ? .found : .absent))
    }

    @Test func `bytes that are no text are searched, and are no character`() throws {
        let bytes: [UInt8] = [0xFF, 0x00, 0x61, 0xC3, 0x62]
        #expect(try RegularExpression("a").find(in: bytes) == .found)
        #expect(try RegularExpression("b$").find(in: bytes) == .found)
        #expect(try RegularExpression("a.b").find(in: bytes) == .absent)
        #expect(try RegularExpression(#"\x00a"#).find(in: bytes) == .found)
    }

    @Test(arguments: [
        ("(a", 3, "missing closing parenthesis"), ("ü[z-a]", 5, "range out of order"),
        ("a**", 3, "quantifier does not follow a repeatable item"), (#"\C"#, 3, "is disabled"),
    ])
    func `what is no expression is refused with its place`(
        expression: String, character: Int, words: String
    ) {
        let fault = #expect(throws: RegularExpression.Fault.self) {
            _ = try RegularExpression(expression)
        }
        #expect(fault?.character == character)
        #expect(fault?.words.contains(words) == true, "\(fault?.words ?? "")")
    }

    @Test func `one that is too long is refused`() {
        #expect(throws: RegularExpression.Fault.self) {
            _ = try RegularExpression(
                String(repeating: "a", count: RegularExpression.byteCountMax + 1))
        }
    }

    /// Nested repeats, a search that is quadratic, one whose single item is long, deep recursion:
    /// the answer is another's to write.
    @Test(arguments: [
        "(a+)+\\d", "(a|aa)+\\d", "a.*\\d", "a.*+\\d", "[^x]{65535}x", "(?:a(?R)?)+b",
        "(.*)*\\1\\d",
    ])
    func `no answer makes a search last`(expression: String) throws {
        let compiled = try RegularExpression(expression)
        let bytes = [UInt8](repeating: 0x61, count: 1 << 20)
        let began = ContinuousClock.now
        let finding = compiled.find(in: bytes)
        #expect(ContinuousClock.now - began < .seconds(2), "\(finding)")
        #expect(finding != .found)
    }

    @Test func `a shelf keeps so many expressions and no more`() {
        let shelf = ExpressionShelf()
        for number in 0...ExpressionShelf.keptMax {
            #expect(shelf.search(Array("\(number)".utf8), for: "^\(number)$") == .found)
        }
        #expect(shelf.search(Array("0".utf8), for: "^0$") == .found)
        #expect(shelf.search([], for: "(") == .givenUp)
    }
}

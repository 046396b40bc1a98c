/// What is looked for in a text that a target wrote: a part of it as it stands, or a regular
/// expression.
package struct TextRule: Sendable, Hashable {
    /// Of `text`, in bytes.
    package static let byteCountMax = 1_024

    package enum Way: Sendable, Hashable {
        /// A part, byte for byte: case matters.
        case contains
        /// A regular expression somewhere in it. It was compiled once when the configuration was
        /// read: it is one.
        case matches
    }

    package let way: Way
    package let text: String
    /// What may be shown of it: as it was written where a variable is part of it.
    package let shown: String

    package init(_ way: Way, _ text: String, shown: String? = nil) {
        self.way = way
        self.text = text
        self.shown = shown ?? text
    }

    package static func contains(_ text: String) -> TextRule { TextRule(.contains, text) }
    package static func matches(_ text: String) -> TextRule { TextRule(.matches, text) }

    /// `contains 'x'`, after the name of the text.
    package var isThere: String {
        switch way {
        case .contains: "contains '\(shown)'"
        case .matches: "matches '\(shown)'"
        }
    }

    /// `does not contain 'x'`.
    package var isNotThere: String {
        switch way {
        case .contains: "does not contain '\(shown)'"
        case .matches: "does not match '\(shown)'"
        }
    }

    /// Whether it is there. `patterns` searches for expressions.
    package func find(in bytes: [UInt8], _ patterns: some PatternSearch) -> TextFinding {
        switch way {
        case .contains: ByteSearch(text).isFound(in: bytes) ? .found : .absent
        case .matches: patterns.find(text, in: bytes)
        }
    }

    /// Where a check has one alone.
    func write(to text: inout DefinitionText) {
        text.add(way == .contains ? "expect" : "expect_match", .text(self.text))
    }
}

package enum TextFinding: Sendable, Hashable {
    case found
    case absent
    /// The search was given up: it would have taken too long.
    case givenUp
}

/// Searches a text for a regular expression. What does it is a library of the operating system's,
/// which this module does not see.
package protocol PatternSearch {
    func find(_ expression: String, in bytes: [UInt8]) -> TextFinding
}

/// What a text must hold and what it must not: `must_contain` and its like.
package struct TextRules: Sendable, Hashable {
    /// Of each of the four options.
    package static let rulesMax = 16

    package var required: [TextRule] = []
    package var forbidden: [TextRule] = []

    package init(required: [TextRule] = [], forbidden: [TextRule] = []) {
        self.required = required
        self.forbidden = forbidden
    }

    package var isEmpty: Bool { required.isEmpty && forbidden.isEmpty }

    /// Why `bytes` are not as they should be; `nil` if they are. `name` is what they are called,
    /// `extent` how much of it was searched where that is not all, `found` what there is in place of
    /// what is missing, for people.
    package func judge(
        _ bytes: [UInt8], called name: String, extent: String? = nil,
        _ patterns: some PatternSearch, found: () -> String = { "" }
    ) -> Reason? {
        for rule in required {
            switch rule.find(in: bytes, patterns) {
            case .found: continue
            case .absent: return Reason("\(extent ?? name) \(rule.isNotThere)\(found())")
            case .givenUp: return rule.givenUp(name)
            }
        }
        for rule in forbidden {
            switch rule.find(in: bytes, patterns) {
            case .found: return Reason("\(name) \(rule.isThere)")
            case .absent: continue
            case .givenUp: return rule.givenUp(name)
            }
        }
        return nil
    }

    func write(to text: inout DefinitionText) {
        for (key, value) in definition { text.add(key, value) }
    }

    var definition: [String: DefinitionText.Value] {
        var fields: [String: DefinitionText.Value] = [:]
        func add(_ key: String, _ rules: [TextRule], _ way: TextRule.Way) {
            let values = rules.filter { $0.way == way }.map { DefinitionText.Value.text($0.text) }
            guard let first = values.first else { return }
            fields[key] = values.count == 1 ? first : .list(values)
        }
        add("must_contain", required, .contains)
        add("must_match", required, .matches)
        add("must_not_contain", forbidden, .contains)
        add("must_not_match", forbidden, .matches)
        return fields
    }
}

extension TextRule {
    /// What a search that was given up is told as. It fails the look: to say nothing would leave
    /// what is watched unwatched, and nobody would hear of it.
    package func givenUp(_ name: String) -> Reason {
        Reason("searching the \(name) for '\(shown)' takes too long: simplify the expression")
    }
}

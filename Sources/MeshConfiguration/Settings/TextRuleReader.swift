import MeshChecks
import MeshCore
import MeshPatterns

extension Section {
    /// `must_contain`, `must_match`, `must_not_contain` and `must_not_match`: a text or a list of
    /// texts each.
    func textRules() -> TextRules {
        TextRules(
            required: textRules("must_contain", .contains) + textRules("must_match", .matches),
            forbidden: textRules("must_not_contain", .contains)
                + textRules("must_not_match", .matches))
    }

    /// One rule that stands under one of two keys: a text, or a regular expression.
    func textRule(contains: String, matches: String) -> TextRule? {
        if has(contains), has(matches) {
            _ = (node(contains), node(matches))
            complain(matches, "\(path(contains)) is there as well: keep one of them")
            return nil
        }
        // Both are asked for so that both are known.
        let (text, expression) = (rule(contains, .contains), rule(matches, .matches))
        return text ?? expression
    }

    private func rule(_ key: String, _ way: TextRule.Way) -> TextRule? {
        value(key) { text throws(Complaint) in
            try TextRule(way, checked: text, shown: raw(node(key)))
        }
    }

    func textRules(_ key: String, _ way: TextRule.Way) -> [TextRule] {
        placedTexts(key, max: TextRules.rulesMax).compactMap { placed in
            do throws(Complaint) {
                return try TextRule(way, checked: placed.text, shown: placed.shown)
            } catch {
                context.complain(placed.path, error.message, at: placed.offset)
                return nil
            }
        }
    }

    /// A text or a list of texts, with their paths, and with what was written where a variable is
    /// part of it.
    func placedTexts(
        _ key: String, max: Int
    ) -> [(text: String, shown: String?, path: String, offset: Int?)] {
        guard let node = node(key) else { return [] }
        guard case .list(let elements) = node.value else {
            return text(key).map { [($0, raw(node), path(key), node.offset)] } ?? []
        }
        guard !elements.isEmpty else {
            complain(key, "is empty: leave it out")
            return []
        }
        let texts = texts(key, max: max)
        if elements.contains(where: { $0.text?.hasDollar == true }) {
            note(.list(elements.map { .text($0.text ?? "") }), under: key)
        }
        // Those that were none were told.
        guard texts.count == elements.count else { return [] }
        return zip(texts, elements).map { ($0.text, raw($1), $0.path, $0.offset) }
    }

    /// What was written, where a variable is part of it.
    private func raw(_ node: JSONNode?) -> String? {
        node?.text.flatMap { $0.hasDollar ? $0 : nil }
    }
}

extension TextRule {
    /// A rule whose expression, if it is one, compiles.
    init(_ way: Way, checked text: String, shown: String?) throws(Complaint) {
        guard !text.isEmpty else { throw Complaint("is empty: leave it out") }
        guard text.utf8.count <= Self.byteCountMax else {
            throw Complaint("is longer than \(Self.byteCountMax) bytes")
        }
        if way == .matches {
            do throws(RegularExpression.Fault) {
                _ = try RegularExpression(text)
            } catch {
                throw Complaint("is no regular expression: \(error)")
            }
        }
        self.init(way, text, shown: shown)
    }
}

import MeshChecks
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

    private func textRules(_ key: String, _ way: TextRule.Way) -> [TextRule] {
        guard case .list(let elements)? = node(key)?.value else {
            return rule(key, way).map { [$0] } ?? []
        }
        guard !elements.isEmpty else {
            complain(key, "is empty: leave it out")
            return []
        }
        let texts = texts(key, max: TextRules.rulesMax)
        if elements.contains(where: { $0.text?.hasDollar == true }) {
            note(.list(elements.map { .text($0.text ?? "") }), under: key)
        }
        guard texts.count == elements.count else { return [] }
        return zip(texts, elements).compactMap { text, element in
            do throws(Complaint) {
                return try TextRule(way, checked: text.text, shown: raw(element))
            } catch {
                context.complain(text.path, error.message, at: text.offset)
                return nil
            }
        }
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

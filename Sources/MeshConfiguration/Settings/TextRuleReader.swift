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
        guard has(key), case .list? = node(key)?.value else { return textRules(key, way).first }
        complain(key, "expected a text in quotes, found a list")
        return nil
    }

    func textRules(_ key: String, _ way: TextRule.Way) -> [TextRule] {
        placedTexts(
            key, max: TextRules.rulesMax, loneDollar: way == .matches ? .itself : .refused
        ).compactMap { placed in
            do throws(Complaint) {
                return try TextRule(way, checked: placed.text, shown: placed.shown)
            } catch {
                context.complain(placed.path, error.message, at: placed.offset)
                return nil
            }
        }
    }

    /// A text, its path, and what was written where a variable is part of it.
    struct WrittenText {
        var text: String
        var shown: String?
        var path: String
        var offset: Int
    }

    /// A text or a list of texts.
    func placedTexts(
        _ key: String, max: Int, loneDollar: Substitution.LoneDollar
    ) -> [WrittenText] {
        guard let node = node(key) else { return [] }
        var elements = [(node: node, path: path(key))]
        if case .list = node.value {
            elements = self.elements(key, max: max)
            if node.elements.isEmpty { complain(key, "is empty: leave it out") }
        }
        var texts: [WrittenText] = []
        var raws: [DefinitionText.Value] = []
        var varies = false
        for (element, path) in elements {
            guard let raw = context.text(of: element, at: path) else { continue }
            do throws(Complaint) {
                let text = try context.expand(raw, loneDollar: loneDollar)
                varies = varies || text != raw
                texts.append(
                    WrittenText(
                        text: text, shown: text == raw ? nil : raw, path: path,
                        offset: element.offset))
            } catch {
                context.complain(path, error.message, at: element.offset)
            }
            raws.append(.text(raw))
        }
        if varies { note(raws.count == 1 ? raws[0] : .list(raws), under: key) }
        return texts
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

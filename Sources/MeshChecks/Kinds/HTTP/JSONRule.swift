import MeshCore

/// What must hold of a place in a JSON answer: `$.status == "ok"`, `$.queue.length < 100`,
/// `$.items[0].name contains 'x'`, `$.error absent`.
///
/// Numbers compare as numbers and texts byte by byte; values of two kinds are never equal and
/// neither is the smaller. A place that is not there equals nothing, so that it differs from
/// everything (RFC 9535, 2.3.5.2.2).
package struct JSONRule: Sendable, Hashable {
    package static let byteCountMax = 1_024
    package static let rulesMax = 16

    package enum Comparison: String, Sendable, Hashable, CaseIterable {
        case equal = "=="
        case different = "!="
        case atMost = "<="
        case atLeast = ">="
        case below = "<"
        case above = ">"
        /// A text has this part; a list has this element.
        case contains
        /// A text matches this regular expression.
        case matches
        case exists
        case absent
    }

    package let path: JSONPath
    package let comparison: Comparison
    /// What it is compared with; `nil` for `exists` and `absent` only.
    package let literal: JSONLiteral?
    /// All of it, as it is judged.
    package let text: String
    /// What may be shown of it.
    package let shown: String

    /// Why a text is no rule: where, counted from 1 in characters, and what was expected.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package let character: Int
        package let words: String

        package var description: String { "\(words) at character \(character)" }
    }

    /// Whether an expression after `matches` is one is for the caller to see.
    package init(_ text: String, shown: String? = nil) throws(Fault) {
        let bytes = Array(text.utf8)
        func fault(_ offset: Int, _ words: String) -> Fault {
            Fault(character: 1 + bytes.prefix(offset).count { $0 & 0xC0 != 0x80 }, words: words)
        }
        guard bytes.count <= Self.byteCountMax else {
            throw fault(0, "longer than \(Self.byteCountMax) bytes")
        }
        var rest = bytes[...].trimmed
        let start = rest.startIndex
        do throws(JSONPath.Fault) {
            path = try JSONPath(readingFrom: &rest)
        } catch {
            throw fault(start + error.offset, error.words)
        }
        rest = rest.trimmed
        let comparison = Comparison.allCases.first { rest.starts(with: $0.rawValue.utf8) }
        guard let comparison else {
            throw fault(
                rest.startIndex,
                "expected a comparison: one of ==, !=, <, <=, >, >=, contains, matches, exists"
                    + " and absent")
        }
        self.comparison = comparison
        rest = rest.dropFirst(comparison.rawValue.utf8.count).trimmed
        switch comparison {
        case .exists, .absent:
            guard rest.isEmpty else { throw fault(rest.startIndex, "expected nothing more") }
            literal = nil
        default:
            guard let literal = JSONLiteral(rest) else {
                throw fault(
                    rest.startIndex,
                    "expected a number, true, false, null, or a text in quotes")
            }
            if comparison == .matches {
                guard case .text = literal else {
                    throw fault(rest.startIndex, "expected an expression in quotes")
                }
            }
            self.literal = literal
        }
        self.text = text
        self.shown = shown ?? text
    }

    /// What comes after `matches`.
    package var expression: String? {
        guard comparison == .matches, case .text(let text)? = literal else { return nil }
        return text
    }

    /// Why `root` does not do as it should; `nil` if it does.
    func judge(_ root: JSONNode, _ patterns: some PatternSearch) -> Judgement {
        let node = path.find(in: root)
        switch comparison {
        case .exists: return Judgement(node != nil)
        case .absent: return Judgement(node == nil)
        case .equal: return Judgement(equals(node))
        case .different: return Judgement(!equals(node))
        case .below: return Judgement(order(node) == .smaller)
        case .atMost: return Judgement(order(node) == .smaller || equals(node))
        case .above: return Judgement(order(node) == .larger)
        case .atLeast: return Judgement(order(node) == .larger || equals(node))
        case .contains: return Judgement(contains(node))
        case .matches:
            guard let expression, let text = node?.text else { return .broken }
            return switch patterns.find(expression, in: Array(text.utf8)) {
            case .found: .kept
            case .absent: .broken
            case .givenUp: .givenUp
            }
        }
    }

    enum Judgement {
        case kept, broken, givenUp

        init(_ isKept: Bool) { self = isKept ? .kept : .broken }
    }

    /// What is at the place, for people; `redacted` takes out of a text what they must not see.
    func found(in root: JSONNode, _ redacted: (String) -> String) -> String {
        guard let node = path.find(in: root) else { return "nothing there" }
        return switch node.value {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .number(let number): String(number.prefix(Self.shownMax))
        case .text(let text): "\"\(redacted(text).prefix(Self.shownMax))\""
        case .list(let elements): "a list of \(elements.count)"
        case .table: "an object"
        }
    }

    /// Characters of a value that are shown.
    private static let shownMax = 40

    private func equals(_ node: JSONNode?) -> Bool {
        guard let node, let literal else { return false }
        return switch (node.value, literal) {
        case (.null, .null): true
        case (.flag(let one), .flag(let other)): one == other
        case (.text(let one), .text(let other)): one.utf8.elementsEqual(other.utf8)
        case (.number, .number): order(node) == .same
        default: false
        }
    }

    private enum Order { case smaller, same, larger }

    /// `nil` for what has no order: other kinds, or a number beyond all that can be computed with.
    private func order(_ node: JSONNode?) -> Order? {
        switch (node?.value, literal) {
        case (.number(let one)?, .number(let other)?):
            // Whole numbers beyond 2^53 would be rounded to the same.
            if let left = Int64(one), let right = Int64(other) { return Self.order(left, right) }
            guard let left = Double(one), let right = Double(other) else { return nil }
            return Self.order(left, right)
        case (.text(let one)?, .text(let other)?):
            if one.utf8.elementsEqual(other.utf8) { return .same }
            return one.utf8.lexicographicallyPrecedes(other.utf8) ? .smaller : .larger
        default: return nil
        }
    }

    private static func order<Value: Comparable>(_ left: Value, _ right: Value) -> Order {
        left == right ? .same : left < right ? .smaller : .larger
    }

    private func contains(_ node: JSONNode?) -> Bool {
        switch (node?.value, literal) {
        case (.text(let text)?, .text(let part)?): ByteSearch(part).isFound(in: text.utf8)
        case (.list(let elements)?, .some): elements.contains(where: equals)
        default: false
        }
    }
}

extension ArraySlice<UInt8> {
    /// Without the spaces at both ends.
    fileprivate var trimmed: ArraySlice<UInt8> {
        var rest = drop { $0 == 0x20 }
        while rest.last == 0x20 { rest.removeLast() }
        return rest
    }
}

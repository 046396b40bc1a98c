import MeshChecks
import MeshCore

/// One object of a Checkup's file, read as Go reads JSON: keys in any case, the last of several
/// counts, unknown ones are ignored, and null is as if it were not there. A value of the wrong type
/// is a problem of the whole file.
final class CheckupSection {
    let path: String
    let context: ReadingContext
    let offset: Int
    private let byKey: [String: JSONNode]

    init(_ members: [JSONMember], path: String, offset: Int, in context: ReadingContext) {
        self.path = path
        self.context = context
        self.offset = offset
        byKey = Dictionary(
            members.map { ($0.key.lowercased(), $0.node) }, uniquingKeysWith: { _, last in last })
    }

    func node(_ key: String) -> JSONNode? {
        guard let node = byKey[key] else { return nil }
        if case .null = node.value { return nil }
        return node
    }

    func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func complain(_ key: String, _ message: String) {
        context.complain(path(key), message, at: byKey[key]?.offset ?? offset)
    }

    func warn(_ key: String, _ message: String) {
        context.warn(path(key), message, at: byKey[key]?.offset ?? offset)
    }

    private func complainOfKind(_ key: String, _ expected: String, _ node: JSONNode) {
        complain(key, "expected \(expected), found \(node.value.kindInWords)")
    }

    /// The empty text, which is Go's for none, is none.
    func text(_ key: String) -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.text else {
            complainOfKind(key, "a text in quotes", node)
            return nil
        }
        return text.isEmpty ? nil : text
    }

    func flag(_ key: String) -> Bool {
        guard let node = node(key) else { return false }
        if let flag = node.flag { return flag }
        complainOfKind(key, "true or false", node)
        return false
    }

    /// 0, which is Go's for none, is none.
    func integer(_ key: String) -> Int? {
        guard let node = node(key) else { return nil }
        guard let number = node.integer else {
            complainOfKind(key, "a whole number", node)
            return nil
        }
        return number == 0 ? nil : number
    }

    /// Nanoseconds; or a text with units, which Checkup's own first samples had and it never took.
    /// Nothing or less is none.
    func span(_ key: String) -> TimeSpan? {
        guard let node = node(key) else { return nil }
        if let text = node.text {
            guard let span = DurationText(text) else {
                complain(key, "\"\(text)\" is no duration: write nanoseconds, or \"500ms\"")
                return nil
            }
            return span.span > .zero ? span.span : nil
        }
        guard let number = node.integer, Int64(exactly: number) != nil else {
            complainOfKind(key, "a whole number of nanoseconds", node)
            return nil
        }
        return number > 0 ? TimeSpan(nanoseconds: Int64(number)) : nil
    }

    func texts(_ key: String) -> [String] {
        guard let node = node(key) else { return [] }
        guard case .list(let elements) = node.value else {
            complainOfKind(key, "a list in brackets", node)
            return []
        }
        return elements.enumerated().compactMap { index, element in
            if let text = element.text { return text }
            context.complain(
                "\(path(key))[\(index)]",
                "expected a text in quotes, found \(element.value.kindInWords)", at: element.offset)
            return nil
        }
    }

    func sections(_ key: String) -> [CheckupSection] {
        guard let node = node(key) else { return [] }
        guard case .list(let elements) = node.value else {
            complainOfKind(key, "a list in brackets", node)
            return []
        }
        return elements.enumerated().compactMap { index, element in
            let place = "\(path(key))[\(index)]"
            guard case .table(let members) = element.value else {
                context.complain(
                    place, "expected an object in braces, found \(element.value.kindInWords)",
                    at: element.offset)
                return nil
            }
            return CheckupSection(members, path: place, offset: element.offset, in: context)
        }
    }
}

import MeshChecks
import MeshCore

/// One object of a Checkup's file, read as Go reads JSON; unknown keys are ignored. A value of the
/// wrong type is a problem of the whole file.
final class CheckupSection {
    let path: String
    let context: ReadingContext
    let offset: Int
    private let fields: GoFields

    init(_ members: [JSONMember], path: String, offset: Int, in context: ReadingContext) {
        self.path = path
        self.context = context
        self.offset = offset
        fields = GoFields(members)
    }

    func node(_ key: String) -> JSONNode? { fields[key] }

    func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func complain(_ key: String, _ message: String) {
        context.complain(path(key), message, at: fields.offset(of: key) ?? offset)
    }

    func warn(_ key: String, _ message: String) {
        context.warn(path(key), message, at: fields.offset(of: key) ?? offset)
    }

    private func complainOfKind(_ key: String, _ expected: String, _ node: JSONNode) {
        complain(key, "expected \(expected), found \(node.value.kindInWords)")
    }

    /// The empty text, which is Go's for none, is none.
    func text(_ key: String) -> String? {
        guard let node = node(key), let text = context.text(of: node, at: path(key)) else {
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
        elements(key).compactMap { context.text(of: $0.node, at: $0.path) }
    }

    func sections(_ key: String) -> [CheckupSection] {
        elements(key).compactMap { node, path in
            context.members(of: node, at: path).map {
                CheckupSection($0, path: path, offset: node.offset, in: context)
            }
        }
    }

    private func elements(_ key: String) -> [(node: JSONNode, path: String)] {
        let elements = node(key).flatMap { context.elements(of: $0, at: path(key)) } ?? []
        return elements.enumerated().map { ($1, "\(path(key))[\($0)]") }
    }
}

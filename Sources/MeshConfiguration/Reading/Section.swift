import MeshChecks
import MeshCore

/// One object of the file while it is read. Whatever is asked for is a known key; what is left when
/// it is finished is unknown and told with the nearest known one. A value that is wrong is told and
/// then reads as if it were not there, so that reading goes on to the next problem.
final class Section {
    let path: String
    let context: ReadingContext
    private let members: [JSONMember]
    private let byKey: [String: JSONMember]
    private var known: [String] = []
    private let offset: Int
    /// What was written where a variable is part of it, by key.
    private(set) var written: [String: DefinitionText.Value] = [:]

    init(_ members: [JSONMember], path: String, offset: Int, in context: ReadingContext) {
        self.path = path
        self.context = context
        self.members = members
        self.offset = offset
        byKey = Dictionary(members.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: What is there

    func has(_ key: String) -> Bool { byKey[key] != nil }

    func node(_ key: String) -> JSONNode? {
        known.append(key)
        return byKey[key]?.node
    }

    func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func complain(_ key: String, _ message: String) {
        let offset = byKey[key]?.node.offset ?? offset
        context.complain(path(key), message, at: offset)
    }

    func warn(_ key: String, _ message: String) {
        let offset = byKey[key]?.node.offset ?? offset
        context.warn(path(key), message, at: offset)
    }

    /// Keys of interfaces that this version does not have: to ignore them would be a promise broken
    /// in silence.
    func refuse(_ keys: [String], _ remedy: String = "leave it out") {
        for key in keys where node(key) != nil {
            complain(key, "is not supported yet by this version: \(remedy)")
        }
        known.removeAll(where: keys.contains)
        refused.formUnion(keys)
    }

    private var refused: Set<String> = []

    /// Tells every key that nobody asked for; `translate` knows what others call ours.
    func finish(_ translate: (String) -> String? = { _ in nil }) {
        for member in members where !known.contains(member.key) && !refused.contains(member.key) {
            let own = translate(member.key).map { ": it is called \"\($0)\" here" }
            let hint = own ?? hint(for: member.key)
            context.complain(path(member.key), "unknown key\(hint)", at: member.offset)
        }
    }

    private static let keysListedMax = 12

    /// What may have been meant: the nearest known key, or, where none is near, all, if few.
    private func hint(for key: String) -> String {
        let nearest =
            NearestWord.to(key, among: known) ?? NearestWord.holding(key, among: known)
        if let nearest {
            return ": the nearest known key is \"\(nearest)\""
        }
        let keys = Set(known).sorted()
        guard (1...Self.keysListedMax).contains(keys.count) else { return "" }
        return ": known \(keys.count == 1 ? "is" : "are") \(keys.quoted)"
    }

    // MARK: Texts

    /// A text with its variables replaced.
    func text(_ key: String) -> String? {
        guard let node = node(key), let raw = context.text(of: node, at: path(key)) else {
            return nil
        }
        return expand(raw, key)
    }

    /// A text that `read` makes a value of. What it throws is told as this key's problem.
    func value<Value>(_ key: String, _ read: (String) throws(Complaint) -> Value) -> Value? {
        guard let text = text(key) else { return nil }
        do throws(Complaint) {
            return try read(text)
        } catch {
            complain(key, error.message)
            return nil
        }
    }

    /// As `value`; that there is none is a problem, too.
    func required<Value>(
        _ key: String, _ remedy: String, _ read: (String) throws(Complaint) -> Value
    ) -> Value? {
        if !has(key) { complain(key, "is missing: \(remedy)") }
        return value(key, read)
    }

    func expand(_ raw: String, _ key: String) -> String? {
        do throws(Complaint) {
            if raw.hasDollar { written[key] = .text(raw) }
            return try context.expand(raw)
        } catch {
            complain(key, error.message)
            return nil
        }
    }

    /// Notes that a variable is part of what stands under `key`.
    func note(_ value: DefinitionText.Value, under key: String) { written[key] = value }

    // MARK: Numbers, flags, spans

    func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = node(key) else { return nil }
        let shown: String
        switch node.value {
        case .number(let number): shown = number
        // A number cannot be a variable without quotes.
        case .text(let raw) where raw.hasDollar:
            guard let text = context.openly({ expand(raw, key) }) else { return nil }
            shown = text
        default:
            complain(key, "expected a whole number, found \(node.value.kindInWords)")
            return nil
        }
        guard let number = Int(shown) else {
            complain(key, "\(shown) is not a whole number")
            return nil
        }
        return bounded(key, number, in: range) { String($0) }
    }

    func flag(_ key: String) -> Bool? {
        guard let node = node(key) else { return nil }
        switch node.value {
        case .flag(let flag): return flag
        case .text(let raw) where raw.hasDollar:
            guard let text = context.openly({ expand(raw, key) }) else { return nil }
            if text == "true" || text == "false" { return text == "true" }
        default: break
        }
        complain(key, "expected true or false")
        return nil
    }

    func span(_ key: String, in range: ClosedRange<TimeSpan>) -> TimeSpan? {
        if case .number(let number)? = byKey[key]?.node.value {
            _ = node(key)
            complain(key, "\(number) has no unit: write a duration such as \"30s\" or \"500ms\"")
            return nil
        }
        let span: DurationText? = context.openly {
            value(key) { text throws(Complaint) in
                guard let span = DurationText(text) else {
                    throw Complaint(
                        "\"\(text)\" is no duration: write \"500ms\", \"30s\", \"5m\" or \"1h30m\"")
                }
                return span
            }
        }
        return span.flatMap {
            bounded(key, $0.span, in: range) { DurationText($0).description }
        }
    }

    private func bounded<Value: Comparable>(
        _ key: String, _ value: Value, in range: ClosedRange<Value>, _ show: (Value) -> String
    ) -> Value? {
        if value < range.lowerBound {
            complain(key, "\(show(value)) is below the minimum of \(show(range.lowerBound))")
            return nil
        }
        if value > range.upperBound {
            complain(key, "\(show(value)) is above the maximum of \(show(range.upperBound))")
            return nil
        }
        return value
    }

    // MARK: Lists and sections

    func section(_ key: String) -> Section? {
        guard let node = node(key) else { return nil }
        return section(of: node, at: path(key))
    }

    private func section(of node: JSONNode, at path: String) -> Section? {
        context.members(of: node, at: path).map {
            Section($0, path: path, offset: node.offset, in: context)
        }
    }

    /// The members of an object whose keys are names of their own, in their order.
    func entries(_ key: String) -> [JSONMember] {
        node(key).flatMap { context.members(of: $0, at: path(key)) } ?? []
    }

    /// The elements of a list, with their paths.
    func elements(_ key: String, max: Int) -> [(node: JSONNode, path: String)] {
        guard let node = node(key), let elements = context.elements(of: node, at: path(key)) else {
            return []
        }
        guard elements.count <= max else {
            complain(key, "\(elements.count) entries are above the maximum of \(max)")
            return []
        }
        return elements.enumerated().map { ($1, "\(path(key))[\($0)]") }
    }

    func sections(_ key: String, max: Int) -> [Section] {
        elements(key, max: max).compactMap { section(of: $0.node, at: $0.path) }
    }

    /// The texts of a list, with their paths; those that are none are told.
    func texts(_ key: String, max: Int) -> [PlacedText] {
        elements(key, max: max).compactMap { node, path in
            guard let raw = context.text(of: node, at: path) else { return nil }
            do throws(Complaint) {
                let text = try context.expand(raw)
                return PlacedText(text: text, path: path, offset: node.offset)
            } catch {
                context.complain(path, error.message, at: node.offset)
                return nil
            }
        }
    }
}

/// A text, where it came from and where it stands.
struct PlacedText {
    var text: String
    var path: String
    /// `nil`: not in the file but on the command line or in the environment.
    var offset: Int?
}

extension Section {
    static func unknownType(
        _ text: String, among words: [String], has types: [String]
    ) -> String {
        guard let nearest = NearestWord.to(text, among: words) else {
            return "\"\(text)\" is unknown: write one of \(types.quoted)"
        }
        return "\"\(text)\" is unknown: the nearest known type is \"\(nearest)\""
    }

    /// The word that says which kind of thing this is: one of `types`. Those of `later` are the
    /// contract's, and not in this version; `others` are other tools' words for ours.
    func requiredType(
        among types: [String], later: [String], others: [String: String] = [:]
    ) -> String? {
        required("type", "write one of \(types.quoted)") { text throws(Complaint) in
            if types.contains(text) { return text }
            if later.contains(text) {
                throw Complaint(
                    "\"\(text)\" is not supported yet by this version: it has \(types.quoted)")
            }
            if let own = others[text.lowercased()], types.contains(own) {
                throw Complaint("\"\(text)\" is unknown: it is called \"\(own)\" here")
            }
            throw Complaint(Self.unknownType(text, among: types + later, has: types))
        }
    }
}

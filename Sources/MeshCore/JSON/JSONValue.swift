/// A JSON text (RFC 8259) with what a configuration needs and decoders throw away: the order of
/// keys, where each value stands, and numbers as they were written.
package struct JSONDocument: Sendable {
    package let root: JSONNode
    private let bytes: [UInt8]

    init(root: JSONNode, bytes: [UInt8]) {
        self.root = root
        self.bytes = bytes
    }

    /// Where people find the byte at `offset` in their editor.
    package func place(of offset: Int) -> JSONPlace { JSONPlace(of: offset, in: bytes) }
}

/// A value, and the offset of its first byte.
package struct JSONNode: Sendable {
    package let value: JSONValue
    package let offset: Int
}

package indirect enum JSONValue: Sendable {
    case null
    case flag(Bool)
    /// As it is written: a bound is checked against the number that somebody meant.
    case number(String)
    case text(String)
    case list([JSONNode])
    case table([JSONMember])

    /// What it is, for people who wrote another kind.
    package var kindInWords: String {
        switch self {
        case .null: "null"
        case .flag: "true or false"
        case .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .table: "an object"
        }
    }
}

package struct JSONMember: Sendable {
    package let key: String
    /// Of the key's opening quote.
    package let offset: Int
    package let node: JSONNode
}

extension JSONNode {
    /// The member of that name, the last where it is there twice; `nil` if this is no object or has
    /// none.
    package subscript(key: String) -> JSONNode? {
        guard case .table(let members) = value else { return nil }
        return members.last { $0.key == key }?.node
    }

    package var text: String? {
        guard case .text(let text) = value else { return nil }
        return text
    }

    package var flag: Bool? {
        guard case .flag(let flag) = value else { return nil }
        return flag
    }

    package var integer: Int? {
        guard case .number(let text) = value else { return nil }
        return Int(text)
    }

    /// For figures that people read.
    package var number: Double? {
        guard case .number(let text) = value else { return nil }
        return Double(text)
    }

    /// The elements; empty if this is no list.
    package var elements: [JSONNode] {
        guard case .list(let elements) = value else { return [] }
        return elements
    }
}

/// A place in a text, both counted from 1; columns are Unicode scalars, as editors count.
package struct JSONPlace: Sendable, Hashable, CustomStringConvertible {
    package let line: Int
    package let column: Int

    init(of offset: Int, in bytes: [UInt8]) {
        let before = bytes[..<min(offset, bytes.count)]
        line = 1 + before.count { $0 == 0x0A }
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        column = 1 + before[start...].count { $0 & 0xC0 != 0x80 }
    }

    package var description: String { "line \(line), column \(column)" }
}

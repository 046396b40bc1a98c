/// A name that people give: of a node, a zone or a mesh. One to 63 bytes of ASCII letters, digits
/// and `-`, `_`, `.`, so that it fits a host name, a metric label and a datagram, and no two that
/// look alike differ.
package struct Label: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let byteCountMax = 63

    package let text: String

    /// `nil` if `text` is empty, too long or holds another character.
    package init?(_ text: String) {
        guard Self.isValid(text.utf8) else { return nil }
        self.text = text
    }

    package init(bytes: ArraySlice<UInt8>) throws(DecodeError) {
        guard Self.isValid(bytes) else { throw .invalid }
        text = String(decoding: bytes, as: UTF8.self)
    }

    package static func < (left: Label, right: Label) -> Bool { left.text < right.text }

    package var description: String { text }

    private static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
        guard (1...byteCountMax).contains(bytes.count) else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
    }
}

extension ByteWriter {
    package mutating func write(_ label: Label) { writePrefixed(Array(label.text.utf8)) }
}

extension ByteReader {
    package mutating func readLabel() throws(DecodeError) -> Label {
        try Label(bytes: try readPrefixed(atMost: Label.byteCountMax))
    }
}

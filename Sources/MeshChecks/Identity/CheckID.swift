package import MeshCore

/// Which check: H("check", mesh, name). A rename is a new check.
package struct CheckID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(of name: CheckName, in mesh: MeshID, using cryptography: any Cryptography) {
        var hash = TaggedHash("check")
        hash.combine(mesh.bytes)
        hash.combine(Array(name.text.utf8))
        bytes = hash.finalize(using: cryptography)
    }
}

/// What people call a check: 1 to 128 bytes of UTF-8 without control characters.
package struct CheckName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let byteCountMax = 128

    package let text: String

    /// `nil` if `text` is empty, too long or holds a control character.
    package init?(_ text: String) {
        guard (1...Self.byteCountMax).contains(text.utf8.count),
            !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { return nil }
        self.text = text
    }

    package static func < (left: CheckName, right: CheckName) -> Bool { left.text < right.text }
    package var description: String { text }
}

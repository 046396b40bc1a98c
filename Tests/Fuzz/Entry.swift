import MeshCore
import MeshMembership

/// A member's entry in an exchange of lists.
enum Target: FuzzTarget {
    static let seeds = Seeds.entries.map(encoded)

    static func run(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let entry = try? MemberEntry.decode(&reader) else { return }
        let again = encoded(entry)
        precondition(again[...] == bytes.prefix(again.count), "expected the one encoding")
        precondition(reader.remaining == bytes.count - again.count, "expected the rest unread")
    }

    static func encoded(_ entry: MemberEntry) -> [UInt8] {
        var writer = ByteWriter()
        entry.write(to: &writer)
        return writer.bytes
    }
}

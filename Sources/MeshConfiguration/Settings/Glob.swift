/// A pattern of names: `*` stands for any characters, also none, `?` for one. Case matters.
///
/// Patterns and names are compared as UTF-8, `?` and the ends of `*` at whole scalars: a thousand
/// patterns over twenty thousand names must not keep a node waiting.
struct Glob: Sendable, Hashable {
    private let pattern: [UInt8]

    init(_ text: String) { pattern = Array(text.utf8) }

    private static let star = UInt8(ascii: "*")
    private static let one = UInt8(ascii: "?")

    /// Whether it has a `*` or a `?`, and so is more than a name.
    var isPattern: Bool { pattern.contains(Self.star) || pattern.contains(Self.one) }

    func matches(_ name: String) -> Bool { matches(utf8: Array(name.utf8)) }

    /// In time proportional to pattern times name, whatever the pattern: after a mismatch only the
    /// last star is tried again, one scalar further on.
    func matches(utf8 name: [UInt8]) -> Bool {
        var position = 0
        var place = 0
        var star: (position: Int, place: Int)?
        while place < name.count {
            if position < pattern.count, pattern[position] == Self.star {
                position += 1
                star = (position, place)
            } else if position < pattern.count, pattern[position] == Self.one {
                position += 1
                place = Self.scalar(after: place, in: name)
            } else if position < pattern.count, pattern[position] == name[place] {
                position += 1
                place += 1
            } else if let last = star {
                let next = Self.scalar(after: last.place, in: name)
                star = (last.position, next)
                position = last.position
                place = next
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == Self.star }
    }

    private static func scalar(after place: Int, in name: [UInt8]) -> Int {
        var next = place + 1
        while next < name.count, name[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}

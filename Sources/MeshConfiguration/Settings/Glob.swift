/// A pattern of names: `*` stands for any characters, also none, `?` for one. Case matters.
struct Glob: Sendable, Hashable {
    private let pattern: [Character]

    init(_ text: String) { pattern = Array(text) }

    /// Whether it has a `*` or a `?`, and so is more than a name.
    var isPattern: Bool { pattern.contains("*") || pattern.contains("?") }

    /// In time proportional to pattern times name, whatever the pattern: after a mismatch only the
    /// last star is tried again, one character further on.
    func matches(_ name: String) -> Bool {
        let name = Array(name)
        var position = 0
        var place = 0
        var star: (position: Int, place: Int)?
        while place < name.count {
            if position < pattern.count, pattern[position] == "*" {
                star = (position, place)
                position += 1
            } else if position < pattern.count,
                pattern[position] == "?" || pattern[position] == name[place]
            {
                position += 1
                place += 1
            } else if let last = star {
                star = (last.position, last.place + 1)
                position = last.position + 1
                place = last.place + 1
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "*" }
    }
}

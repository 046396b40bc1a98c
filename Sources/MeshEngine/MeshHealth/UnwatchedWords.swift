/// Checks at which too few look, and why, in a text of few bytes: checks that lack the same share the
/// reason, and what has no room is counted, not torn.
///
///     a, b (2 must agree, 0 of 3 owners look; x: could not look), c (...) and 3 more
struct UnwatchedWords: Sendable {
    private struct Group: Sendable {
        var names: [String]
        var why: String
        /// What a node says of itself; empty if it says nothing, or not the same of all.
        var told: String
    }

    private var groups: [Group] = []

    mutating func add(_ name: String, _ why: String, told: String) {
        guard let place = groups.firstIndex(where: { $0.why == why }) else {
            return groups.append(Group(names: [name], why: why, told: told))
        }
        groups[place].names.append(name)
        if groups[place].told != told { groups[place].told = "" }
    }

    /// What another node has made of these. It may be anything: what cannot be read is a name.
    mutating func read(_ text: String) {
        var rest = Substring(text)
        while !rest.isEmpty {
            let names = rest.prefix { $0 != "(" }
            rest = rest.dropFirst(names.count + 1)
            let inner = rest.prefix { $0 != ")" }
            rest = rest.dropFirst(inner.count + 1)
            let clauses = inner.split(separator: "; ", omittingEmptySubsequences: true)
            let teller = clauses.firstIndex { $0.contains(Self.says) } ?? clauses.endIndex
            let why = clauses[..<teller].joined(separator: "; ")
            let told = clauses[teller...].joined(separator: "; ")
            for name in names.split(separator: ",") {
                let name = name.trimmed
                if !name.isEmpty { add(name, why, told: told) }
            }
        }
    }

    /// As many names as have room with why, then what a node says of itself if that has room, too.
    func text(atMost limit: Int, of total: Int = 0) -> String {
        let count = groups.reduce(0) { $0 + $1.names.count }
        for named in stride(from: count, to: 0, by: -1) {
            let short = text(naming: named, of: total, isLong: false)
            guard short.utf8.count <= limit else { continue }
            let long = text(naming: named, of: total, isLong: true)
            return long.utf8.count <= limit ? long : short
        }
        // The first is too long by itself: whole words of it.
        var kept = ""
        for word in text(naming: min(count, 1), of: 0, isLong: false).split(separator: " ") {
            let next = kept.isEmpty ? String(word) : "\(kept) \(word)"
            guard next.utf8.count + Self.ellipsis.utf8.count <= limit else { break }
            kept = next
        }
        return kept.isEmpty ? "" : kept + Self.ellipsis
    }

    private func text(naming count: Int, of total: Int, isLong: Bool) -> String {
        var left = count
        var parts: [String] = []
        for group in groups where left > 0 {
            let names = group.names.prefix(left)
            left -= names.count
            var inner = group.why.isEmpty ? [] : [group.why]
            if isLong, !group.told.isEmpty {
                // The bracket ends where it is read.
                inner.append(String(group.told.map { Self.brackets[$0] ?? $0 }))
            }
            parts.append(
                names.joined(separator: ", ")
                    + (inner.isEmpty ? "" : " (\(inner.joined(separator: "; ")))"))
        }
        let text = parts.joined(separator: ", ")
        return total > count ? "\(text) and \(total - count) more" : text
    }

    private static let says = " says: "
    private static let ellipsis = " …"
    private static let brackets: [Character: Character] = ["(": "[", ")": "]"]
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

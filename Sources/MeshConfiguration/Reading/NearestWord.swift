/// Finds the word that somebody meant.
package enum NearestWord {
    /// Longer words are compared by so many bytes.
    private static let byteCountMax = 64

    /// The candidate with the fewest edits from `word`, the first of equals. Case counts for
    /// nothing. `nil` if there is none within a third of the word: further ones were not meant, and
    /// to be told of them misleads.
    package static func to(_ word: String, among candidates: some Sequence<String>) -> String? {
        let editsMax = max(1, word.utf8.count / 3)
        var best: (word: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(word, candidate)
            guard distance <= editsMax else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.word
    }

    /// Letters of the shorter one of two words of which one holds the other.
    private static let heldByteCountMin = 3

    /// The candidate that holds `word`, or that it holds, where one of their words begins: `ca_file`
    /// is meant by `tls_ca_file`. Of several the one that shares the most with it.
    package static func holding(
        _ word: String, among candidates: some Sequence<String>
    ) -> String? {
        let word = "_" + word.lowercased()
        var best: (word: String, shared: Int, length: Int)?
        for candidate in candidates {
            let other = "_" + candidate.lowercased()
            let (short, long) = word.utf8.count < other.utf8.count ? (word, other) : (other, word)
            guard short.utf8.count > heldByteCountMin, long.contains(short) else { continue }
            let (shared, length) = (short.utf8.count, long.utf8.count)
            if let best, (best.shared, length) >= (shared, best.length) { continue }
            best = (candidate, shared, length)
        }
        return best?.word
    }

    /// How many insertions, removals, replacements and swaps of neighbours lead from one to the
    /// other (optimal string alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.lowercased().utf8.prefix(byteCountMax))
        let right = Array(right.lowercased().utf8.prefix(byteCountMax))
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let isSame = left[row] == right[column]
                var edits = min(last[column + 1] + 1, current[column] + 1)
                edits = min(edits, last[column] + (isSame ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    edits = min(edits, beforeLast[column - 1] + 1)
                }
                current.append(edits)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}

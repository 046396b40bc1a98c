package import MeshCore

/// A length of time as people write it: `500ms`, `30s`, `5m`, `1h30m`, `14d`. Units descend, each
/// at most once. It prints in one way only, with the largest units that are exact, so that equal
/// spans are equal texts.
package struct DurationText: Sendable, Hashable, CustomStringConvertible {
    package static let byteCountMax = 32

    package let span: TimeSpan

    package init(_ span: TimeSpan) { self.span = span }

    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
        ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1),
    ]

    /// `nil` if `text` is no length of time, negative, or beyond 292 years. A bare number is none:
    /// nobody could tell seconds from Checkup's nanoseconds.
    package init?(_ text: String) {
        guard (1...Self.byteCountMax).contains(text.utf8.count) else { return nil }
        var rest = text.utf8[...]
        var total: Int64 = 0
        var unitsLeft = Self.units[...]
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(digits.count)
            let word = rest.prefix { !(0x30...0x39).contains($0) }
            rest = rest.dropFirst(word.count)
            guard let count = Int64(String(Substring(digits))),
                let position = unitsLeft.firstIndex(where: { $0.name == String(Substring(word)) })
            else { return nil }
            let (part, isTooLong) = count.multipliedReportingOverflow(
                by: unitsLeft[position].nanoseconds)
            let (sum, overflows) = total.addingReportingOverflow(part)
            guard !isTooLong, !overflows else { return nil }
            total = sum
            unitsLeft = unitsLeft[(position + 1)...]
        }
        span = TimeSpan(nanoseconds: total)
    }

    package var description: String {
        guard span != .zero else { return "0s" }
        var rest = span.nanoseconds.magnitude
        var text = span.nanoseconds < 0 ? "-" : ""
        for unit in Self.units {
            let size = UInt64(unit.nanoseconds)
            if rest >= size { text += "\(rest / size)\(unit.name)" }
            rest %= size
        }
        return text
    }
}

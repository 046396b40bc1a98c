/// Which answers of HTTP are as they should be: ranges of status codes, ascending, none touching
/// the next, so that equal sets are equal values.
package struct StatusSet: Sendable, Hashable, CustomStringConvertible {
    package static let codes = 100...599
    package static let rangesMax = 32

    package let ranges: [ClosedRange<Int>]

    /// 200 to 299.
    package static let successful = StatusSet(merged: [200...299])

    /// Whatever three digits: that there is an answer is enough.
    package static let any = StatusSet(merged: [100...999])

    /// `nil` if there is none, one is not within `codes`, or more than `rangesMax` remain.
    package init?(_ ranges: [ClosedRange<Int>]) {
        guard !ranges.isEmpty, ranges.allSatisfy({ Self.codes.contains($0) }) else { return nil }
        var merged: [ClosedRange<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard let last = merged.last, range.lowerBound <= last.upperBound + 1 else {
                merged.append(range)
                continue
            }
            let upper = max(last.upperBound, range.upperBound)
            merged[merged.count - 1] = last.lowerBound...upper
        }
        guard merged.count <= Self.rangesMax else { return nil }
        self.init(merged: merged)
    }

    private init(merged ranges: [ClosedRange<Int>]) { self.ranges = ranges }

    package func contains(_ code: Int) -> Bool { ranges.contains { $0.contains(code) } }

    /// `200,204,300-399`, or `any`.
    package var description: String {
        if self == .any { return "any" }
        return ranges.map { range in
            range.count == 1
                ? String(range.lowerBound) : "\(range.lowerBound)-\(range.upperBound)"
        }.joined(separator: ",")
    }
}

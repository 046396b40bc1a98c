/// Numbers collected over a run, for their median, 99th percentile, mean and maximum.
package struct Distribution: Sendable {
    private var values: [Double] = []

    package init() {}

    package mutating func add(_ value: Double) { values.append(value) }

    package var count: Int { values.count }
    package var max: Double? { values.max() }
    package var mean: Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    package var median: Double? { quantile(perThousand: 500) }
    package var p99: Double? { quantile(perThousand: 990) }

    /// The smallest value that at least so many of a thousand do not exceed.
    package func quantile(perThousand: Int) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let rank = (sorted.count * perThousand + 999) / 1_000
        return sorted[Swift.max(rank, 1) - 1]
    }
}

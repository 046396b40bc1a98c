import MeshCore

/// How late looks have begun, counted in steps: what a node that is short of time does first is to
/// look late.
package struct StartDelays: Sendable, Hashable {
    /// The upper ends, in milliseconds.
    package static let steps = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000]

    private var numbers = [Int](repeating: 0, count: steps.count + 1)

    mutating func note(_ delay: TimeSpan) {
        let place = Self.steps.firstIndex { delay <= .milliseconds(Int64($0)) }
        numbers[place ?? Self.steps.count] += 1
    }

    /// Each step in seconds, `inf` for what is above the last, with how many were within it and
    /// above the one before.
    package var counts: [(late: String, count: Int)] {
        let names = Self.steps.map { step in
            let digits = String(1_000 + step % 1_000).dropFirst()
            return "\(step / 1_000).\(digits)"
        }
        return Array(zip(names + ["inf"], numbers)).map { (late: $0, count: $1) }
    }
}

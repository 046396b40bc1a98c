/// How a target is doing, from best to worst. A check that was never certified has none: *unknown*
/// is `nil`, and only before the first flip.
package enum TargetState: UInt8, Sendable, Hashable, Comparable, CaseIterable {
    case up = 0
    case degraded = 1
    case down = 2

    package static func < (left: TargetState, right: TargetState) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension TargetState {
    /// What it is called: in JSON, on the page, in metrics and in logs.
    package var word: String {
        switch self {
        case .up: "up"
        case .degraded: "degraded"
        case .down: "down"
        }
    }
}

extension TargetState? {
    package var word: String { self?.word ?? "unknown" }
}

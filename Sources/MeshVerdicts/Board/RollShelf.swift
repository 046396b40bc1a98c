import MeshCore
import MeshPlacement

/// Member lists that others have put behind their verdicts and that this node could not have
/// computed itself. Bound: `VerdictBounds.rollsMax`; the oldest gives way.
struct RollShelf: Sendable {
    private var rolls: [UInt64: Roll] = [:]
    private var order: [UInt64] = []

    subscript(digest: UInt64) -> Roll? { rolls[digest] }

    mutating func keep(_ roll: Roll, as digest: UInt64) {
        guard rolls.updateValue(roll, forKey: digest) == nil else { return }
        order.append(digest)
        if order.count > VerdictBounds.rollsMax { rolls[order.removeFirst()] = nil }
    }
}

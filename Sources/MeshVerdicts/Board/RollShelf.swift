import MeshCore
import MeshPlacement

/// Member lists that others have put behind their verdicts and that this node could not have
/// computed itself. Bound: `VerdictBounds.rollsMax`; the oldest gives way.
struct RollShelf: Sendable {
    private var rolls: [UInt64: Roll] = [:]
    private var order: [UInt64] = []
    /// When each of those that are missing was last asked for, in that order. Bound: `rollsMax`; who
    /// gives way may be asked for again at once.
    private var asked: [(digest: UInt64, node: NodeID, at: Instant)] = []

    /// How long an answer may take before the same is asked again: every entry that comes, and
    /// every head, counts the verdicts once more.
    private static let askAgainAfter = TimeSpan.milliseconds(200)

    /// Whether to ask a node for a list now; if so, it is noted that it was.
    mutating func mayAsk(_ node: NodeID, for digest: UInt64, now: Instant) -> Bool {
        asked.removeAll { now - $0.at >= Self.askAgainAfter }
        guard !asked.contains(where: { $0.digest == digest && $0.node == node }) else {
            return false
        }
        if asked.count == VerdictBounds.rollsMax { asked.removeFirst() }
        asked.append((digest, node, now))
        return true
    }

    subscript(digest: UInt64) -> Roll? { rolls[digest] }

    mutating func keep(_ roll: Roll, as digest: UInt64) {
        guard rolls.updateValue(roll, forKey: digest) == nil else { return }
        order.append(digest)
        if order.count > VerdictBounds.rollsMax { rolls[order.removeFirst()] = nil }
    }
}

import MeshChecks
import MeshCore

/// A fork's winner on its way to being believed: one round of looks by every live owner, begun
/// after the fork was learnt, in which none has seen anything else (section 6).
struct Contest: Sendable {
    let since: Instant
    /// Owners who have looked since and see what the winner says. Bound: the owners.
    private(set) var agreed: Set<NodeID> = []
    /// Owners whose latest look since shows another state.
    private(set) var disagreed: Set<NodeID> = []

    mutating func note(_ node: NodeID, agrees: Bool) {
        if agrees {
            agreed.insert(node)
            disagreed.remove(node)
        } else {
            disagreed.insert(node)
            agreed.remove(node)
        }
    }
}

/// What a node that was away has not seen: the flips between the one that it had certified and the
/// one that it was brought. It takes up the chain where the others are; should it turn out that the
/// chain does not lead through its own flip, that is a fork.
///
/// Only one gap is kept, the latest: whatever was before it is long past.
struct Gap: Sendable {
    /// The flip that was certified here.
    var before: Flip
    /// The oldest flip after the gap, known by name only, and its epoch.
    var oldest: FlipID
    var epoch: UInt32

    enum Finding: Sendable {
        /// It is no part of the chain after the gap.
        case unrelated
        /// The gap is smaller, and still one.
        case open(Gap)
        case closed
        /// The chain leads past the flip that was certified here.
        case fork
    }

    /// What a flip that has come late says about the gap.
    func fill(with flip: Flip) -> Finding {
        guard flip.id == oldest, flip.epoch == epoch, flip.birth == before.birth,
            flip.epoch > before.epoch
        else { return .unrelated }
        guard flip.epoch != before.nextEpoch else {
            return flip.parent == before.id ? .closed : .fork
        }
        return .open(Gap(before: before, oldest: flip.parent, epoch: flip.epoch - 1))
    }
}

extension CheckBook.Certified {
    /// Whether the chain that leads to `other`, which prevails, does not lead through this flip, as
    /// far as can be seen: across a gap it cannot, and whoever was away takes what the others have.
    func isExcluded(by other: Flip) -> Bool {
        guard other.birth == flip.birth else { return false }
        if other.epoch == flip.epoch { return true }
        if other.epoch == flip.nextEpoch { return other.parent != flip.id }
        return rivals.contains(other.parent)
    }

    /// The gap that `next` leaves, or the one that is still open below it.
    func gap(before next: Flip) -> Gap? {
        guard next.birth == flip.birth, next.epoch > flip.nextEpoch else {
            return next.parent == flip.id ? gap : nil
        }
        return Gap(before: flip, oldest: next.parent, epoch: next.epoch - 1)
    }

    /// Remembers a flip that has lost; false if it has before.
    mutating func lose(_ lost: FlipID) -> Bool {
        guard !rivals.contains(lost) else { return false }
        if rivals.count == Self.rivalsMax { rivals.removeFirst() }
        rivals.append(lost)
        return true
    }
}

import MeshCore

/// Tells a restored data directory from a living clone by what is heard of our own key.
///
/// A restored directory knows too low a generation: it is raised once and all is well. A copy that
/// runs beside us raises its own in answer, and ours again: the second collision within
/// `cloneWindow` is the proof, and of the two the one with the smaller boot id stops.
struct CloneWatch: Sendable {
    private var lastCollision: Instant?
    private var otherBoot: BootID?

    enum Finding: Sendable, Equatable {
        /// Take a higher generation and go on.
        case raise
        /// Another process lives under our key, and we are the one to stop.
        case stop
    }

    mutating func collide(
        with other: BootID?, own: BootID, now: Instant, window: TimeSpan
    ) -> Finding {
        defer {
            lastCollision = now
            otherBoot = other ?? otherBoot
        }
        guard let last = lastCollision, now - last <= window, let other = other ?? otherBoot else {
            return .raise
        }
        return own < other ? .stop : .raise
    }
}

/// Members whose key is heard with two boot ids in turn: of them neither counts until one of the
/// two has stopped. Bound: `suspectsMax`; the oldest gives way.
struct ClonedMembers: Sendable {
    private struct Sighting: Sendable {
        var node: NodeID
        var previousBoot: BootID
        var changedAt: Instant
    }

    private static let suspectsMax = 64
    private var sightings: [Sighting] = []

    /// A member's boot id has changed; `true` if it has changed back to one that was thought
    /// ended: a process does not come back to life, so both are running.
    mutating func noteBoot(
        of node: NodeID, from old: BootID, to new: BootID, now: Instant, window: TimeSpan
    ) -> Bool {
        var isClone = false
        if let known = sightings.firstIndex(where: { $0.node == node }) {
            let sighting = sightings.remove(at: known)
            isClone = sighting.previousBoot == new && now - sighting.changedAt <= window
        }
        if sightings.count == Self.suspectsMax { sightings.removeFirst() }
        sightings.append(Sighting(node: node, previousBoot: old, changedAt: now))
        return isClone
    }
}

import MeshCore

/// Tells a restored data directory from a living clone by what is heard of our own key.
///
/// A restored directory knows too low a generation: it is raised and all is well. It may be raised
/// more than once, for its past had a boot id at every start, and words of several starts may still
/// go round. A copy that runs beside us is one process: it raises its own generation in answer to
/// ours, under the boot id that it had. One boot heard twice within `cloneWindow`, with a higher
/// generation the second time, is the proof, and of the two the one with the smaller boot id stops.
///
/// Bound: `bootsMax`; the one heard longest ago gives way.
struct CloneWatch: Sendable {
    private struct Sighting: Sendable {
        var boot: BootID
        var generation: UInt32
        var at: Instant
    }

    private static let bootsMax = 8
    private var sightings: [Sighting] = []

    enum Finding: Sendable, Equatable {
        /// Take a higher generation and go on.
        case raise
        /// Another process lives under our key, and we are the one to stop.
        case stop
    }

    /// Our key was heard under `generation` from the process `other`; `nil` if what was heard does
    /// not say from which: that is proof of nothing but the generation.
    mutating func collide(
        with other: BootID?, generation: UInt32, own: BootID, now: Instant, window: TimeSpan
    ) -> Finding {
        guard let other else { return .raise }
        let known = sightings.firstIndex { $0.boot == other }
        let earlier = known.map { sightings.remove(at: $0) }
        if sightings.count == Self.bootsMax { sightings.removeFirst() }
        sightings.append(Sighting(boot: other, generation: generation, at: now))
        guard let earlier, now - earlier.at <= window, earlier.generation < generation else {
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

import MeshCore

/// Which members have changed since placement and telling last heard of them.
///
/// Changes are fed together a moment later, so that one cut makes one reshuffle (section 5).
struct RosterFeed: Sendable {
    /// How long changes gather.
    static let moment = TimeSpan.milliseconds(100)

    private var changed: Set<NodeID> = []
    private(set) var isScheduled = false
    /// Those who were fed and counted, to find who has gone.
    var fed: Set<NodeID> = []
    /// As of which revision of the members all were fed.
    var fedRevision: UInt64?

    /// True if a feeding must be scheduled.
    mutating func note(_ node: NodeID) -> Bool {
        changed.insert(node)
        defer { isScheduled = true }
        return !isScheduled
    }

    mutating func take() -> [NodeID] {
        defer { changed = [] }
        isScheduled = false
        return changed.sorted()
    }
}

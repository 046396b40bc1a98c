package import MeshCore

/// Kinds of news that must not starve one another. Each has bytes of every datagram reserved; what
/// one leaves unused the others take, in this order.
package enum GossipLane: Int, Sendable, Hashable, CaseIterable {
    case membership = 0
    case flips = 1
    case notices = 2
    case other = 3

    /// Per cent of a datagram's room.
    var reservedShare: Int {
        switch self {
        case .membership: 40
        case .flips: 40
        case .notices: 10
        case .other: 10
        }
    }

    /// Updates that wait at most; the one told most often gives way.
    var queuedMax: Int {
        switch self {
        case .membership, .notices, .other: MembershipBounds.queuedUpdatesMax
        case .flips: MembershipBounds.queuedFlipsMax
        }
    }

    /// The lane that an update's kind belongs to.
    package init(ofKind kind: UInt8) {
        switch kind {
        case 0, UpdateKind.membership: self = .membership
        // All flips lean on it, and a storm of them must not keep it from anybody.
        case UpdateKind.birth: self = .membership
        case UpdateKind.flips: self = .flips
        case UpdateKind.notices: self = .notices
        default: self = .other
        }
    }
}

/// The queues of all lanes, and how they share a datagram.
package struct GossipLanes: Sendable {
    private var queues = GossipLane.allCases.map { DisseminationQueue(limit: $0.queuedMax) }

    package init() {}

    package var isEmpty: Bool { queues.allSatisfy(\.isEmpty) }
    package var hasNews: Bool { queues.contains(where: \.hasNews) }
    package var count: Int { queues.reduce(0) { $0 + $1.count } }

    package subscript(lane: GossipLane) -> DisseminationQueue {
        _read { yield queues[lane.rawValue] }
        _modify { yield &queues[lane.rawValue] }
    }

    /// Fills a datagram with at most `budget` bytes of news: each lane its share or what it has,
    /// if that is less; what is then left goes to the lanes that have more, in their order. What
    /// concerns members is told `limit` times, all else `newsLimit` times.
    package mutating func fill(
        _ writer: inout ByteWriter, budget: Int, limit: Int, newsLimit: Int
    ) {
        guard budget > 0, !isEmpty else { return }
        var rooms = GossipLane.allCases.map { lane in
            min(self[lane].byteCount, budget * lane.reservedShare / 100)
        }
        var left = budget - rooms.reduce(0, +)
        for lane in GossipLane.allCases {
            let extra = min(left, self[lane].byteCount - rooms[lane.rawValue])
            rooms[lane.rawValue] += extra
            left -= extra
        }
        // A lane whose next update does not fit its room leaves bytes to those after it.
        var unused = 0
        for lane in GossipLane.allCases where rooms[lane.rawValue] + unused > 0 {
            let room = rooms[lane.rawValue] + unused
            unused =
                room
                - queues[lane.rawValue].fill(
                    &writer, budget: room, limit: lane == .membership ? limit : newsLimit)
        }
    }
}

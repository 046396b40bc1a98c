import MeshChecks
import MeshCore

/// The members of *known* in slots that stay theirs, so that the checks can name them by a number;
/// and the scans over all of them that find the lowest for a check.
///
/// A slot that is given up keeps its id until `endBatch()`: the owners of before can still be
/// named while a batch of changes is applied, and no slot changes hands within one.
struct KnownMembers: Sendable {
    private(set) var ids: [NodeID] = []
    private(set) var zones: [UInt32] = []
    private var standing: [Standing] = []
    private var vacantSlots: [UInt32] = []
    private var leftSlots: [UInt32] = []
    private var index = SlotIndex()
    /// What was before, of each slot that the batch has touched.
    private var touched: [Change] = []

    private var zoneLabels: [Label] = []
    private var zoneNumbers: [Label: UInt32] = [:]
    private var zoneTallies: [Tally] = []
    private var vacantZones: [UInt32] = []

    private(set) var knownCount = 0
    private(set) var reachableCount = 0
    private(set) var reachableZoneCount = 0

    static let noSlot = UInt32.max
    static let noZone = UInt32.max

    struct Standing: OptionSet, Sendable {
        let rawValue: UInt8
        static let known = Standing(rawValue: 1)
        static let reachable = Standing(rawValue: 2)
        static let touched = Standing(rawValue: 4)
    }

    private struct Change: Sendable {
        var slot: UInt32
        var wasReachable: Bool
        var zone: UInt32
    }

    private struct Tally: Sendable {
        var known = 0
        var reachable = 0
    }

    var slotCount: Int { ids.count }

    /// Bytes that the members take.
    var storageByteCount: Int {
        ids.capacity * MemoryLayout<NodeID>.stride + zones.capacity * MemoryLayout<UInt32>.stride
            + standing.capacity + index.storageByteCount
    }

    func slot(of node: NodeID) -> UInt32? {
        index.position(of: node.bytes) { ids[Int($0)].bytes }
    }

    func isReachable(_ slot: UInt32) -> Bool { standing[Int(slot)].contains(.reachable) }

    func zoneLabel(of slot: UInt32) -> Label { zoneLabels[Int(zones[Int(slot)])] }

    /// Zones with at least one known member, or with at least one reachable one, sorted.
    func zoneList(reachable: Bool) -> [Label] {
        zoneTallies.indices
            .filter { (reachable ? zoneTallies[$0].reachable : zoneTallies[$0].known) > 0 }
            .map { zoneLabels[$0] }
            .sorted()
    }

    // MARK: A batch of changes

    mutating func update(_ member: PlacementMember) {
        let slot = slot(of: member.id) ?? insert(member.id)
        touch(slot)
        count(slot, by: -1)
        zones[Int(slot)] = internZone(member.zone)
        standing[Int(slot)].insert(.known)
        if member.isReachable {
            standing[Int(slot)].insert(.reachable)
        } else {
            standing[Int(slot)].remove(.reachable)
        }
        count(slot, by: 1)
    }

    /// Nothing happens if there is no such member.
    mutating func remove(_ node: NodeID) {
        guard let slot = slot(of: node) else { return }
        touch(slot)
        count(slot, by: -1)
        let ids = ids
        index.remove(node.bytes) { ids[Int($0)].bytes }
        standing[Int(slot)] = .touched
        leftSlots.append(slot)
    }

    /// What the batch comes to: a slot whose zone changed is in both.
    func batch() -> (leaving: [UInt32], joining: [UInt32]) {
        var leaving: [UInt32] = []
        var joining: [UInt32] = []
        for change in touched {
            let isReachable = isReachable(change.slot)
            let stays = isReachable && zones[Int(change.slot)] == change.zone
            if change.wasReachable && !stays { leaving.append(change.slot) }
            if isReachable && !(change.wasReachable && stays) { joining.append(change.slot) }
        }
        return (leaving, joining)
    }

    var hasLeft: Bool { !leftSlots.isEmpty }

    func hasLeft(_ slot: UInt32) -> Bool { !standing[Int(slot)].contains(.known) }

    /// Slots and zones that nobody uses any more are free from here on.
    mutating func endBatch() {
        for change in touched { standing[Int(change.slot)].remove(.touched) }
        touched.removeAll()
        vacantSlots += leftSlots
        leftSlots.removeAll()
        for zone in zoneLabels.indices where zoneTallies[zone].known == 0 {
            guard zoneNumbers[zoneLabels[zone]] == UInt32(zone) else { continue }
            zoneNumbers[zoneLabels[zone]] = nil
            vacantZones.append(UInt32(zone))
        }
    }

    private mutating func insert(_ node: NodeID) -> UInt32 {
        let slot: UInt32
        if let vacant = vacantSlots.popLast() {
            slot = vacant
            ids[Int(slot)] = node
            zones[Int(slot)] = Self.noZone
            standing[Int(slot)] = []
        } else {
            slot = UInt32(ids.count)
            ids.append(node)
            zones.append(Self.noZone)
            standing.append([])
        }
        let ids = ids
        index.insert(node.bytes, at: slot) { ids[Int($0)].bytes }
        return slot
    }

    private mutating func touch(_ slot: UInt32) {
        guard !standing[Int(slot)].contains(.touched) else { return }
        standing[Int(slot)].insert(.touched)
        touched.append(
            Change(
                slot: slot, wasReachable: isReachable(slot), zone: zones[Int(slot)]))
    }

    private mutating func count(_ slot: UInt32, by step: Int) {
        guard standing[Int(slot)].contains(.known) else { return }
        let zone = Int(zones[Int(slot)])
        knownCount += step
        zoneTallies[zone].known += step
        guard isReachable(slot) else { return }
        reachableCount += step
        if zoneTallies[zone].reachable == (step > 0 ? 0 : 1) { reachableZoneCount += step }
        zoneTallies[zone].reachable += step
    }

    private mutating func internZone(_ label: Label) -> UInt32 {
        if let zone = zoneNumbers[label] { return zone }
        let zone: UInt32
        if let vacant = vacantZones.popLast() {
            zone = vacant
            zoneLabels[Int(zone)] = label
        } else {
            zone = UInt32(zoneLabels.count)
            zoneLabels.append(label)
            zoneTallies.append(Tally())
        }
        zoneNumbers[label] = zone
        return zone
    }
}

/// A member with its score for the check at hand.
struct Candidate: Sendable {
    var score: UInt64
    var slot: UInt32
}

/// Who is looked for in a scan.
struct Wanted {
    var check: CheckID
    var standing: KnownMembers.Standing
    /// Slots passed over, sorted.
    var declining: [UInt32] = []
    /// A zone passed over.
    var outside = KnownMembers.noZone
    /// Only those that rank behind this one.
    var behind: Candidate?
}

extension KnownMembers {
    func score(_ slot: UInt32, _ check: CheckID) -> UInt64 {
        Score(of: ids[Int(slot)], for: check).value
    }

    /// Whether `left` ranks before `right`: the lower score, then the lower id.
    func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
        left.score == right.score
            ? ids[Int(left.slot)] < ids[Int(right.slot)] : left.score < right.score
    }

    /// The `limit` lowest of those wanted, in rank order: one score per member, no more memory than
    /// the answer. Expects a positive limit.
    func lowest(_ limit: Int, _ wanted: Wanted) -> [Candidate] {
        precondition(limit > 0, "expected at least one place to fill")
        var found: [Candidate] = []
        found.reserveCapacity(limit)
        var bar = UInt64.max
        for slot in ids.indices where standing[slot].isSuperset(of: wanted.standing) {
            let score = Score(of: ids[slot], for: wanted.check).value
            guard score <= bar else { continue }
            let candidate = Candidate(score: score, slot: UInt32(slot))
            if wanted.outside != Self.noZone && zones[slot] == wanted.outside { continue }
            if let behind = wanted.behind, !precedes(behind, candidate) { continue }
            if !wanted.declining.isEmpty && wanted.declining.hasSorted(candidate.slot) { continue }
            var place = found.count
            if place < limit {
                found.append(candidate)
            } else {
                place -= 1
                guard precedes(candidate, found[place]) else { continue }
            }
            while place > 0 && precedes(candidate, found[place - 1]) {
                found[place] = found[place - 1]
                place -= 1
            }
            found[place] = candidate
            if found.count == limit { bar = found[limit - 1].score }
        }
        return found
    }

    /// The owners of a check by a scan over all, in rank order.
    func owners(of check: CheckID, confirmations: Int, declining: [UInt32]) -> [Candidate] {
        var wanted = Wanted(check: check, standing: .reachable, declining: declining)
        var owners = lowest(confirmations, wanted)
        guard confirmations >= 2, owners.count == confirmations else { return owners }
        let zone = zones[Int(owners[0].slot)]
        guard owners.allSatisfy({ zones[Int($0.slot)] == zone }) else { return owners }
        wanted.outside = zone
        if let outsider = lowest(1, wanted).first { owners[confirmations - 1] = outsider }
        return owners
    }
}

extension [UInt32] {
    /// Where `element` is or belongs, in an array in order.
    func sortedPlace(of element: UInt32) -> Int {
        var range = indices
        while let middle = range.isEmpty ? nil : (range.lowerBound + range.upperBound) / 2 {
            range =
                self[middle] < element
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }

    func hasSorted(_ element: UInt32) -> Bool {
        let place = sortedPlace(of: element)
        return place < count && self[place] == element
    }
}

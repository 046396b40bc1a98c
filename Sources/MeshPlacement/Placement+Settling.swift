package import MeshChecks
import MeshCore

/// How noted changes become new owners: the members first, then a pass over all checks for who
/// left and one for who joined, then the few checks that those passes touched.
extension Placement {
    /// What one settling remembers of before.
    private struct Before {
        /// Owners of checks that were removed or resized in this batch.
        var ofReplaced: [CheckID: [NodeID]] = [:]
        var fresh: [UInt32] = []
        var touched: [UInt32] = []
        /// The owners of each touched row, one after the other, and where each ends.
        var owners: [NodeID] = []
        var ends: [Int] = []
        var declining: [(check: CheckID, slot: UInt32)] = []
    }

    /// Applies everything noted since the last call as one change, and tells the checks whose
    /// owners are not what they were, in order of their ids. A check that was removed is not among
    /// them.
    package mutating func settle() -> [CheckID] {
        guard !notes.isEmpty else { return [] }
        var before = Before()
        applyNotes(&before)
        for row in before.fresh where checks.rows[Int(row)].marks.contains(.fresh) {
            checks.rows[Int(row)].marks.remove(.fresh)
            touch(row, &before)
        }
        let (leaving, joining) = members.batch()
        if !leaving.isEmpty { passLeaving(leaving, &before) }
        if !joining.isEmpty { passJoining(joining, &before) }
        for (check, slot) in before.declining { redecline(check, slot, &before) }
        let changed = finish(before)
        members.endBatch()
        knownZones = members.zoneList(reachable: false)
        reachableZones = members.zoneList(reachable: true)
        return changed
    }

    /// In rank order.
    func owners(at row: UInt32) -> [NodeID] {
        let placed = checks.rows[Int(row)]
        let range = checks.keptRange(row)
        let count = min(Int(placed.confirmations), range.count)
        guard count > 0 else { return [] }
        var owners: [NodeID] = []
        owners.reserveCapacity(count)
        for place in range.prefix(count - 1) {
            owners.append(members.ids[Int(checks.kept[place])])
        }
        let last =
            placed.lastPick == PlacedCheck.outsiderPick
            ? placed.outsider : checks.kept[range.lowerBound + Int(placed.lastPick)]
        owners.append(members.ids[Int(last)])
        return owners
    }

    // MARK: Notes

    private mutating func applyNotes(_ before: inout Before) {
        for note in notes {
            switch note {
            case .member(let member): members.update(member)
            case .withoutMember(let node): members.remove(node)
            case .check(let check, let confirmations):
                let row = checks.row(of: check)
                if let row {
                    if Int(checks.rows[Int(row)].confirmations) == confirmations { continue }
                    removeRow(row, &before)
                }
                let new = checks.insert(check, confirmations: confirmations)
                if decliners[check] != nil { checks.rows[Int(new)].marks.insert(.declined) }
                before.fresh.append(new)
            case .withoutCheck(let check):
                decliners[check] = nil
                if let row = checks.row(of: check) { removeRow(row, &before) }
            case .declining(let declines, let node, let check):
                noteDeclining(declines, node, check, &before)
            }
        }
        notes.removeAll()
        if members.hasLeft && !decliners.isEmpty { forgetDecliners() }
    }

    private mutating func removeRow(_ row: UInt32, _ before: inout Before) {
        let check = checks.rows[Int(row)].check
        if before.ofReplaced[check] == nil { before.ofReplaced[check] = owners(at: row) }
        checks.remove(row)
    }

    private mutating func noteDeclining(
        _ declines: Bool, _ node: NodeID, _ check: CheckID, _ before: inout Before
    ) {
        guard let slot = members.slot(of: node), let row = checks.row(of: check) else { return }
        var slots = decliners[check] ?? []
        let place = slots.sortedPlace(of: slot)
        let declined = place < slots.count && slots[place] == slot
        guard declined != declines else { return }
        if declines { slots.insert(slot, at: place) } else { slots.remove(at: place) }
        setDecliners(slots, check, row)
        before.declining.append((check, slot))
    }

    private mutating func setDecliners(_ slots: [UInt32], _ check: CheckID, _ row: UInt32) {
        decliners[check] = slots.isEmpty ? nil : slots
        if slots.isEmpty {
            checks.rows[Int(row)].marks.remove(.declined)
        } else {
            checks.rows[Int(row)].marks.insert(.declined)
        }
    }

    /// A member that left takes what it declined along. The order of the walk reaches nothing: each
    /// check is seen to on its own.
    private mutating func forgetDecliners() {
        for (check, slots) in decliners {
            let staying = slots.filter { !members.hasLeft($0) }
            guard staying.count < slots.count, let row = checks.row(of: check) else { continue }
            setDecliners(staying, check, row)
        }
    }

    // MARK: Passes

    private mutating func touch(_ row: UInt32, _ before: inout Before) {
        guard !checks.rows[Int(row)].marks.contains(.touched) else { return }
        checks.rows[Int(row)].marks.insert(.touched)
        before.touched.append(row)
        before.owners +=
            before.ofReplaced[checks.rows[Int(row)].check] ?? owners(at: row)
        before.ends.append(before.owners.count)
    }

    private mutating func passLeaving(_ leaving: [UInt32], _ before: inout Before) {
        var isLeaving = Array(repeating: false, count: members.slotCount)
        for slot in leaving { isLeaving[Int(slot)] = true }
        for row in 0..<UInt32(checks.rows.count) {
            let placed = checks.rows[Int(row)]
            if placed.home != KnownMembers.noZone && placed.outsider != KnownMembers.noSlot
                && isLeaving[Int(placed.outsider)]
            {
                touch(row, &before)
                checks.rows[Int(row)].home = KnownMembers.noZone
            }
            for place in checks.keptRange(row).reversed()
            where isLeaving[Int(checks.kept[place])] {
                touch(row, &before)
                drop(at: place, from: row)
            }
        }
    }

    private mutating func passJoining(_ joining: [UInt32], _ before: inout Before) {
        let joiners = joining.map {
            (slot: $0, id: members.ids[Int($0)], zone: members.zones[Int($0)])
        }
        for row in checks.rows.indices {
            // A vacant row, or one that a scan over all members fills at the end. Its threshold
            // goes too: somebody who ceases to decline in this batch must not fill it before.
            if checks.rows[row].keptCount == 0 && !checks.rows[row].marks.contains(.complete) {
                checks.rows[row].forgetKept()
                continue
            }
            for joiner in joiners {
                let placed = checks.rows[row]
                let score = Score(of: joiner.id, for: placed.check).value
                let isLow = score <= placed.threshold
                let isOutside =
                    placed.home != KnownMembers.noZone && placed.home != joiner.zone
                    && score <= placed.outsiderScore
                guard isLow || isOutside else { continue }
                if placed.marks.contains(.declined),
                    decliners[placed.check]?.hasSorted(joiner.slot) ?? false
                {
                    continue
                }
                touch(UInt32(row), &before)
                offer(Candidate(score: score, slot: joiner.slot), to: UInt32(row))
            }
        }
    }

    /// Settles whether one member, which declines the check or has ceased to, is kept for it.
    private mutating func redecline(_ check: CheckID, _ slot: UInt32, _ before: inout Before) {
        guard let row = checks.row(of: check) else { return }
        let isWanted =
            members.isReachable(slot) && !(decliners[check]?.hasSorted(slot) ?? false)
        touch(row, &before)
        let place = checks.keptRange(row).first { checks.kept[$0] == slot }
        if !isWanted {
            if let place { drop(at: place, from: row) }
            if checks.rows[Int(row)].outsider == slot {
                checks.rows[Int(row)].home = KnownMembers.noZone
            }
        } else if place == nil {
            offer(Candidate(score: members.score(slot, check), slot: slot), to: row)
        }
    }

    // MARK: One check

    private mutating func drop(at place: Int, from row: UInt32) {
        for next in place + 1..<checks.keptRange(row).upperBound {
            checks.kept[next - 1] = checks.kept[next]
        }
        checks.rows[Int(row)].keptCount -= 1
    }

    /// Keeps `candidate` if it ranks among the lowest; who has to make room may be the outsider.
    private mutating func offer(_ candidate: Candidate, to row: UInt32) {
        let placed = checks.rows[Int(row)]
        let isComplete = placed.marks.contains(.complete)
        if !isComplete && candidate.score == placed.threshold {
            // Somebody has the same score and is not kept: only a scan can tell who ranks first.
            checks.rows[Int(row)].forgetKept()
            return
        }
        guard isComplete || candidate.score < placed.threshold else {
            offerOutsider(candidate, to: row)
            return
        }
        let range = checks.keptRange(row)
        var place = range.upperBound
        while place > range.lowerBound,
            members.precedes(candidate, scored(checks.kept[place - 1], placed.check))
        {
            place -= 1
        }
        guard range.count == checks.width(row) else {
            checks.rows[Int(row)].keptCount += 1
            insert(candidate.slot, at: place, upTo: range.upperBound)
            return
        }
        var displaced = candidate
        if place < range.upperBound {
            displaced = scored(checks.kept[range.upperBound - 1], placed.check)
            insert(candidate.slot, at: place, upTo: range.upperBound - 1)
        }
        checks.rows[Int(row)].threshold = displaced.score
        checks.rows[Int(row)].marks.remove(.complete)
        offerOutsider(displaced, to: row)
    }

    /// Moves what is at `place` and behind it by one; what is at `last` is overwritten.
    private mutating func insert(_ slot: UInt32, at place: Int, upTo last: Int) {
        var next = last
        while next > place {
            checks.kept[next] = checks.kept[next - 1]
            next -= 1
        }
        checks.kept[place] = slot
    }

    private mutating func offerOutsider(_ candidate: Candidate, to row: UInt32) {
        let placed = checks.rows[Int(row)]
        guard placed.home != KnownMembers.noZone,
            members.zones[Int(candidate.slot)] != placed.home
        else { return }
        if placed.outsider != KnownMembers.noSlot {
            let outsider = Candidate(score: placed.outsiderScore, slot: placed.outsider)
            guard members.precedes(candidate, outsider) else { return }
        }
        checks.rows[Int(row)].outsider = candidate.slot
        checks.rows[Int(row)].outsiderScore = candidate.score
    }

    private func scored(_ slot: UInt32, _ check: CheckID) -> Candidate {
        Candidate(score: members.score(slot, check), slot: slot)
    }

    // MARK: The outcome

    private mutating func finish(_ before: Before) -> [CheckID] {
        var changed: [CheckID] = []
        var start = 0
        for (row, end) in zip(before.touched, before.ends) {
            let placed = checks.rows[Int(row)]
            if !placed.marks.contains(.complete) && placed.keptCount < placed.confirmations {
                refill(row)
            }
            pickLast(row)
            checks.rows[Int(row)].marks.remove(.touched)
            if !owners(at: row).elementsEqual(before.owners[start..<end]) {
                changed.append(placed.check)
            }
            start = end
        }
        return changed.sorted()
    }

    private mutating func refill(_ row: UInt32) {
        let check = checks.rows[Int(row)].check
        let width = checks.width(row)
        // One more than is kept: its score is the threshold.
        let lowest = members.lowest(
            width + 1,
            Wanted(check: check, standing: .reachable, declining: decliners[check] ?? []))
        checks.rows[Int(row)].forgetKept()
        let block = Int(checks.rows[Int(row)].block)
        for (place, candidate) in lowest.prefix(width).enumerated() {
            checks.kept[block + place] = candidate.slot
        }
        checks.rows[Int(row)].keptCount = UInt8(min(width, lowest.count))
        if lowest.count > width {
            checks.rows[Int(row)].threshold = lowest[width].score
        } else {
            checks.rows[Int(row)].threshold = .max
            checks.rows[Int(row)].marks.insert(.complete)
        }
    }

    /// The zone rule: if the R lowest are all in one zone, the last owner is the lowest of another.
    private mutating func pickLast(_ row: UInt32) {
        let placed = checks.rows[Int(row)]
        let range = checks.keptRange(row)
        let confirmations = Int(placed.confirmations)
        checks.rows[Int(row)].lastPick = UInt8(max(0, min(confirmations, range.count) - 1))
        guard confirmations >= 2, range.count >= confirmations else {
            checks.rows[Int(row)].home = KnownMembers.noZone
            return
        }
        let zone = members.zones[Int(checks.kept[range.lowerBound])]
        if let outside = range.first(where: { members.zones[Int(checks.kept[$0])] != zone }) {
            checks.rows[Int(row)].home = KnownMembers.noZone
            checks.rows[Int(row)].lastPick = max(
                checks.rows[Int(row)].lastPick, UInt8(outside - range.lowerBound))
            return
        }
        if placed.home != zone { findOutsider(row, home: zone) }
        if checks.rows[Int(row)].outsider != KnownMembers.noSlot {
            checks.rows[Int(row)].lastPick = PlacedCheck.outsiderPick
        }
    }

    private mutating func findOutsider(_ row: UInt32, home: UInt32) {
        let check = checks.rows[Int(row)].check
        checks.rows[Int(row)].home = home
        checks.rows[Int(row)].outsider = KnownMembers.noSlot
        checks.rows[Int(row)].outsiderScore = .max
        guard !checks.rows[Int(row)].marks.contains(.complete), members.reachableZoneCount > 1
        else { return }
        let wanted = Wanted(
            check: check, standing: .reachable, declining: decliners[check] ?? [], outside: home)
        guard let outsider = members.lowest(1, wanted).first else { return }
        checks.rows[Int(row)].outsider = outsider.slot
        checks.rows[Int(row)].outsiderScore = outsider.score
    }
}

package import MeshChecks
package import MeshCore

/// Who looks at which check, and who counts for it: rendezvous hashing over the members of *known*
/// (Thaler and Ravishankar 1998), kept up to date change by change.
///
/// The R lowest *reachable* members that do not decline own a check; where those members span two
/// zones and the R lowest do not, the last pick skips to the lowest of another zone. The answer
/// depends on the ids, zones and standings alone, never on the order in which they became known.
///
/// Changes are noted and take effect together with `settle()`; every answer, that of `knownCount`
/// too, is as of the last one. Then a member that joins costs one score per check, one that leaves
/// a walk over small integers; see `PlacedCheck` for how.
package struct Placement: Sendable {
    /// Ranks behind R that still count for a check: R + 12.
    package static let slack = VotingRule.standInsMax

    var members = KnownMembers()
    var checks = PlacedChecks()
    var decliners: [CheckID: [UInt32]] = [:]
    var notes: [Note] = []

    /// All zones with a known member, in order.
    package internal(set) var knownZones: [Label] = []
    /// All zones with a reachable member, in order.
    package internal(set) var reachableZones: [Label] = []

    enum Note: Sendable {
        case check(CheckID, confirmations: Int)
        case withoutCheck(CheckID)
        case member(PlacementMember)
        case withoutMember(NodeID)
        case declining(Bool, NodeID, CheckID)
    }

    package init() {}

    // MARK: What has changed

    /// Adds a check, or changes its confirmations (1 to `VotingRule.confirmationsMax`).
    package mutating func add(_ check: CheckID, confirmations: Int) {
        Self.expectInBounds(confirmations)
        notes.append(.check(check, confirmations: confirmations))
    }

    /// Who declines the check is forgotten with it.
    package mutating func remove(_ check: CheckID) { notes.append(.withoutCheck(check)) }

    /// A new member, or another zone or standing of one.
    package mutating func update(_ member: PlacementMember) { notes.append(.member(member)) }

    /// The member is not *known* any more: left, forgotten, dead for a day. What it declined is
    /// forgotten with it.
    package mutating func remove(_ member: NodeID) { notes.append(.withoutMember(member)) }

    /// Whether `node` lacks the definition of `check`: it is passed over for the owners of that
    /// check and still counts. Means nothing where the node is not known or the check not added:
    /// tell it again after adding either.
    package mutating func setDeclining(_ declines: Bool, node: NodeID, check: CheckID) {
        notes.append(.declining(declines, node, check))
    }

    /// Whether something was noted that `settle()` has yet to apply.
    package var isUnsettled: Bool { !notes.isEmpty }

    // MARK: Who looks

    /// In rank order; empty for a check that was not added.
    package func owners(of check: CheckID) -> [NodeID] {
        guard let row = checks.row(of: check) else { return [] }
        return owners(at: row)
    }

    /// What the owners of a check that this node need not have been given are, by a scan over all
    /// members. It knows who declines only for one that was added.
    package func owners(of check: CheckID, confirmations: Int) -> [NodeID] {
        Self.expectInBounds(confirmations)
        return members.owners(
            of: check, confirmations: confirmations, declining: decliners[check] ?? []
        ).map { members.ids[Int($0.slot)] }
    }

    package func contains(_ check: CheckID) -> Bool { checks.row(of: check) != nil }

    // MARK: Who counts

    /// The R + `slack` lowest known for a check that was added; otherwise empty, so that nobody
    /// counts. A scan over all members.
    package func confirmers(of check: CheckID, slack: Int = Self.slack) -> Roll {
        guard let row = checks.row(of: check) else { return Roll(entries: []) }
        return confirmers(
            of: check, confirmations: Int(checks.rows[Int(row)].confirmations), slack: slack)
    }

    /// The same for any check.
    package func confirmers(of check: CheckID, confirmations: Int, slack: Int = Self.slack) -> Roll
    {
        Self.expectInBounds(confirmations)
        precondition((0...Self.slack).contains(slack), "expected at most 12 ranks behind R")
        // R is bounded by known, but so is what a scan finds.
        let lowest = members.lowest(
            confirmations + slack, Wanted(check: check, standing: .known))
        return Roll(
            distinct: lowest.map {
                Roll.Entry(
                    node: members.ids[Int($0.slot)], zone: members.zoneLabel(of: $0.slot))
            })
    }

    /// The zone of each of `nodes` that is among the R + `slack` lowest known for a check, as
    /// `confirmers` has it; `nil` for each of the others.
    ///
    /// Owners are asked about far more often than anybody else. Whoever is kept for a check, the
    /// lowest reachable but R + 1, counts as long as few members cannot be reached: no scan is
    /// needed.
    package func confirmingZones(
        of nodes: [NodeID], for check: CheckID, confirmations: Int
    ) -> [Label?] {
        if let zones = keptZones(of: nodes, for: check, confirmations: confirmations) {
            return zones
        }
        let roll = confirmers(of: check, confirmations: confirmations)
        return nodes.map { roll.zone(of: $0) }
    }

    /// `nil` unless all of `nodes` are kept for the check and count for it.
    private func keptZones(
        of nodes: [NodeID], for check: CheckID, confirmations: Int
    ) -> [Label?]? {
        guard members.knownCount - members.reachableCount <= Self.slack - PlacedChecks.spares,
            let row = checks.row(of: check),
            checks.rows[Int(row)].confirmations == UInt8(confirmations),
            !checks.rows[Int(row)].marks.contains(.declined)
        else { return nil }
        let kept = checks.keptRange(row)
        var zones: [Label?] = []
        zones.reserveCapacity(nodes.count)
        for node in nodes {
            guard let place = kept.first(where: { members.ids[Int(checks.kept[$0])] == node })
            else { return nil }
            zones.append(members.zoneLabel(of: checks.kept[place]))
        }
        return zones
    }

    package var knownCount: Int { members.knownCount }
    package var reachableCount: Int { members.reachableCount }

    /// `nil` for who is not known.
    package func zone(of node: NodeID) -> Label? {
        members.slot(of: node).map { members.zoneLabel(of: $0) }
    }

    /// False for who is not known.
    package func isReachable(_ node: NodeID) -> Bool {
        members.slot(of: node).map { members.isReachable($0) } ?? false
    }

    // MARK: Who tells

    /// The order in which nodes are to tell about a check: the given owners, then every other
    /// reachable member by rank, those that decline too.
    package func ladder(of check: CheckID, owners: [NodeID]) -> Ladder {
        Ladder(members: members, check: check, owners: owners)
    }

    /// Bytes that checks and members take. The memory of who declines is not in it: that is four
    /// bytes for each, besides the entry of a check.
    package var storageByteCount: Int { members.storageByteCount + checks.storageByteCount }

    private static func expectInBounds(_ confirmations: Int) {
        precondition(
            (1...VotingRule.confirmationsMax).contains(confirmations),
            "expected confirmations within the bounds of a rule")
    }
}

/// The nodes that may tell about a check, in order, found sixteen at a time as they are asked for.
/// It keeps the members as they were when it was made.
package struct Ladder: Sequence, IteratorProtocol, Sendable {
    private static let batch = 16

    private let members: KnownMembers
    private let check: CheckID
    private let owners: [NodeID]
    private var ownersPassed = 0
    private var found: [Candidate] = []
    private var foundPassed = 0

    init(members: KnownMembers, check: CheckID, owners: [NodeID]) {
        self.members = members
        self.check = check
        self.owners = owners
    }

    package mutating func next() -> NodeID? {
        if ownersPassed < owners.count {
            ownersPassed += 1
            return owners[ownersPassed - 1]
        }
        while true {
            if foundPassed == found.count {
                let wanted = Wanted(check: check, standing: .reachable, behind: found.last)
                found = members.lowest(Self.batch, wanted)
                foundPassed = 0
                if found.isEmpty { return nil }
            }
            let node = members.ids[Int(found[foundPassed].slot)]
            foundPassed += 1
            if !owners.contains(node) { return node }
        }
    }
}

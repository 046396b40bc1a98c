import MeshCore
import MeshMembership
import MeshNotices
import MeshVerdicts

// What membership knows, for those who decide and tell.

extension Node {
    mutating func note(_ event: MembershipEvent, now: Instant) {
        switch event {
        case .changed(let node, _, let state, _, _, _):
            notices.memberChanged(node, isAlive: state == .alive, now: now)
            if !state.isReachable { courier.forget(node) }
            noteMember(node, now: now)
        case .removed(let node):
            courier.forget(node)
            noteMember(node, now: now)
        case .nameConflict(_, let keeper, let loser), .nameTaken(_, let keeper, let loser):
            noteMember(keeper, now: now)
            noteMember(loser, now: now)
        case .synced: considerSettling(now: now)
        case .refuted, .collision, .datagramsBlocked, .stalled: break
        }
    }

    private mutating func noteMember(_ node: NodeID, now: Instant) {
        settling.lastChange = now
        if roster.note(node) { timers.schedule(.placement, at: now + RosterFeed.moment) }
    }

    /// Tells of all members that have changed, as one change.
    mutating func feedMembers(now: Instant) {
        for node in roster.take() { feed(node, now: now) }
        verdicts.settlePlacement(now: now)
    }

    /// At the start, and now and then for what no event tells, such as a clone that has stopped.
    mutating func feedAllMembers(now: Instant) {
        if roster.fedRevision != membership.membersRevision {
            roster.fedRevision = membership.membersRevision
            let counted = membership.countedKnown
            for node in roster.fed.subtracting(counted).sorted() { feed(node, now: now) }
            for node in counted { feed(node, now: now) }
        }
        verdicts.settlePlacement(now: now)
    }

    private mutating func feed(_ node: NodeID, now: Instant) {
        guard let member = membership.member(node), member.counts else {
            if roster.fed.remove(node) != nil { verdicts.remove(node, now: now) }
            if let member = membership.member(node), membership.isListed(member.key) {
                verdicts.acquaint(node)
            }
            return
        }
        roster.fed.insert(node)
        verdicts.update(
            VerdictMember(
                id: node, key: member.key, zone: member.zone,
                isReachable: member.state.isReachable && !member.isCloned,
                generation: member.standing.generation),
            now: now)
    }
}

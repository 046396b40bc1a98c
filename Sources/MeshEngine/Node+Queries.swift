package import MeshChecks
package import MeshCore
package import MeshMembership
package import MeshNotices
package import MeshVerdicts

// What a node knows, for its endpoint, its tests and the simulator.

extension Node {
    package var id: NodeID { membership.id }
    /// Every member in any state, this node included, in the order of their ids.
    package var members: [MemberView] { membership.members }
    package func member(_ node: NodeID) -> MemberView? { membership.member(node) }
    /// The member list's fingerprint: equal at all nodes of a quiet, whole mesh.
    package var digest: UInt64 { membership.rootDigest }
    /// The same for flips, verdicts, receipts and records.
    package var truthDigest: UInt64 { dossiers.digest.root }
    /// How many members count, this node included: what R and Q are computed from.
    package var knownCount: Int { membership.countedKnown.count }
    package var hasMajority: Bool { membership.hasMajority }
    package var isSettled: Bool { settling.isSettled }
    /// What to write down for the next start.
    package var entriesToStore: [MemberEntry] { membership.entriesToStore }
    package var membershipCounters: MembershipCounters { membership.counters }
    package var verdictCounters: VerdictCounters { verdicts.counters }
    package var queuedUpdatesCount: Int { membership.queuedUpdatesCount }
    /// Bytes of memory held for each member: table, index and what hangs on it.
    package var memberStorageByteCount: Int { membership.memberStorageByteCount }
    /// Bytes of memory held for checks: placement, flips with their proof, verdicts, digests, what is
    /// to be told and what was. What the configuration lists is not in it.
    package var truthStorageByteCount: Int {
        verdicts.storageByteCount + dossiers.storageByteCount + notices.storageByteCount
    }

    /// What proves that members misbehave, the oldest first.
    package var provenEquivocations: [EquivocationLog.Proof] { equivocations.proofs }

    package var checkIDs: [CheckID] { verdicts.checkIDs }
    package func check(_ check: CheckID, now: Instant) -> CheckView? {
        var view = verdicts.view(of: check, now: now)
        // A side that has had no majority for `partition_grace` watches nothing.
        if health.hasLostQuorum(at: now) { view?.isWatched = false }
        return view
    }
    /// Whether nothing is watched here, for want of a majority.
    package func hasLostQuorum(at now: Instant) -> Bool { health.hasLostQuorum(at: now) }
    /// Why too few look at a check; `nil` if enough do, as far as this node can tell.
    package func lack(of check: CheckID, now: Instant) -> WatchLack? {
        verdicts.lack(of: check, now: now)
    }
    /// What other nodes of this group report of checks of theirs at which too few look: how many,
    /// and in words the first that were told.
    package var unwatchedElsewhere: [(node: NodeID, count: Int, text: String)] {
        let sight = UnwatchedSight(
            reports: notices.reports,
            group: membership.countedMembers.filter(\.isReachable).map(\.id),
            known: notices.meshRevision(of: .unwatchedChecks))
        return sight.standing.filter { $0.node != id }.map {
            ($0.node, Int($0.unwatched?.count ?? 0), $0.text.text)
        }
    }
    /// What is wrong with the mesh, as far as this node knows and for long enough to be told of.
    package var meshTroubles: [MeshSubject] { health.troubles.map(\.subject) }
    package func flip(of check: CheckID) -> Flip? { verdicts.flip(of: check) }
    /// The proof of a check's present flip.
    package func certificate(of check: CheckID) -> [UInt8]? { verdicts.certificate(of: check) }
    package func owners(of check: CheckID) -> [NodeID] { verdicts.owners(of: check) }
    package var ownedCount: Int { verdicts.ownedCount }
    package var birth: Birth? { verdicts.birth?.birth }
    package func notices(of check: CheckID) -> [NoticeView] { notices.views(of: check) }
}

package import MeshChecks
package import MeshCore

/// A certified flip as telling needs it.
package struct ToldFlip: Sendable, Hashable {
    /// Of a longer ladder the rest is dropped: sixteen nodes do not fail together.
    package static let ladderMax = 16

    package var check: CheckID
    package var flip: FlipID
    package var birth: Birth
    package var epoch: UInt32
    package var state: TargetState
    /// The certified state before; `nil` for a check's first flip.
    package var previous: TargetState?
    package var since: WallTime
    package var reason: Reason
    package var confirmedBy: [NodeID]
    /// The owners at the flip in rank order, then further live nodes in rank order.
    package var ladder: [NodeID]
    /// How many of the ladder are owners.
    package var ownerCount: Int
    /// The chain forked here: nothing is told until `confirm`.
    package var isContested: Bool
    /// The flip away from up that began the incident; `nil` is worked out from what was learnt
    /// before and from the ledger.
    package var incident: FlipID?
    /// Read from disk, not heard just now.
    package var isRestored: Bool

    package init(
        check: CheckID, flip: FlipID, birth: Birth, epoch: UInt32, state: TargetState,
        previous: TargetState?, since: WallTime, reason: Reason, confirmedBy: [NodeID],
        ladder: [NodeID], ownerCount: Int, isContested: Bool = false, incident: FlipID? = nil,
        isRestored: Bool = false
    ) {
        self.check = check
        self.flip = flip
        self.birth = birth
        self.epoch = epoch
        self.state = state
        self.previous = previous
        self.since = since
        self.reason = reason
        self.confirmedBy = confirmedBy
        self.ladder = ladder
        self.ownerCount = ownerCount
        self.isContested = isContested
        self.incident = incident
        self.isRestored = isRestored
    }
}

/// Something to be told about the mesh itself. It needs no quorum and says whose view it is.
package struct MeshNews: Sendable, Hashable {
    /// What it is about: a node's id, a hash of a contact's, …
    package var subject: Bytes16
    /// The subject's generation or revision: rises with every change of state.
    package var revision: UInt64
    /// The revision with which the trouble began, of one that is told of more than once while it
    /// lasts: every further revision is a further word of one incident. Else `nil`.
    package var first: UInt64?
    package var state: TargetState
    package var since: WallTime
    package var reason: Reason
    /// The nodes of this group, whose view it is.
    package var group: [NodeID]
    /// The group in rank order by score(node, "mesh"); at most 16 count.
    package var ladder: [NodeID]
    /// Told to every contact where no route names the check `mesh`.
    package var isLostQuorum: Bool

    package init(
        subject: Bytes16, revision: UInt64, first: UInt64? = nil, state: TargetState,
        since: WallTime, reason: Reason, group: [NodeID], ladder: [NodeID], isLostQuorum: Bool
    ) {
        self.subject = subject
        self.revision = revision
        self.first = first
        self.state = state
        self.since = since
        self.reason = reason
        self.group = group
        self.ladder = ladder
        self.isLostQuorum = isLostQuorum
    }
}

/// What one side of a cut, of at least two nodes, has seen for `partition_grace`.
package struct PartialNews: Sendable, Hashable {
    package var check: CheckID
    /// The last certified flip, or the genesis.
    package var parent: FlipID
    package var birth: Birth
    /// The parent's epoch; 0 for the genesis.
    package var epoch: UInt32
    package var state: TargetState
    /// The certified state that this view departs from.
    package var previous: TargetState?
    package var since: WallTime
    package var reason: Reason
    package var group: [NodeID]
    package var ladder: [NodeID]
    /// The group's lowest id.
    package var lowest: NodeID

    package init(
        check: CheckID, parent: FlipID, birth: Birth, epoch: UInt32, state: TargetState,
        previous: TargetState?, since: WallTime, reason: Reason, group: [NodeID],
        ladder: [NodeID], lowest: NodeID
    ) {
        self.check = check
        self.parent = parent
        self.birth = birth
        self.epoch = epoch
        self.state = state
        self.previous = previous
        self.since = since
        self.reason = reason
        self.group = group
        self.ladder = ladder
        self.lowest = lowest
    }
}

package import MeshChecks
package import MeshCore

/// Something to be told to one contact, once, mesh-wide.
package struct Notice: Sendable, Hashable {
    package var id: NoticeID
    package var incident: IncidentID
    package var kind: NoticeKind
    /// Which of several of its kind: the first reminder, the second, …; 1 is a partial view's end.
    package var ordinal: UInt32
    /// For kind `mesh`, the built-in check's id.
    package var check: CheckID
    package var contact: ContactID
    /// The flip, or what stands for it in a partial view or a notice about the mesh.
    package var flip: FlipID
    package var epoch: UInt32
    package var state: TargetState
    /// What the contact was last told, or what the check was in before.
    package var previous: TargetState?
    /// When the state began, as its signers saw it.
    package var since: WallTime
    package var reason: Reason
    package var confirmedBy: [NodeID]
    package var isPartialView: Bool
    /// What a notice of kind `mesh` is about; `nil` for every other.
    package var subject: MeshSubject?

    package init(
        id: NoticeID, incident: IncidentID, kind: NoticeKind, ordinal: UInt32, check: CheckID,
        contact: ContactID, flip: FlipID, epoch: UInt32, state: TargetState,
        previous: TargetState?, since: WallTime, reason: Reason, confirmedBy: [NodeID],
        isPartialView: Bool, subject: MeshSubject? = nil
    ) {
        self.id = id
        self.incident = incident
        self.kind = kind
        self.ordinal = ordinal
        self.check = check
        self.contact = contact
        self.flip = flip
        self.epoch = epoch
        self.state = state
        self.previous = previous
        self.since = since
        self.reason = reason
        self.confirmedBy = confirmedBy
        self.isPartialView = isPartialView
        self.subject = subject
    }
}

package import MeshChecks
package import MeshCore

/// Something to be told to one contact, once, mesh-wide.
package struct Notice: Sendable, Hashable {
    package var id: NoticeID
    package var incident: IncidentID
    package var kind: NoticeKind
    /// Which of several of its kind: the first reminder, the second, …
    package var ordinal: UInt32
    package var check: CheckID
    package var contact: ContactID
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

    package init(
        id: NoticeID, incident: IncidentID, kind: NoticeKind, ordinal: UInt32, check: CheckID,
        contact: ContactID, flip: FlipID, epoch: UInt32, state: TargetState,
        previous: TargetState?, since: WallTime, reason: Reason, confirmedBy: [NodeID],
        isPartialView: Bool
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
    }
}

package enum NoticeKind: UInt8, Sendable, Hashable, CaseIterable {
    case flip = 1
    case reminder = 2
    case escalation = 3
    case partial = 4
    case mesh = 5
}

/// H("notice", flip, contact, kind, ordinal): the same at every node, so that a duplicate carries
/// the same id.
package struct NoticeID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(
        flip: FlipID, contact: ContactID, kind: NoticeKind, ordinal: UInt32,
        using cryptography: any Cryptography
    ) {
        var hash = TaggedHash("notice")
        hash.combine(flip.bytes)
        hash.combine(contact.bytes)
        hash.combine(UInt64(kind.rawValue))
        hash.combine(UInt64(ordinal))
        bytes = hash.finalize(using: cryptography)
    }
}

/// H("incident", check, the flip away from up): one from the flip away from up to the flip back.
package struct IncidentID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(of check: CheckID, beginning flip: FlipID, using cryptography: any Cryptography) {
        var hash = TaggedHash("incident")
        hash.combine(check.bytes)
        hash.combine(flip.bytes)
        bytes = hash.finalize(using: cryptography)
    }
}

/// A way to reach people: H("contact", mesh, name).
package struct ContactID: HashID {
    package let bytes: Bytes16
    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(named name: CheckName, in mesh: MeshID, using cryptography: any Cryptography) {
        var hash = TaggedHash("contact")
        hash.combine(mesh.bytes)
        hash.combine(Array(name.text.utf8))
        bytes = hash.finalize(using: cryptography)
    }
}

/// Send this notice to its contact now. Answered with a `Delivery` under the same token, once.
package struct DeliveryOrder: Sendable, Hashable {
    package var token: DeliveryToken
    package var notice: Notice

    package init(token: DeliveryToken, notice: Notice) {
        self.token = token
        self.notice = notice
    }
}

/// Which attempt an answer of a provider belongs to.
package struct DeliveryToken: Hashable, Sendable {
    package var number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

/// How an attempt ended.
package enum Delivery: Sendable, Hashable {
    case sent
    /// The provider refused, or could not be reached; in words.
    case failed(Reason)
}

/// The link of a check to a contact.
package struct Route: Sendable, Hashable {
    package var contact: ContactID
    package var on: Wanted
    /// Tell of degraded, too; otherwise it counts as up.
    package var tellsDegraded: Bool

    package enum Wanted: UInt8, Sendable, Hashable, CaseIterable {
        case offline, online, both
    }

    package init(contact: ContactID, on: Wanted, tellsDegraded: Bool = false) {
        self.contact = contact
        self.on = on
        self.tellsDegraded = tellsDegraded
    }
}

/// What telling tells the rest of the node, and people.
package enum NoticeEvent: Sendable, Hashable {
    case changed(NoticeView)
}

/// A notice as a node shows it.
package struct NoticeView: Sendable, Hashable {
    package var notice: Notice
    package var status: NoticeStatus
    /// Who holds the claim or made the receipt.
    package var node: NodeID?
    package var at: WallTime
    package var attempts: Int

    package init(
        notice: Notice, status: NoticeStatus, node: NodeID?, at: WallTime, attempts: Int
    ) {
        self.notice = notice
        self.status = status
        self.node = node
        self.at = at
        self.attempts = attempts
    }
}

package enum NoticeStatus: Sendable, Hashable {
    case pending, claimed, sent
    case failed(Reason)
    /// Held by a silence.
    case held
    /// A later flip was told instead, or nothing was left to tell.
    case superseded
}

package import MeshChecks
package import MeshCore

/// Which notice: H("notice", occasion, contact, kind, ordinal). It is the same at every node, so
/// that a duplicate carries the same id.
///
/// The occasion is a flip's id, or what stands in for one where there is none (`Occasion`).
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

/// Why somebody is told. Reminders and escalations have their codes on the wire from the first
/// day; nothing makes one yet.
package enum NoticeKind: UInt8, Sendable, Hashable, CaseIterable {
    case flip = 1
    case reminder = 2
    case escalation = 3
    case partial = 4
    case mesh = 5
}

extension FlipID {
    /// What stands for a flip in a notice of the built-in check `mesh`: H("mesh", mesh, subject,
    /// its generation or revision).
    package init(
        meshSubject subject: Bytes16, revision: UInt64, in mesh: MeshID,
        using cryptography: any Cryptography
    ) {
        var hash = TaggedHash("mesh")
        hash.combine(mesh.bytes)
        hash.combine(subject)
        hash.combine(revision)
        self.init(hash.finalize(using: cryptography))
    }

    /// What stands for a flip in a partial view: H("partial", parent flip, state, the group's
    /// lowest node). All nodes of one side name the same, the two sides of a cut never do.
    package init(
        partialAfter parent: FlipID, state: TargetState, lowest: NodeID,
        using cryptography: any Cryptography
    ) {
        var hash = TaggedHash("partial")
        hash.combine(parent.bytes)
        hash.combine(UInt64(state.rawValue))
        hash.combine(lowest.bytes)
        self.init(hash.finalize(using: cryptography))
    }
}

extension NoticeKind {
    /// What it is called: in JSON, on the page, in metrics and in logs.
    package var word: String {
        switch self {
        case .flip: "flip"
        case .reminder: "reminder"
        case .escalation: "escalation"
        case .partial: "partial"
        case .mesh: "mesh"
        }
    }
}

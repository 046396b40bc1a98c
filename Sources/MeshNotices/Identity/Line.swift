package import MeshChecks
package import MeshCore

/// What a series of notices is about. Within one topic a later notice supersedes an earlier one.
package enum Topic: Sendable, Hashable {
    /// A check's certified chain.
    case chain(CheckID)
    /// A check as one side of a cut sees it: each side is told of, and ends, for itself. A side is
    /// named by its lowest node when it began to tell.
    case partial(CheckID, group: NodeID)
    /// Something about the mesh itself: a dead node, a lost quorum, a failing contact.
    case mesh(subject: Bytes16)

    var kind: NoticeKind {
        switch self {
        case .chain: .flip
        case .partial: .partial
        case .mesh: .mesh
        }
    }

    var id: Bytes16 {
        switch self {
        case .chain(let check), .partial(let check, _): check.bytes
        case .mesh(let subject): subject
        }
    }

    var subject: MeshSubject? {
        if case .mesh(let subject) = self { MeshSubject(subject) } else { nil }
    }

    /// What tells topics of one kind and id apart: the side of a cut.
    var group: Bytes16 {
        switch self {
        case .partial(_, let group): group.bytes
        case .chain, .mesh: .zero
        }
    }
}

extension Topic: Comparable {
    package static func < (left: Topic, right: Topic) -> Bool {
        (left.kind.rawValue, left.id, left.group) < (right.kind.rawValue, right.id, right.group)
    }
}

/// One contact's line about one topic: along it notices keep their order, and at most one is on
/// its way at a time.
struct Line: Sendable, Hashable, Comparable {
    var topic: Topic
    var contact: ContactID

    static func < (left: Line, right: Line) -> Bool {
        left.topic == right.topic ? left.contact < right.contact : left.topic < right.topic
    }

    /// It would tell a contact that this very contact fails.
    var isAboutItsContact: Bool {
        guard let subject = topic.subject, subject.kind == .failingContact else { return false }
        return subject.isAbout(contact.bytes)
    }

    /// 33 bytes: kind, id, contact; of a partial view 49: its side is between them. The end of
    /// this line's keys on disk.
    var key: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 49)
        writer.write(topic.kind.rawValue)
        writer.write(topic.id)
        if case .partial(_, let group) = topic { writer.write(group.bytes) }
        writer.write(contact.bytes)
        return writer.bytes
    }
}

/// Where in its topic's order a notice stands; the greater one is the later. The lowest birth is
/// where a chain goes on, then the higher epoch, then the worse state: as certificates prevail.
struct Place: Sendable, Hashable, Comparable {
    var birth: Birth
    /// A chain's epoch, or a mesh subject's revision.
    var epoch: UInt64
    var ordinal: UInt32
    var state: TargetState
    var occasion: FlipID

    static func < (left: Place, right: Place) -> Bool {
        if left.birth != right.birth { return left.birth > right.birth }
        if left.epoch != right.epoch { return left.epoch < right.epoch }
        if left.ordinal != right.ordinal { return left.ordinal < right.ordinal }
        if left.state != right.state { return left.state < right.state }
        return left.occasion > right.occasion
    }
}

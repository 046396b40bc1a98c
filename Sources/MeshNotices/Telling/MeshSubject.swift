package import MeshCore

/// What a notice of the built-in check `mesh` is about: one byte that says what is wrong, then the
/// last fifteen bytes of the id of the node or the contact that it is wrong with, zero if it is the
/// mesh. Made of what all nodes know, so that all who see the same name it alike; and it can be read from a receipt.
package struct MeshSubject: Hashable, Sendable, Comparable {
    package let bytes: Bytes16

    package enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        /// A group without the majority, named by its lowest node when it began.
        case lostQuorum = 1
        /// A node that counts and is dead.
        case deadNode = 2
        /// A contact whom no node gets through to.
        case failingContact = 3
        /// A node that does not have checks which the others have.
        case skewedConfiguration = 4
        /// A node whose wall clock is wrong, as it has found itself.
        case wrongClock = 5
        /// A node that cannot write to its disk.
        case fullDisk = 6
        /// Checks that too few look at: the mesh's, all of them together.
        case unwatchedChecks = 7
    }

    package init(_ bytes: Bytes16) { self.bytes = bytes }

    package init(_ kind: Kind, of node: NodeID) { self.init(kind, about: node.bytes) }

    package init(failing contact: ContactID) { self.init(.failingContact, about: contact.bytes) }

    /// All of the checks that too few look at, whichever.
    package static let unwatchedChecks = MeshSubject(.unwatchedChecks, about: .zero)

    private init(_ kind: Kind, about id: Bytes16) {
        bytes = Bytes16(high: UInt64(kind.rawValue) << 56 | id.high & Self.idMask, low: id.low)
    }

    private static var idMask: UInt64 { (1 << 56) - 1 }

    /// `nil` for one of a later version.
    package var kind: Kind? { Kind(rawValue: UInt8(bytes.high >> 56)) }

    /// Whether this is the node, or the contact, that it is about.
    package func isAbout(_ id: Bytes16) -> Bool {
        bytes.high & Self.idMask == id.high & Self.idMask && bytes.low == id.low
    }

    /// Whether only a group with the majority says so, or that it is over: without it, a lost quorum
    /// is told, with who is missing, and nothing is watched.
    package var isDecidedByMajority: Bool {
        switch kind {
        case .deadNode, .unwatchedChecks: true
        case .lostQuorum, .failingContact, .skewedConfiguration, .wrongClock, .fullDisk, nil: false
        }
    }

    package static func < (left: MeshSubject, right: MeshSubject) -> Bool {
        left.bytes < right.bytes
    }
}

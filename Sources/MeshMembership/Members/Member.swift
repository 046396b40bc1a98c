import MeshCore

/// One member as it is stored: 184 bytes, and with the index and the probe order below 200 (a mesh
/// of ten thousand then costs two megabytes per node). The text of the zone is kept once per zone;
/// what only members that are not alive have (claims, suspicions) is kept beside the table.
///
/// Generation and incarnation are always those of the alive statement that is stored with it: a
/// claim about an incarnation that we hold no statement for is not believed, so nobody but the
/// member can raise them.
struct Member: Sendable {
    var id: NodeID
    var key: PublicKey
    /// The member's own, over its alive statement: what lets us pass the statement on.
    var signature: Signature
    var name: Label
    var host: Bytes16
    var bootID: BootID
    var since: Instant
    var generation: UInt32
    var incarnation: UInt32
    var born: UInt32
    var port: UInt16
    var zone: UInt16
    var wireLowest: UInt8
    var wireHighest: UInt8
    var state: MemberState
    var marks: Marks

    /// Small facts that this node alone holds about a member.
    struct Marks: OptionSet, Sendable {
        let rawValue: UInt8
        /// It has acknowledged a datagram of this boot of ours: short headers will do.
        static let acquainted = Marks(rawValue: 1)
        /// Read from disk and not heard of since: dead until proved otherwise, never asserted.
        static let restored = Marks(rawValue: 2)
        /// Another holds its name with more right; it does not count.
        static let nameless = Marks(rawValue: 4)
        /// Shares its name with another member in whatever state.
        static let nameShared = Marks(rawValue: 8)
        /// Seen with two boot ids in turn: does not count until the clone has stopped.
        static let cloned = Marks(rawValue: 16)
        /// Ended so long ago that it is no longer offered to others, nor in the digest.
        static let silent = Marks(rawValue: 32)
        /// Its alive statement carries an extension, which is kept beside the table.
        static let extended = Marks(rawValue: 64)
    }

    var address: SocketAddress { SocketAddress(host: host, port: port) }
    var standing: Standing {
        Standing(generation: generation, incarnation: incarnation, state: state)
    }
    var isReachable: Bool { state.isReachable }
    /// In the digest and offered to others.
    var isAsserted: Bool { marks.isDisjoint(with: [.restored, .silent]) }
}

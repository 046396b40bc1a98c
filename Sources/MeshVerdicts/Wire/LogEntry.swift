package import MeshChecks
package import MeshCore

/// The latest entry of a node's own log about one check. A node is the only writer of its log;
/// signed, an entry is a *verdict*, its withdrawal, or the word that it does not look.
///
/// Wire layout, which is also what is signed behind the domain and the mesh (`v` is a varint, `l` a
/// varint length and that many bytes):
///
///     check 16 | definition 16 | birth 16 | parent 16 | epoch v | own
///     own: node 16 | generation v | sequence v | stance 1 | reason l | since v |
///          observed at v: the difference to since, zigzag | streak v | latency v |
///          R 1 | Q 1 | Z 1 | roll digest 8
///
/// The key is left out: members know one another's. Every stance has the same layout, so that a
/// withdrawal is never told from a dissent by its length.
package struct LogEntry: Hashable, Sendable {
    package var check: CheckID
    package var stance: Stance
    package var definition: DefinitionID
    package var birth: Birth
    package var parent: FlipID
    /// The number of the flip that it would lead to; at least 1 in a dissent or an opinion, and
    /// never the last there is, for every flip has a next.
    package var epoch: UInt32

    package var reason: Reason
    /// When the state was first seen, by the signer's wall clock: shown, never compared.
    package var since: WallTime
    package var observedAt: WallTime
    /// Observations in a row.
    package var streak: UInt32
    package var latencyMicroseconds: UInt64

    /// R, Q and Z as the signer counts them; all 0 where it does not know the rule.
    package var owners: UInt8
    package var quorum: UInt8
    package var zones: UInt8
    /// `Roll.digest` of the R + 12 lowest known.
    package var rollDigest: UInt64

    package var node: NodeID
    /// At least 1.
    package var generation: UInt32
    package var sequence: UInt64

    package init(
        check: CheckID, stance: Stance, definition: DefinitionID, birth: Birth, parent: FlipID,
        epoch: UInt32, reason: Reason, since: WallTime, observedAt: WallTime, streak: UInt32,
        latencyMicroseconds: UInt64, owners: UInt8, quorum: UInt8, zones: UInt8,
        rollDigest: UInt64, node: NodeID, generation: UInt32, sequence: UInt64
    ) {
        self.check = check
        self.stance = stance
        self.definition = definition
        self.birth = birth
        self.parent = parent
        self.epoch = epoch
        self.reason = reason
        self.since = since
        self.observedAt = observedAt
        self.streak = streak
        self.latencyMicroseconds = latencyMicroseconds
        self.owners = owners
        self.quorum = quorum
        self.zones = zones
        self.rollDigest = rollDigest
        self.node = node
        self.generation = generation
        self.sequence = sequence
    }

    /// The bytes that the signature covers, for the mesh `mesh`.
    package func signedBytes(mesh: MeshID) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 192)
        writer.write(mesh, domain: .stance)
        write(to: &writer)
        return writer.bytes
    }

    /// Whether this entry takes the place of `other`, of the same node about the same check.
    package func isNewer(than other: LogEntry) -> Bool {
        (generation, sequence) > (other.generation, other.sequence)
    }

    /// Whether R, Q, Z, epoch and generation are ones that an honest node can sign; decoding
    /// refuses what is not. R, Q and Z may be 0 only where nothing is claimed about the target.
    package var isInBounds: Bool {
        guard owners <= UInt8(VotingRule.confirmationsMax), quorum <= owners,
            zones <= UInt8(VotingRule.zonesMax), generation >= 1, epoch < .max
        else { return false }
        return switch stance {
        case .withdrawn, .declines: true
        case .dissents, .opines: quorum >= 1 && zones >= 1 && epoch >= 1
        }
    }

    func write(to writer: inout ByteWriter) {
        writer.write(check.bytes)
        writer.write(definition.bytes)
        writer.write(birth.bytes)
        writer.write(parent.bytes)
        writer.writeVarint(UInt64(epoch))
        writer.write(node.bytes)
        writer.writeVarint(UInt64(generation))
        writer.writeVarint(sequence)
        writer.write(stance)
        writer.write(reason)
        writer.write(since: since, observedAt: observedAt)
        writer.writeVarint(UInt64(streak))
        writer.writeVarint(latencyMicroseconds)
        writer.write(owners)
        writer.write(quorum)
        writer.write(zones)
        writer.write(rollDigest)
    }

    static func decode(_ reader: inout ByteReader) throws(DecodeError) -> LogEntry {
        let check = CheckID(try reader.readBytes16())
        let definition = DefinitionID(try reader.readBytes16())
        let birth = Birth(try reader.readBytes16())
        let parent = FlipID(try reader.readBytes16())
        let epoch = try reader.readVarint32()
        let node = NodeID(try reader.readBytes16())
        let generation = try reader.readVarint32()
        let sequence = try reader.readVarint()
        let stance = try reader.readStance()
        let reason = try reader.readReason()
        let times = try reader.readTimes()
        let entry = LogEntry(
            check: check, stance: stance, definition: definition, birth: birth, parent: parent,
            epoch: epoch, reason: reason, since: times.since, observedAt: times.observedAt,
            streak: try reader.readVarint32(), latencyMicroseconds: try reader.readVarint(),
            owners: try reader.readUInt8(), quorum: try reader.readUInt8(),
            zones: try reader.readUInt8(), rollDigest: try reader.readUInt64(), node: node,
            generation: generation, sequence: sequence)
        guard entry.isInBounds else { throw .invalid }
        return entry
    }
}

/// A log entry with its node's signature: update kind 32, body = entry | signature 64.
package struct SignedEntry: Hashable, Sendable {
    /// The longest body: every varint and the reason at their largest.
    package static let byteCountMax = 373

    package var entry: LogEntry
    package var signature: Signature

    package init(entry: LogEntry, signature: Signature) {
        self.entry = entry
        self.signature = signature
    }

    package func update() -> Update {
        var writer = ByteWriter(reservingCapacity: 256)
        entry.write(to: &writer)
        writer.write(signature)
        return Update(kind: UpdateKind.stance, body: writer.bytes)
    }

    /// Reads the whole of an update's body. The signature is not verified.
    package static func decode(_ body: [UInt8]) throws(DecodeError) -> SignedEntry {
        guard body.count <= byteCountMax else { throw .tooLarge }
        var reader = ByteReader(body)
        let entry = try LogEntry.decode(&reader)
        let signature = try reader.readSignature()
        try reader.requireEnd()
        return SignedEntry(entry: entry, signature: signature)
    }

    /// Whether `key` is the node's own and has signed this entry for `mesh`.
    package func isValid(
        by key: PublicKey, mesh: MeshID, using cryptography: any Cryptography
    ) -> Bool {
        NodeID(of: key, using: cryptography) == entry.node
            && cryptography.isValid(signature, over: entry.signedBytes(mesh: mesh), by: key)
    }
}

// Two wall times a few minutes apart: the second as its difference, which a clock that was set
// back makes negative. Wrapping subtraction and zigzag lose nothing, so any two times have one form.

extension ByteWriter {
    mutating func write(since: WallTime, observedAt: WallTime) {
        writeVarint(since.milliseconds)
        let difference = Int64(bitPattern: observedAt.milliseconds &- since.milliseconds)
        writeVarint(UInt64(bitPattern: difference << 1 ^ difference >> 63))
    }
}

extension ByteReader {
    mutating func readTimes() throws(DecodeError) -> (since: WallTime, observedAt: WallTime) {
        let since = try readVarint()
        let zigzag = try readVarint()
        let difference = zigzag >> 1 ^ (0 &- (zigzag & 1))
        return (WallTime(milliseconds: since), WallTime(milliseconds: since &+ difference))
    }
}

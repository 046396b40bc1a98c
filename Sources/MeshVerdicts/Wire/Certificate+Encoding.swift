package import MeshChecks
package import MeshCore
import MeshPlacement

// A certificate on the wire. What its entries have in common is written once, a node's id once in
// all member lists, and a signer's not at all, for its key gives it:
//
//     flip id 16 | check 16 | epoch v | definition 16 | birth 16 | parent 16 | state 1 |
//     previous 1: 255 unknown |
//     supporters: count v, each
//         key 32 | signature 64 | roll v | generation v | sequence v | stance 1 | reason l |
//         since v | observed at v: as in a log entry | streak v | latency v | R 1 | Q 1 | Z 1
//     zones: count v, labels, in order of first use
//     nodes: count v, in order of first use by a roll, each
//         zone x 2 v | node 16, or, for a signer, zone x 2 + 1 v | its place among them v
//     rolls: count v, in order of first use, each
//         runs v, each: first node v | how many v
//     rule | definition: 0 | hash of its text 16, or 1 | text l
//
// A roll is runs of the nodes' list, so that a second one that differs by a member costs a few
// bytes. Its digest is computed from it. One certificate has one encoding.

extension Certificate {
    /// Which flip an encoding claims to be of, for a look at whether it is known already, at next
    /// to no cost. Nothing is verified; `nil` if the bytes are too few.
    package static func peekID(_ body: [UInt8]) -> (FlipID, CheckID, epoch: UInt32)? {
        var reader = ByteReader(body)
        do throws(DecodeError) {
            let flip = FlipID(try reader.readBytes16())
            let check = CheckID(try reader.readBytes16())
            return (flip, check, try reader.readVarint32())
        } catch {
            return nil
        }
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 640)
        flip.writeLeadingFields(as: leadingID, to: &writer)
        writer.write(optional: previous)
        writer.writeVarint(UInt64(supporters.count))
        for supporter in supporters { supporter.write(to: &writer) }
        RollTable(rolls, signers: supporters.map(\.node)).write(to: &writer)
        definition.rule.write(to: &writer)
        switch definition.text {
        case .hashed(let id):
            writer.write(0 as UInt8)
            writer.write(id.bytes)
        case .whole(let text):
            writer.write(1 as UInt8)
            writer.writePrefixed(text)
        }
        return writer.bytes
    }

    /// Reads a certificate that fills `reader` to its end, and recomputes what follows from the
    /// rest: the flip's id, the signers' ids, the digests. No signature is verified.
    package static func decode(
        _ reader: ByteReader, mesh: MeshID, cryptography: any Cryptography
    ) throws(DecodeError) -> Certificate {
        guard reader.remaining <= byteCountMax else { throw .tooLarge }
        var reader = reader
        let leadingID = FlipID(try reader.readBytes16())
        let check = CheckID(try reader.readBytes16())
        let epoch = try reader.readVarint32()
        let flip = Flip(
            check: check, definition: DefinitionID(try reader.readBytes16()),
            birth: Birth(try reader.readBytes16()), parent: FlipID(try reader.readBytes16()),
            epoch: epoch, state: try reader.readState(), in: mesh, using: cryptography)
        let previous = try reader.readOptionalState()
        let count = try reader.readCount(1...supportersMax, each: Supporter.byteCountMin)
        var supporters: [Supporter] = []
        supporters.reserveCapacity(count)
        for _ in 0..<count {
            supporters.append(try Supporter.decode(&reader, flip: flip, cryptography))
        }
        let rolls = try RollTable.decode(&reader, signers: supporters.map(\.node)).rolls
        let digests = rolls.map { $0.digest(using: cryptography) }
        for index in supporters.indices {
            guard rolls.indices.contains(supporters[index].rollIndex) else { throw .invalid }
            supporters[index].entry.rollDigest = digests[supporters[index].rollIndex]
        }
        let definition = try Definition.decode(&reader)
        try reader.requireEnd()
        let certificate = Certificate(
            flip: flip, leadingID: leadingID, previous: previous, rolls: rolls,
            supporters: supporters, definition: definition)
        guard certificate.isInOrder else { throw .invalid }
        return certificate
    }

    /// What no field can tell by itself: whether the signers and the rolls that they use come in
    /// their order, and each roll once. With it every field has one form, and what was decoded is
    /// written as it was read.
    private var isInOrder: Bool {
        var rollsUsed = 0
        for supporter in supporters where supporter.rollIndex >= rollsUsed {
            guard supporter.rollIndex == rollsUsed else { return false }
            rollsUsed += 1
        }
        return rollsUsed == rolls.count
            && rolls.indices.allSatisfy { !rolls[..<$0].contains(rolls[$0]) }
            && zip(supporters, supporters.dropFirst()).allSatisfy { !($1.node < $0.node) }
    }
}

extension Flip {
    /// What stands in front of the encodings of all its certificates.
    var leadingFields: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 88)
        writeLeadingFields(as: id, to: &writer)
        return writer.bytes
    }

    fileprivate func writeLeadingFields(as leadingID: FlipID, to writer: inout ByteWriter) {
        writer.write(leadingID.bytes)
        writer.write(check.bytes)
        writer.writeVarint(UInt64(epoch))
        writer.write(definition.bytes)
        writer.write(birth.bytes)
        writer.write(parent.bytes)
        writer.write(state.rawValue)
    }
}

extension Certificate.Supporter {
    /// Key, signature, 13 fields of a byte.
    static let byteCountMin = 109

    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(key.bytes)
        writer.write(signature)
        writer.writeVarint(UInt64(rollIndex))
        writer.writeVarint(UInt64(entry.generation))
        writer.writeVarint(entry.sequence)
        writer.write(entry.stance)
        writer.write(entry.reason)
        writer.write(since: entry.since, observedAt: entry.observedAt)
        writer.writeVarint(UInt64(entry.streak))
        writer.writeVarint(entry.latencyMicroseconds)
        writer.write(entry.owners)
        writer.write(entry.quorum)
        writer.write(entry.zones)
    }

    /// The digest of the roll is still to be filled in: the rolls come later.
    fileprivate static func decode(
        _ reader: inout ByteReader, flip: Flip, _ cryptography: any Cryptography
    ) throws(DecodeError) -> Certificate.Supporter {
        let key = PublicKey(try reader.readBytes32())
        let signature = try reader.readSignature()
        let roll = try reader.readVarint()
        guard roll < UInt64(Certificate.supportersMax) else { throw .tooLarge }
        let generation = try reader.readVarint32()
        let sequence = try reader.readVarint()
        let stance = try reader.readStance()
        let reason = try reader.readReason()
        let times = try reader.readTimes()
        let entry = LogEntry(
            check: flip.check, stance: stance, definition: flip.definition, birth: flip.birth,
            parent: flip.parent, epoch: flip.epoch, reason: reason, since: times.since,
            observedAt: times.observedAt, streak: try reader.readVarint32(),
            latencyMicroseconds: try reader.readVarint(), owners: try reader.readUInt8(),
            quorum: try reader.readUInt8(), zones: try reader.readUInt8(), rollDigest: 0,
            node: NodeID(of: key, using: cryptography), generation: generation,
            sequence: sequence)
        guard entry.isInBounds else { throw .invalid }
        return Certificate.Supporter(
            key: key, rollIndex: Int(roll), entry: entry, signature: signature)
    }
}

extension Certificate.Definition {
    fileprivate static func decode(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> Certificate.Definition {
        let rule = try VotingRule.decode(&reader)
        switch try reader.readUInt8() {
        case 0:
            let id = DefinitionTextID(try reader.readBytes16())
            return Certificate.Definition(rule: rule, text: .hashed(id))
        case 1:
            let text = try reader.readPrefixed(atMost: CheckDefinition.textByteCountMax)
            return Certificate.Definition(rule: rule, text: .whole(Array(text)))
        default: throw .invalid
        }
    }
}

extension ByteReader {
    /// A list's count, held against its bound and against the bytes that are there.
    mutating func readCount(
        _ range: ClosedRange<Int>, each size: Int
    ) throws(DecodeError) -> Int {
        let count = try readVarint()
        guard count <= UInt64(range.upperBound) else { throw .tooLarge }
        guard Int(count) >= range.lowerBound else { throw .invalid }
        guard Int(count) * size <= remaining else { throw .truncated }
        return Int(count)
    }
}

package import MeshChecks
package import MeshCore

/// The signed record that a notice was sent, or failed.
///
/// Wire layout (`v` is a varint); the notice's id follows from occasion, contact, kind and ordinal
/// and is not written:
///
///     kind 1 | check 16 | subject 16, kinds mesh and partial only (the side's lowest node) |
///     contact 16 | ordinal v | occasion 16 | incident 16 | birth 16 | epoch v | state 1 |
///     round v | outcome 1: 0 sent, 1 failed | reason, failed only | key 32 | generation v |
///     sequence v | wall time 8 | signature 64
///
/// It carries its author's key, which the author's id is the hash of, because whoever judges it may
/// never have met the author: a newcomer without a disk must not send again what one who has died
/// since has sent.
package struct Receipt: SignedStatement, Sendable, Hashable {
    package var topic: Topic
    package var check: CheckID
    package var contact: ContactID
    package var ordinal: UInt32
    /// The flip, or what stands for one.
    package var occasion: FlipID
    package var incident: IncidentID
    package var birth: Birth
    /// A chain's epoch, or a mesh subject's revision.
    package var epoch: UInt64
    package var state: TargetState
    /// Which time round the ladder, from 0.
    package var round: UInt32
    package var outcome: Delivery
    /// Whose signature this is under.
    package let key: PublicKey
    /// The author, whose key this is.
    package let node: NodeID
    package var generation: UInt32
    package var sequence: UInt64
    package var time: WallTime

    package init(
        topic: Topic, check: CheckID, contact: ContactID, ordinal: UInt32, occasion: FlipID,
        incident: IncidentID, birth: Birth, epoch: UInt64, state: TargetState, round: UInt32,
        outcome: Delivery, key: PublicKey, generation: UInt32, sequence: UInt64, time: WallTime,
        using cryptography: any Cryptography
    ) {
        self.topic = topic
        self.check = check
        self.contact = contact
        self.ordinal = ordinal
        self.occasion = occasion
        self.incident = incident
        self.birth = birth
        self.epoch = epoch
        self.state = state
        self.round = round
        self.outcome = outcome
        self.key = key
        node = NodeID(of: key, using: cryptography)
        self.generation = generation
        self.sequence = sequence
        self.time = time
    }

    var line: Line { Line(topic: topic, contact: contact) }
    var place: Place {
        Place(birth: birth, epoch: epoch, ordinal: ordinal, state: state, occasion: occasion)
    }
    package var isSent: Bool { outcome == .sent }

    package func notice(using cryptography: any Cryptography) -> NoticeID {
        NoticeID(
            flip: occasion, contact: contact, kind: topic.kind, ordinal: ordinal,
            using: cryptography)
    }

    package static var domain: SignatureDomain { .receipt }

    package func writeBody(to writer: inout ByteWriter) {
        writer.write(topic, check: check)
        writer.write(contact.bytes)
        writer.writeVarint(UInt64(ordinal))
        writer.write(occasion.bytes)
        writer.write(incident.bytes)
        writer.write(birth.bytes)
        writer.writeVarint(epoch)
        writer.write(state.rawValue)
        writer.writeVarint(UInt64(round))
        switch outcome {
        case .sent: writer.write(0 as UInt8)
        case .failed(let reason):
            writer.write(1 as UInt8)
            writer.write(reason)
        }
        writer.write(key.bytes)
        writer.writeVarint(UInt64(generation))
        writer.writeVarint(sequence)
        writer.write(time.milliseconds)
    }

    /// Reads a receipt that fills `bytes`. The signature is not verified.
    package static func decode(
        _ bytes: [UInt8], using cryptography: any Cryptography
    ) throws(DecodeError) -> (receipt: Receipt, signature: Signature) {
        var reader = ByteReader(bytes)
        let (topic, check) = try reader.readTopic()
        let contact = ContactID(try reader.readBytes16())
        let ordinal = try reader.readVarint32()
        let occasion = FlipID(try reader.readBytes16())
        let incident = IncidentID(try reader.readBytes16())
        let birth = Birth(try reader.readBytes16())
        let epoch = try reader.readEpoch(of: topic)
        let state = try reader.readTargetState()
        let round = try reader.readRound()
        let outcome: Delivery =
            switch try reader.readUInt8() {
            case 0: .sent
            case 1: .failed(try reader.readReason())
            default: throw .invalid
            }
        let receipt = Receipt(
            topic: topic, check: check, contact: contact, ordinal: ordinal, occasion: occasion,
            incident: incident, birth: birth, epoch: epoch, state: state, round: round,
            outcome: outcome, key: PublicKey(try reader.readBytes32()),
            generation: try reader.readVarint32(), sequence: try reader.readVarint(),
            time: WallTime(milliseconds: try reader.readUInt64()), using: cryptography)
        let signature = try reader.readSignature()
        try reader.requireEnd()
        return (receipt, signature)
    }
}

extension ByteWriter {
    mutating func write(_ topic: Topic, check: CheckID) {
        write(topic.kind.rawValue)
        write(check.bytes)
        switch topic {
        case .chain: break
        case .partial(_, let group): write(group.bytes)
        case .mesh(let subject): write(subject)
        }
    }
}

extension ByteReader {
    mutating func readTopic() throws(DecodeError) -> (topic: Topic, check: CheckID) {
        let kind = NoticeKind(rawValue: try readUInt8())
        let check = CheckID(try readBytes16())
        switch kind {
        case .flip: return (.chain(check), check)
        case .partial: return (.partial(check, group: NodeID(try readBytes16())), check)
        case .mesh: return (.mesh(subject: try readBytes16()), check)
        // Nobody makes these yet, so nobody has a receipt of one.
        case .reminder, .escalation, nil: throw .invalid
        }
    }

    /// A chain's epoch is below 2^32 - 1, as in a certificate; a revision is any.
    mutating func readEpoch(of topic: Topic) throws(DecodeError) -> UInt64 {
        let epoch = try readVarint()
        switch topic {
        case .chain, .partial:
            guard epoch < UInt64(UInt32.max) else { throw .tooLarge }
        case .mesh: break
        }
        return epoch
    }

    mutating func readRound() throws(DecodeError) -> UInt32 {
        let round = try readVarint32()
        guard round <= NoticeBounds.roundMax else { throw .tooLarge }
        return round
    }

    mutating func readTargetState() throws(DecodeError) -> TargetState {
        guard let state = TargetState(rawValue: try readUInt8()) else { throw .invalid }
        return state
    }
}

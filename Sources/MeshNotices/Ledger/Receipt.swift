package import MeshChecks
package import MeshCore

/// The signed record that a notice was sent, or failed.
///
/// Wire layout (`v` is a varint); the notice's id follows from occasion, contact, kind and ordinal
/// and is not written:
///
///     kind 1 | check 16 | subject 16, kinds mesh and partial only (the side's lowest node) |
///     contact 16 | ordinal v | occasion 16 | incident 16 | birth 16 | epoch v | state 1 |
///     round v | outcome 1: 0 sent, 1 failed | reason, failed only | node 16 | generation v |
///     sequence v | wall time 8 | signature 64
package struct Receipt: Sendable, Hashable {
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
    package var node: NodeID
    package var generation: UInt32
    package var sequence: UInt64
    package var time: WallTime

    package init(
        topic: Topic, check: CheckID, contact: ContactID, ordinal: UInt32, occasion: FlipID,
        incident: IncidentID, birth: Birth, epoch: UInt64, state: TargetState, round: UInt32,
        outcome: Delivery, node: NodeID, generation: UInt32, sequence: UInt64, time: WallTime
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
        self.node = node
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

    package func signedBytes(mesh: MeshID) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        writer.write(mesh, domain: .receipt)
        writeBody(to: &writer)
        return writer.bytes
    }

    package func encoded(signature: Signature) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        writeBody(to: &writer)
        writer.write(signature)
        return writer.bytes
    }

    private func writeBody(to writer: inout ByteWriter) {
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
        writer.write(node.bytes)
        writer.writeVarint(UInt64(generation))
        writer.writeVarint(sequence)
        writer.write(time.milliseconds)
    }

    /// Reads a receipt that fills `bytes`. The signature is not verified.
    package static func decode(
        _ bytes: [UInt8]
    ) throws(DecodeError) -> (receipt: Receipt, signature: Signature) {
        var reader = ByteReader(bytes)
        let (topic, check) = try reader.readTopic()
        let contact = ContactID(try reader.readBytes16())
        let ordinal = try reader.readVarint32()
        let occasion = FlipID(try reader.readBytes16())
        let incident = IncidentID(try reader.readBytes16())
        let birth = Birth(try reader.readBytes16())
        let epoch = try reader.readVarint()
        let state = try reader.readTargetState()
        let round = try reader.readVarint32()
        let outcome: Delivery =
            switch try reader.readUInt8() {
            case 0: .sent
            case 1: .failed(try reader.readReason())
            default: throw .invalid
            }
        let receipt = Receipt(
            topic: topic, check: check, contact: contact, ordinal: ordinal, occasion: occasion,
            incident: incident, birth: birth, epoch: epoch, state: state, round: round,
            outcome: outcome, node: NodeID(try reader.readBytes16()),
            generation: try reader.readVarint32(), sequence: try reader.readVarint(),
            time: WallTime(milliseconds: try reader.readUInt64()))
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

    mutating func readTargetState() throws(DecodeError) -> TargetState {
        guard let state = TargetState(rawValue: try readUInt8()) else { throw .invalid }
        return state
    }
}

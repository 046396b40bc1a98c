package import MeshChecks
package import MeshCore

/// A node's word that it is about to send a notice: by unicast only, unsigned, because it is the
/// session that says who claims.
///
/// Wire layout (`v` is a varint):
///
///     number v | kind 1 | check 16 | subject 16, kind mesh only | contact 16 | ordinal v |
///     occasion 16 | birth 16 | epoch v | state 1 | rank v | round v | has left 1
package struct Claim: Sendable, Hashable {
    /// The claimant's own count; a renewal keeps it, another try has another.
    package var number: UInt64
    package var topic: Topic
    package var check: CheckID
    package var contact: ContactID
    package var ordinal: UInt32
    package var occasion: FlipID
    package var birth: Birth
    package var epoch: UInt64
    package var state: TargetState
    /// The claimant's place on the notice's ladder; the lower is the better.
    package var rank: UInt32
    package var round: UInt32
    /// Its request to the provider has left: it yields to nobody.
    package var hasLeft: Bool

    package init(
        number: UInt64, topic: Topic, check: CheckID, contact: ContactID, ordinal: UInt32,
        occasion: FlipID, birth: Birth, epoch: UInt64, state: TargetState, rank: UInt32,
        round: UInt32, hasLeft: Bool
    ) {
        self.number = number
        self.topic = topic
        self.check = check
        self.contact = contact
        self.ordinal = ordinal
        self.occasion = occasion
        self.birth = birth
        self.epoch = epoch
        self.state = state
        self.rank = rank
        self.round = round
        self.hasLeft = hasLeft
    }

    var line: Line { Line(topic: topic, contact: contact) }
    var place: Place {
        Place(birth: birth, epoch: epoch, ordinal: ordinal, state: state, occasion: occasion)
    }

    /// Of two claims on one line, neither of which has left: the earlier notice goes first, for
    /// order is by epoch; of one notice, the lower rank.
    func isBetter(than other: Claim) -> Bool {
        place == other.place ? rank < other.rank : place < other.place
    }

    package func update() -> Update {
        var writer = ByteWriter(reservingCapacity: 160)
        write(to: &writer)
        return Update(kind: UpdateKind.claim, body: writer.bytes)
    }

    func write(to writer: inout ByteWriter) {
        writer.writeVarint(number)
        writer.write(topic, check: check)
        writer.write(contact.bytes)
        writer.writeVarint(UInt64(ordinal))
        writer.write(occasion.bytes)
        writer.write(birth.bytes)
        writer.writeVarint(epoch)
        writer.write(state.rawValue)
        writer.writeVarint(UInt64(rank))
        writer.writeVarint(UInt64(round))
        writer.write(UInt8(hasLeft ? 1 : 0))
    }

    package static func decode(_ bytes: [UInt8]) throws(DecodeError) -> Claim {
        var reader = ByteReader(bytes)
        let claim = try decode(&reader)
        try reader.requireEnd()
        return claim
    }

    static func decode(_ reader: inout ByteReader) throws(DecodeError) -> Claim {
        let number = try reader.readVarint()
        let (topic, check) = try reader.readTopic()
        return Claim(
            number: number, topic: topic, check: check,
            contact: ContactID(try reader.readBytes16()), ordinal: try reader.readVarint32(),
            occasion: FlipID(try reader.readBytes16()), birth: Birth(try reader.readBytes16()),
            epoch: try reader.readEpoch(of: topic), state: try reader.readTargetState(),
            rank: try reader.readVarint32(), round: try reader.readRound(),
            hasLeft: try reader.readFlag())
    }
}

extension UpdateKind {
    /// A claim, and the answer to one: by unicast only, never gossiped, never kept.
    package static let claim: UInt8 = 65
    package static let claimAnswer: UInt8 = 66
}

extension ByteReader {
    mutating func readFlag() throws(DecodeError) -> Bool {
        switch try readUInt8() {
        case 0: false
        case 1: true
        default: throw .invalid
        }
    }
}

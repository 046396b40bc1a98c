package import MeshCore

/// What the parts above membership say to one another in datagrams: the fields of a message of
/// `Message.foreignKinds`. Updates may follow, as behind any message.
///
/// Fields beyond those a version knows are skipped, as in membership's own messages.
package enum EngineMessage: Hashable, Sendable {
    /// The updates behind this are meant for you: say that you have them.
    case parcel(number: UInt32)
    /// I have what was behind that parcel. Sent where the parcel came from, and no larger.
    case parcelReceived(number: UInt32)
    /// Are you there, now? Asked of many at once, to know whether they are the majority.
    case rollCall(number: UInt32)
    /// I am. Sent where the call came from, and no larger.
    case present(number: UInt32)
    /// Nothing but the updates behind it, from their author in person.
    case envelope
    /// What did you see last, of the checks that you are the first owner of?
    case askSights

    private enum Kind {
        static let parcel: UInt8 = 16
        static let parcelReceived: UInt8 = 17
        static let rollCall: UInt8 = 18
        static let present: UInt8 = 19
        static let envelope: UInt8 = 20
        static let askSights: UInt8 = 21
    }

    /// The fields of a parcel: what is left of a datagram is for its updates.
    package static let parcelFieldsByteCount = 4

    package var kind: UInt8 {
        switch self {
        case .parcel: Kind.parcel
        case .parcelReceived: Kind.parcelReceived
        case .rollCall: Kind.rollCall
        case .present: Kind.present
        case .envelope: Kind.envelope
        case .askSights: Kind.askSights
        }
    }

    package var fields: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 4)
        switch self {
        case .parcel(let number), .parcelReceived(let number), .rollCall(let number),
            .present(let number):
            writer.write(number)
        case .envelope, .askSights: break
        }
        return writer.bytes
    }

    /// `nil` for a kind of a later version: the message is ignored, its updates count.
    package static func decode(
        kind: UInt8, fields: [UInt8]
    ) throws(DecodeError) -> EngineMessage? {
        var reader = ByteReader(fields)
        switch kind {
        case Kind.parcel: return .parcel(number: try reader.readUInt32())
        case Kind.parcelReceived: return .parcelReceived(number: try reader.readUInt32())
        case Kind.rollCall: return .rollCall(number: try reader.readUInt32())
        case Kind.present: return .present(number: try reader.readUInt32())
        case Kind.envelope: return .envelope
        case Kind.askSights: return .askSights
        default: return nil
        }
    }
}

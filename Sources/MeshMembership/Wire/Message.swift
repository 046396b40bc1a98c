package import MeshCore

/// What one datagram, or one frame of a probing stream, is about (SWIM 3.1, Lifeguard IV.A).
/// Updates follow it until the datagram's end.
///
///     kind 1 | length 1 | fields
///
/// Fields beyond those a version knows are skipped: the length says where they end.
package enum Message: Hashable, Sendable {
    /// Are you there? Answered with an ack by `target` only, never by another node that has taken
    /// over its address. The digest is of the sender's member list, `truth` of what it holds about
    /// checks; both are here so that an answer need not be larger than what it answers.
    case ping(sequence: UInt32, target: NodePrefix, digest: UInt64, truth: UInt64)
    /// I am, or, from a relay, it is.
    case ack(sequence: UInt32, digest: UInt64, truth: UInt64)
    /// Ping `target` for me; I got no answer. A relay pings only members that it knows
    /// (alive, suspect or dead), at the address that they gave: nobody can be made to ping a
    /// stranger.
    case pingRequest(sequence: UInt32, target: NodeID)
    /// I pinged it for you and got no answer, but you can see that I am here.
    case nack(sequence: UInt32)
    /// Nothing but the updates behind it.
    case gossip
    /// One of `foreignKinds`: another part of the node reads the fields, all of them.
    case foreign(kind: UInt8, fields: [UInt8])
    /// A kind of a later version; its updates still count.
    case unknown(kind: UInt8)

    private enum Kind {
        static let ping: UInt8 = 1
        static let ack: UInt8 = 2
        static let pingRequest: UInt8 = 3
        static let nack: UInt8 = 4
        static let gossip: UInt8 = 5
    }

    /// Messages of the parts above membership, which carries them.
    package static let foreignKinds: ClosedRange<UInt8> = 16...127
    /// What one byte of length can say. Bulk goes behind the message, as updates.
    package static let fieldsByteCountMax = 255
    /// The largest encoding: a message of another part. The largest of membership's own is a ping
    /// with 30.
    package static let byteCountMax = 2 + fieldsByteCountMax
    /// What a relay may answer with: no more than a ping request takes, and an ack does.
    package static let relayedByteCountMax = 22

    /// Appends the message. `extensionBytes` stand for the fields of a later version. Expects
    /// fields of at most `fieldsByteCountMax`, with them.
    package func write(to writer: inout ByteWriter, extensionBytes: [UInt8] = []) {
        func header(_ kind: UInt8, _ count: Int) {
            writer.write(kind)
            writer.write(UInt8(count + extensionBytes.count))
        }
        switch self {
        case .ping(let sequence, let target, let digest, let truth):
            header(Kind.ping, 28)
            writer.write(sequence)
            writer.write(target.word)
            writer.write(digest)
            writer.write(truth)
        case .ack(let sequence, let digest, let truth):
            header(Kind.ack, 20)
            writer.write(sequence)
            writer.write(digest)
            writer.write(truth)
        case .pingRequest(let sequence, let target):
            header(Kind.pingRequest, 20)
            writer.write(sequence)
            writer.write(target.bytes)
        case .nack(let sequence):
            header(Kind.nack, 4)
            writer.write(sequence)
        case .gossip:
            header(Kind.gossip, 0)
        case .foreign(let kind, let fields):
            header(kind, fields.count)
            writer.writeRaw(fields)
        case .unknown(let kind):
            header(kind, 0)
        }
        writer.writeRaw(extensionBytes)
    }

    /// Reads one message and leaves `reader` at the first update.
    package static func decode(_ reader: inout ByteReader) throws(DecodeError) -> Message {
        let kind = try reader.readUInt8()
        var fields = try reader.readSection(Int(try reader.readUInt8()))
        switch kind {
        case Kind.ping:
            return .ping(
                sequence: try fields.readUInt32(), target: NodePrefix(try fields.readUInt64()),
                digest: try fields.readUInt64(), truth: try fields.readUInt64())
        case Kind.ack:
            return .ack(
                sequence: try fields.readUInt32(), digest: try fields.readUInt64(),
                truth: try fields.readUInt64())
        case Kind.pingRequest:
            return .pingRequest(
                sequence: try fields.readUInt32(), target: NodeID(try fields.readBytes16()))
        case Kind.nack:
            return .nack(sequence: try fields.readUInt32())
        case Kind.gossip:
            return .gossip
        case foreignKinds:
            return .foreign(kind: kind, fields: Array(fields.readRest()))
        default:
            return .unknown(kind: kind)
        }
    }
}

/// The first 8 bytes of a NodeID: enough to tell whether a ping was meant for its receiver.
package struct NodePrefix: Hashable, Sendable {
    package var word: UInt64

    package init(_ word: UInt64) { self.word = word }
    package init(of node: NodeID) { word = node.bytes.high }

    package func matches(_ node: NodeID) -> Bool { word == node.bytes.high }
}

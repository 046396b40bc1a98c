package import MeshChecks
package import MeshCore

/// Something that a person did, signed by the node that was told, or what a node says of itself: of two records on one subject
/// the higher (revision, node) counts.
///
/// Wire layout (`v` is a varint):
///
///     kind 1 | subject 16 | revision v | actor v, text | time 8 | content | key 32 |
///     generation v | sequence v | signature 64
///
///     content: silence        check 16 | until 8
///              unsilence      check 16
///              acknowledgement check 16 | flip 16
///              message        0, or 1 | check 16, then text v
///              configuration  version v | digest 16 | text v
///              report         faults 1 | text v | unwatched (`NodeReport.Unwatched`)
///
/// As a receipt does, it carries its author's key: a silence counts though who signed it is gone.
package struct Record: SignedStatement, Sendable, Hashable {
    package static let actorByteCountMax = 64
    package static let textByteCountMax = 640

    package var subject: RecordSubject
    package var revision: UInt64
    /// Who did it: as much of it as fits 64 bytes.
    package var actor: RecordText
    package var time: WallTime
    package var content: RecordContent
    /// Whose signature this is under.
    package let key: PublicKey
    /// The author, whose key this is.
    package let node: NodeID
    package var generation: UInt32
    package var sequence: UInt64

    package init(
        subject: RecordSubject, revision: UInt64, actor: RecordText, time: WallTime,
        content: RecordContent, key: PublicKey, generation: UInt32, sequence: UInt64,
        using cryptography: any Cryptography
    ) {
        self.subject = subject
        self.revision = revision
        self.actor = actor
        self.time = time
        self.content = content
        self.key = key
        node = NodeID(of: key, using: cryptography)
        self.generation = generation
        self.sequence = sequence
    }

    /// Whether this one counts where both are about one subject.
    package func prevails(over other: Record) -> Bool {
        (revision, node) > (other.revision, other.node)
    }

    package static var domain: SignatureDomain { .record }

    package func writeBody(to writer: inout ByteWriter) {
        writer.write(content.code)
        writer.write(subject.bytes)
        writer.writeVarint(revision)
        writer.writePrefixed(Array(actor.text.utf8))
        writer.write(time.milliseconds)
        switch content {
        case .silence(let check, let until):
            writer.write(check.bytes)
            writer.write(until.milliseconds)
        case .unsilence(let check):
            writer.write(check.bytes)
        case .acknowledgement(let check, let flip):
            writer.write(check.bytes)
            writer.write(flip.bytes)
        case .message(let check, let text):
            if let check {
                writer.write(1 as UInt8)
                writer.write(check.bytes)
            } else {
                writer.write(0 as UInt8)
            }
            writer.writePrefixed(Array(text.text.utf8))
        case .configuration(let version, let digest, let text):
            writer.writeVarint(version)
            writer.write(digest)
            writer.writePrefixed(Array(text.text.utf8))
        case .report(let report):
            writer.write(report.faults.rawValue)
            writer.writePrefixed(Array(report.text.text.utf8))
            writer.write(report.unwatched)
        }
        writer.write(key.bytes)
        writer.writeVarint(UInt64(generation))
        writer.writeVarint(sequence)
    }

    /// Reads a record that fills `bytes`. The signature is not verified.
    package static func decode(
        _ bytes: [UInt8], using cryptography: any Cryptography
    ) throws(DecodeError) -> (record: Record, signature: Signature) {
        var reader = ByteReader(bytes)
        let code = try reader.readUInt8()
        let subject = RecordSubject(try reader.readBytes16())
        let revision = try reader.readVarint()
        guard revision >= 1 else { throw .invalid }
        let actor = try reader.readText(atMost: actorByteCountMax)
        let time = WallTime(milliseconds: try reader.readUInt64())
        let content = try decodeContent(code, &reader)
        let record = Record(
            subject: subject, revision: revision, actor: actor, time: time, content: content,
            key: PublicKey(try reader.readBytes32()), generation: try reader.readVarint32(),
            sequence: try reader.readVarint(), using: cryptography)
        let signature = try reader.readSignature()
        try reader.requireEnd()
        return (record, signature)
    }

    private static func decodeContent(
        _ code: UInt8, _ reader: inout ByteReader
    ) throws(DecodeError) -> RecordContent {
        switch code {
        case 1:
            return .silence(
                CheckID(try reader.readBytes16()),
                until: WallTime(milliseconds: try reader.readUInt64()))
        case 2: return .unsilence(CheckID(try reader.readBytes16()))
        case 3:
            return .acknowledgement(
                CheckID(try reader.readBytes16()), FlipID(try reader.readBytes16()))
        case 4:
            let about: CheckID? =
                switch try reader.readUInt8() {
                case 0: nil
                case 1: CheckID(try reader.readBytes16())
                default: throw .invalid
                }
            return .message(about: about, try reader.readText(atMost: textByteCountMax))
        case 5:
            return .configuration(
                version: try reader.readVarint(), digest: try reader.readBytes16(),
                try reader.readText(atMost: textByteCountMax))
        case 6:
            let faults = NodeReport.Faults(rawValue: try reader.readUInt8())
            let text = try reader.readText(atMost: NodeReport.textByteCountMax)
            return .report(NodeReport(faults, text, unwatched: try reader.readUnwatched()))
        default: throw .invalid
        }
    }
}

/// What a record says.
package enum RecordContent: Sendable, Hashable {
    case silence(CheckID, until: WallTime)
    case unsilence(CheckID)
    case acknowledgement(CheckID, FlipID)
    case message(about: CheckID?, RecordText)
    case configuration(version: UInt64, digest: Bytes16, RecordText)
    case report(NodeReport)

    var code: UInt8 {
        switch self {
        case .silence: 1
        case .unsilence: 2
        case .acknowledgement: 3
        case .message: 4
        case .configuration: 5
        case .report: 6
        }
    }
}

/// Valid UTF-8 of a bounded length, as people wrote it.
package struct RecordText: Sendable, Hashable, CustomStringConvertible {
    package let text: String

    /// Cut at a character to what a record of any kind can carry.
    package init(_ text: String, atMost limit: Int = Record.textByteCountMax) {
        var kept = ""
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= limit else { break }
            kept.unicodeScalars.append(scalar)
        }
        self.text = kept
    }

    package var description: String { text }
}

extension ByteReader {
    fileprivate mutating func readText(atMost limit: Int) throws(DecodeError) -> RecordText {
        let bytes = try readPrefixed(atMost: limit)
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else { throw .invalid }
        return RecordText(text, atMost: limit)
    }
}

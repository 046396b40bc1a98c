package import MeshCore

/// One unit of a stream between two nodes: a probe for networks that drop UDP, or an exchange of
/// member lists.
///
///     length 4 (of what follows) | kind 1 | body
///
/// The opener of a stream speaks first; each side's first frame is `hello`. The stream itself is
/// encrypted and authenticated by the mesh secret (TLS 1.3 with a pre-shared key).
package enum Frame: Hashable, Sendable {
    /// Larger frames end the stream: nothing of ours needs them.
    package static let byteCountMax = 128 * 1_024
    /// A full frame of entries is sent once it holds this much.
    package static let entriesByteCountTarget = 32 * 1_024
    /// Frames of the parts above membership, which carries them.
    package static let foreignKinds: ClosedRange<UInt8> = 32...127

    case hello(Hello)
    /// A ping or its ack with the updates behind it, exactly as a datagram would carry them.
    case datagram([UInt8])
    /// The digest of each bucket of the sender's member list.
    case offer([UInt64])
    /// The buckets that differ, a bit each: send me yours; mine follow.
    case request(UInt64)
    case entries([MemberEntry])
    /// Everything asked for has been sent.
    case end
    /// One of `foreignKinds`: another part of the node reads the body.
    case foreign(kind: UInt8, body: [UInt8])
    /// A kind of a later version: skipped.
    case unknown(kind: UInt8)

    /// Who speaks on a stream.
    package struct Hello: Hashable, Sendable {
        package var node: NodeID
        package var generation: UInt32
        package var bootID: BootID
        package var wireVersions: ClosedRange<UInt8>

        package init(
            node: NodeID, generation: UInt32, bootID: BootID, wireVersions: ClosedRange<UInt8>
        ) {
            self.node = node
            self.generation = generation
            self.bootID = bootID
            self.wireVersions = wireVersions
        }
    }

    private enum Kind {
        static let hello: UInt8 = 1
        static let datagram: UInt8 = 2
        static let offer: UInt8 = 3
        static let request: UInt8 = 4
        static let entries: UInt8 = 5
        static let end: UInt8 = 6
    }

    package func encoded() -> [UInt8] {
        var body = ByteWriter(reservingCapacity: 64)
        let kind: UInt8
        switch self {
        case .hello(let hello):
            kind = Kind.hello
            body.write(hello.wireVersions.lowerBound)
            body.write(hello.wireVersions.upperBound)
            body.write(hello.node.bytes)
            body.writeVarint(UInt64(hello.generation))
            body.write(hello.bootID.word)
        case .datagram(let bytes):
            kind = Kind.datagram
            body.writeRaw(bytes)
        case .offer(let digests):
            kind = Kind.offer
            body.write(UInt8(digests.count))
            for digest in digests { body.write(digest) }
        case .request(let buckets):
            kind = Kind.request
            body.write(buckets)
        case .entries(let entries):
            kind = Kind.entries
            body.writeVarint(UInt64(entries.count))
            for entry in entries { entry.write(to: &body) }
        case .end:
            kind = Kind.end
        case .foreign(let foreign, let bytes):
            kind = foreign
            body.writeRaw(bytes)
        case .unknown(let unknown):
            kind = unknown
        }
        var frame = ByteWriter(reservingCapacity: body.count + 5)
        frame.write(UInt32(body.count + 1))
        frame.write(kind)
        frame.writeRaw(body.bytes)
        return frame.bytes
    }

    /// Reads the frame that fills `reader`, the length already taken off. Trailing bytes are a
    /// later version's fields in `hello`, and an error everywhere else.
    package static func decode(_ reader: ByteReader) throws(DecodeError) -> Frame {
        var reader = reader
        let kind = try reader.readUInt8()
        switch kind {
        case Kind.hello:
            let lowest = try reader.readUInt8()
            let highest = try reader.readUInt8()
            guard lowest <= highest else { throw .invalid }
            return .hello(
                Hello(
                    node: NodeID(try reader.readBytes16()),
                    generation: try reader.readVarint32(),
                    bootID: BootID(try reader.readUInt64()), wireVersions: lowest...highest))
        case Kind.datagram:
            return .datagram(Array(reader.readRest()))
        case Kind.offer:
            let count = Int(try reader.readUInt8())
            guard count == MemberDigest.bucketCount else { throw .invalid }
            var digests: [UInt64] = []
            for _ in 0..<count { digests.append(try reader.readUInt64()) }
            try reader.requireEnd()
            return .offer(digests)
        case Kind.request:
            let buckets = try reader.readUInt64()
            try reader.requireEnd()
            return .request(buckets)
        case Kind.entries:
            let count = try reader.readVarint()
            guard count <= UInt64(byteCountMax / MemberEntry.byteCountMin) else { throw .tooLarge }
            var entries: [MemberEntry] = []
            for _ in 0..<count { entries.append(try MemberEntry.decode(&reader)) }
            try reader.requireEnd()
            return .entries(entries)
        case Kind.end:
            try reader.requireEnd()
            return .end
        case foreignKinds:
            return .foreign(kind: kind, body: Array(reader.readRest()))
        default:
            return .unknown(kind: kind)
        }
    }
}

/// One member in an exchange of member lists: who it is in its own words, and, unless it is alive,
/// the claim that ended it and for how long that has stood.
///
///     seconds ended v | alive update | has claim 1 | claim update
package struct MemberEntry: Hashable, Sendable {
    /// With the shortest alive statement that can be: one-letter names, an IPv4 address.
    package static let byteCountMin = 124

    /// How long ago the sender took the member for dead, left or forgotten. It only ever grows
    /// from node to node, so that all of them stop remembering at about the same time.
    package var secondsEnded: UInt32
    package var alive: Update
    package var claim: Update?

    package init(secondsEnded: UInt32, alive: Update, claim: Update?) {
        self.secondsEnded = secondsEnded
        self.alive = alive
        self.claim = claim
    }

    package func write(to writer: inout ByteWriter) {
        writer.writeVarint(UInt64(secondsEnded))
        writer.write(alive)
        writer.write((claim == nil ? 0 : 1) as UInt8)
        if let claim { writer.write(claim) }
    }

    package static func decode(_ reader: inout ByteReader) throws(DecodeError) -> MemberEntry {
        let secondsEnded = try reader.readVarint32()
        let alive = try reader.readUpdate()
        guard alive.kind == UpdateKind.alive else { throw .invalid }
        switch try reader.readUInt8() {
        case 0: return MemberEntry(secondsEnded: secondsEnded, alive: alive, claim: nil)
        case 1:
            // Of a kind that a later version added, perhaps: the entry still tells who it is.
            return MemberEntry(
                secondsEnded: secondsEnded, alive: alive, claim: try reader.readUpdate())
        default: throw .invalid
        }
    }
}

/// Cuts a stream's bytes back into frames. Holds at most one unfinished frame.
package struct FrameAssembler: Sendable {
    private var buffer: [UInt8] = []
    private var consumed = 0

    package init() {}

    package mutating func append(_ bytes: [UInt8]) {
        if consumed > 0 {
            buffer.removeFirst(consumed)
            consumed = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame, or `nil` until more bytes arrive. After an error the stream is
    /// useless and must be closed.
    package mutating func next() throws(DecodeError) -> Frame? {
        guard buffer.count - consumed >= 4 else { return nil }
        var header = ByteReader(buffer, in: consumed..<consumed + 4)
        let count = Int(try header.readUInt32())
        guard (1...Frame.byteCountMax).contains(count) else { throw .tooLarge }
        let start = consumed + 4
        guard buffer.count - start >= count else { return nil }
        consumed = start + count
        return try Frame.decode(ByteReader(buffer, in: start..<start + count))
    }
}

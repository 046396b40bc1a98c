package import MeshCore

/// What one node says of another's end: that it suspects it, declares it dead, or was told by an
/// operator to forget it; or, of itself, that it leaves. Signed by its author, so that distinct
/// accusers are distinct keys and nobody says goodbye for somebody else.
///
/// Wire layout (`v` is a varint); the kind is the update's own:
///
///     subject 16 | generation v | incarnation v | author 16 | extension | signature 64
///
/// A *left* has no author field: its author is its subject.
package struct MemberClaim: Hashable, Sendable {
    package enum Kind: UInt8, Sendable, Hashable, CaseIterable {
        case suspect = 2
        case dead = 3
        case left = 4
        case forgotten = 5

        package var state: MemberState {
            switch self {
            case .suspect: .suspect
            case .dead: .dead
            case .left: .left
            case .forgotten: .forgotten
            }
        }
    }

    package static let extensionByteCountMax = 64

    package var kind: Kind
    package var subject: NodeID
    package var generation: UInt32
    package var incarnation: UInt32
    package var author: NodeID
    package var extensionBytes: [UInt8]

    package init(
        _ kind: Kind, subject: NodeID, generation: UInt32, incarnation: UInt32, author: NodeID,
        extensionBytes: [UInt8] = []
    ) {
        precondition(kind != .left || author == subject, "expected nobody to leave for another")
        precondition(
            extensionBytes.count <= Self.extensionByteCountMax,
            "expected an extension within its bound")
        self.kind = kind
        self.subject = subject
        self.generation = generation
        self.incarnation = incarnation
        self.author = author
        self.extensionBytes = extensionBytes
    }

    package var standing: Standing {
        Standing(generation: generation, incarnation: incarnation, state: kind.state)
    }

    package func signedBytes(mesh: MeshID) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 128)
        writer.write(mesh, domain: .claim)
        writer.write(kind.rawValue)
        writeBody(to: &writer)
        return writer.bytes
    }

    package func encoded(signature: Signature) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 128)
        writeBody(to: &writer)
        writer.write(signature)
        return writer.bytes
    }

    private func writeBody(to writer: inout ByteWriter) {
        writer.write(subject.bytes)
        writer.writeVarint(UInt64(generation))
        writer.writeVarint(UInt64(incarnation))
        if kind != .left { writer.write(author.bytes) }
        writer.writeRaw(extensionBytes)
    }

    /// Reads a claim of `kind` that fills `reader` to its end. The signature is not verified.
    package static func decode(
        _ kind: Kind, _ reader: ByteReader
    ) throws(DecodeError) -> (claim: MemberClaim, signature: Signature) {
        guard reader.remaining >= Signature.byteCount else { throw .truncated }
        var reader = reader
        var body = try reader.readSection(reader.remaining - Signature.byteCount)
        let signature = try reader.readSignature()
        let subject = NodeID(try body.readBytes16())
        let generation = try body.readVarint32()
        let incarnation = try body.readVarint32()
        let author = kind == .left ? subject : NodeID(try body.readBytes16())
        guard generation >= 1 else { throw .invalid }
        guard body.remaining <= extensionByteCountMax else { throw .tooLarge }
        let claim = MemberClaim(
            kind, subject: subject, generation: generation, incarnation: incarnation,
            author: author, extensionBytes: Array(body.readRest()))
        return (claim, signature)
    }
}

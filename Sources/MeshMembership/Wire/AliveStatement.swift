package import MeshCore

/// A member's own word that it lives, who it is and where: the only statement that introduces a
/// member, raises an incarnation or starts a generation. Signed by the member itself.
///
/// Wire layout, in order (`v` is a varint, `l` a varint length and that many bytes):
///
///     public key 32 | name l | zone l | address 7 or 19 | generation v | boot id 8 |
///     incarnation v | born v | wire versions: lowest 1, highest 1 | extension | signature 64
///
/// `extension` is whatever a later version adds: at most `extensionByteCountMax` bytes that this
/// version does not understand, keeps, relays and verifies as part of what was signed.
package struct AliveStatement: SignedStatement, Hashable, Sendable {
    package static let extensionByteCountMax = 256

    package var key: PublicKey
    package var name: Label
    package var zone: Label
    package var address: SocketAddress
    /// Which start of the node this is; the first is 1.
    package var generation: UInt32
    package var bootID: BootID
    /// How many accusations it has refuted since it started.
    package var incarnation: UInt32
    /// When the node's key was made, in seconds since 1970 by its own wall clock: of two living
    /// holders of a name the older keeps it.
    package var born: UInt32
    package var wireVersions: ClosedRange<UInt8>
    package var extensionBytes: [UInt8]

    package init(
        key: PublicKey, name: Label, zone: Label, address: SocketAddress, generation: UInt32,
        bootID: BootID, incarnation: UInt32, born: UInt32, wireVersions: ClosedRange<UInt8>,
        extensionBytes: [UInt8] = []
    ) {
        precondition(
            extensionBytes.count <= Self.extensionByteCountMax,
            "expected an extension within its bound")
        self.key = key
        self.name = name
        self.zone = zone
        self.address = address
        self.generation = generation
        self.bootID = bootID
        self.incarnation = incarnation
        self.born = born
        self.wireVersions = wireVersions
        self.extensionBytes = extensionBytes
    }

    package var standing: Standing {
        Standing(generation: generation, incarnation: incarnation, state: .alive)
    }

    package static var domain: SignatureDomain { .alive }

    package func writeBody(to writer: inout ByteWriter) {
        writer.write(key.bytes)
        writer.write(name)
        writer.write(zone)
        writer.write(address)
        writer.writeVarint(UInt64(generation))
        writer.write(bootID.word)
        writer.writeVarint(UInt64(incarnation))
        writer.writeVarint(UInt64(born))
        writer.write(wireVersions.lowerBound)
        writer.write(wireVersions.upperBound)
        writer.writeRaw(extensionBytes)
    }

    /// Reads a statement that fills `reader` to its end. The signature is read, not verified.
    package static func decode(
        _ reader: ByteReader
    ) throws(DecodeError) -> (statement: AliveStatement, signature: Signature) {
        guard reader.remaining >= Signature.byteCount else { throw .truncated }
        var reader = reader
        var body = try reader.readSection(reader.remaining - Signature.byteCount)
        let signature = try reader.readSignature()
        let key = PublicKey(try body.readBytes32())
        let name = try body.readLabel()
        let zone = try body.readLabel()
        let address = try body.readSocketAddress()
        guard !address.isUnspecified else { throw .invalid }
        let generation = try body.readVarint32()
        let bootID = BootID(try body.readUInt64())
        let incarnation = try body.readVarint32()
        let born = try body.readVarint32()
        let lowest = try body.readUInt8()
        let highest = try body.readUInt8()
        guard generation >= 1, lowest <= highest else { throw .invalid }
        guard body.remaining <= extensionByteCountMax else { throw .tooLarge }
        let statement = AliveStatement(
            key: key, name: name, zone: zone, address: address, generation: generation,
            bootID: bootID, incarnation: incarnation, born: born, wireVersions: lowest...highest,
            extensionBytes: Array(body.readRest()))
        return (statement, signature)
    }
}

package import MeshCore

/// The part of every datagram that is not encrypted, all of it authenticated:
///
///     wire version 1 | flags 1 | key id 4 | boot id 8 | counter 6 | [node id 16 | generation 4]
///
/// The boot id names the session that the datagram is sealed under. The long form adds what a
/// receiver needs to derive that session's key; it is used until the receiver has answered this
/// boot of the sender, and again whenever it has not.
package struct PacketHeader: Sendable, Hashable {
    package static let shortByteCount = 20
    package static let longByteCount = 40
    /// A counter has 48 bits: at 1,000 datagrams a second they last 8,900 years.
    package static let counterMax: UInt64 = 1 << 48 - 1

    package struct Introduction: Sendable, Hashable {
        package var node: NodeID
        package var generation: UInt32

        package init(node: NodeID, generation: UInt32) {
            self.node = node
            self.generation = generation
        }
    }

    package var wireVersion: UInt8
    package var keyID: UInt32
    package var bootID: BootID
    package var counter: UInt64
    /// Present in the long form.
    package var introduction: Introduction?

    package init(
        wireVersion: UInt8, keyID: UInt32, bootID: BootID, counter: UInt64,
        introduction: Introduction?
    ) {
        precondition(counter <= Self.counterMax, "expected a counter within 48 bits")
        self.wireVersion = wireVersion
        self.keyID = keyID
        self.bootID = bootID
        self.counter = counter
        self.introduction = introduction
    }

    package var byteCount: Int {
        introduction == nil ? Self.shortByteCount : Self.longByteCount
    }

    private static let longFlag: UInt8 = 1

    package func write(to writer: inout ByteWriter) {
        writer.write(wireVersion)
        writer.write(introduction == nil ? 0 : Self.longFlag)
        writer.write(keyID)
        writer.write(bootID.word)
        writer.write(UInt16(truncatingIfNeeded: counter >> 32))
        writer.write(UInt32(truncatingIfNeeded: counter))
        if let introduction {
            writer.write(introduction.node.bytes)
            writer.write(introduction.generation)
        }
    }

    /// Reads a header from a datagram's beginning. Flags that this version does not know are left
    /// to the versions that do: they change nothing here.
    package static func decode(_ reader: inout ByteReader) throws(DecodeError) -> PacketHeader {
        let version = try reader.readUInt8()
        let flags = try reader.readUInt8()
        let keyID = try reader.readUInt32()
        let bootID = BootID(try reader.readUInt64())
        let high = try reader.readUInt16()
        let counter = UInt64(high) << 32 | UInt64(try reader.readUInt32())
        var introduction: Introduction?
        if flags & longFlag != 0 {
            introduction = Introduction(
                node: NodeID(try reader.readBytes16()), generation: try reader.readUInt32())
        }
        return PacketHeader(
            wireVersion: version, keyID: keyID, bootID: bootID, counter: counter,
            introduction: introduction)
    }
}

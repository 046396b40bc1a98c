package import MeshCore
package import MeshMembership

/// A datagram's header as an onlooker reads it, and the payload, which the simulator's fake
/// sealing leaves readable. For invariants and attackers; the nodes have their own codec, and this
/// one is written apart from it on purpose.
///
///     wire version 1 | flags 1 | key id 4 | boot id 8 | counter 6 | [NodeID 16 | generation 4]
package struct DatagramHeader: Sendable, Hashable {
    package var wireVersion: UInt8
    package var isLong: Bool
    package var keyID: UInt32
    package var bootID: BootID
    package var counter: UInt64
    /// The sender and its generation, in the long form.
    package var identity: Introduction?
    package var byteCount: Int

    package struct Introduction: Sendable, Hashable {
        package var node: NodeID
        package var generation: UInt32
    }

    private static let longFormFlag: UInt8 = 1

    /// `nil` if the bytes are too short for a header and a tag.
    package init?(_ datagram: [UInt8]) {
        var reader = ByteReader(datagram)
        do throws(DecodeError) {
            wireVersion = try reader.readUInt8()
            isLong = try reader.readUInt8() & Self.longFormFlag != 0
            keyID = try reader.readUInt32()
            bootID = BootID(try reader.readUInt64())
            counter = UInt64(try reader.readUInt16()) << 32 | UInt64(try reader.readUInt32())
            identity =
                isLong
                ? Introduction(
                    node: NodeID(try reader.readBytes16()), generation: try reader.readUInt32())
                : nil
        } catch {
            return nil
        }
        guard reader.remaining >= sealTagByteCount else { return nil }
        byteCount = datagram.count - reader.remaining
    }

    /// The message and the updates inside. `nil` if they cannot be read.
    package static func contents(
        of datagram: [UInt8]
    ) -> (header: DatagramHeader, message: Message, updates: [Update])? {
        guard let header = DatagramHeader(datagram) else { return nil }
        var reader = ByteReader(
            datagram, in: header.byteCount..<datagram.count - sealTagByteCount)
        do throws(DecodeError) {
            let message = try Message.decode(&reader)
            var updates: [Update] = []
            while !reader.isAtEnd { updates.append(try reader.readUpdate()) }
            return (header, message, updates)
        } catch {
            return nil
        }
    }
}

import MeshCore
import MeshEngine

/// The part of a datagram that anybody can write: it is read before the tag is checked.
enum Target: FuzzTarget {
    static let seeds: [[UInt8]] = [
        encoded(
            PacketHeader(
                wireVersion: 1, keyID: 2, bootID: BootID(3), counter: 4, introduction: nil)),
        encoded(
            PacketHeader(
                wireVersion: 1, keyID: 2, bootID: BootID(3), counter: PacketHeader.counterMax,
                introduction: .init(node: Seeds.node, generation: 5))),
    ]

    static func run(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let header = try? PacketHeader.decode(&reader) else { return }
        precondition(
            bytes.count - reader.remaining == header.byteCount, "expected its length to be read")
        var again = ByteReader(encoded(header))
        precondition((try? PacketHeader.decode(&again)) == header, "expected the same header")
        precondition(again.isAtEnd, "expected nothing more")
    }

    static func encoded(_ header: PacketHeader) -> [UInt8] {
        var writer = ByteWriter()
        header.write(to: &writer)
        return writer.bytes
    }
}

import MeshCore
import MeshMembership

/// What a datagram or a probing frame holds: a message and the updates behind it.
enum Target: FuzzTarget {
    static let seeds: [[UInt8]] = Seeds.messages.map { message in
        var writer = ByteWriter()
        message.write(to: &writer)
        for update in Seeds.updates { writer.write(update) }
        return writer.bytes
    }

    static func run(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let message = try? Message.decode(&reader) else { return }
        var updates: [Update] = []
        while !reader.isAtEnd, let update = try? reader.readUpdate() { updates.append(update) }

        var writer = ByteWriter()
        message.write(to: &writer)
        precondition(writer.count <= Message.byteCountMax, "expected the bound to hold")
        for update in updates {
            let start = writer.count
            writer.write(update)
            precondition(writer.count - start == update.encodedByteCount, "expected this size")
        }
        var again = ByteReader(writer.bytes)
        precondition((try? Message.decode(&again)) == message, "expected the same message")
        for update in updates {
            precondition((try? again.readUpdate()) == update, "expected the same update")
        }
        precondition(again.isAtEnd, "expected nothing more")
    }
}

package import MeshCore

/// *I have just come, and can vouch for nothing that was before.* Whoever waits for a quorum of
/// others to vouch for a flip need not wait for this node.
///
///     flags 1: 1 and you? | milliseconds since it settled v
package struct Arrival: Hashable, Sendable {
    /// Whether an answer is wanted from who has just come, too.
    package var asks: Bool
    package var age: TimeSpan

    package init(asks: Bool, age: TimeSpan) {
        self.asks = asks
        self.age = age
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 4)
        writer.write(UInt8(asks ? 1 : 0))
        writer.writeVarint(UInt64(max(0, age.milliseconds)))
        return writer.bytes
    }

    /// Reads a message that fills `reader` to its end.
    package static func decode(_ reader: ByteReader) throws(DecodeError) -> Arrival {
        var reader = reader
        let flags = try reader.readUInt8()
        guard flags <= 1 else { throw .invalid }
        let milliseconds = try reader.readVarint()
        try reader.requireEnd()
        // A day is as good as a century: nobody has just come then.
        let age = TimeSpan.milliseconds(Int64(min(milliseconds, 86_400_000)))
        return Arrival(asks: flags == 1, age: age)
    }
}

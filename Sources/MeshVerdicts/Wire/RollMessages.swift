package import MeshChecks
package import MeshCore
package import MeshPlacement

/// *Which list is behind this digest?* A minter asks the signer, for a certificate carries the list.
///
///     check 16 | digest 8
package struct AskRoll: Hashable, Sendable {
    package var check: CheckID
    package var digest: UInt64

    package init(check: CheckID, digest: UInt64) {
        self.check = check
        self.digest = digest
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 24)
        writer.write(check.bytes)
        writer.write(digest)
        return writer.bytes
    }

    /// Reads a question that fills `reader` to its end.
    package static func decode(_ reader: ByteReader) throws(DecodeError) -> AskRoll {
        var reader = reader
        let check = CheckID(try reader.readBytes16())
        let digest = try reader.readUInt64()
        try reader.requireEnd()
        return AskRoll(check: check, digest: digest)
    }
}

/// The list that was asked for; whoever asked hashes it and keeps it only if the digest is right.
///
///     check 16 | roll
package struct RollAnswer: Hashable, Sendable {
    package var check: CheckID
    package var roll: Roll

    package init(check: CheckID, roll: Roll) {
        self.check = check
        self.roll = roll
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 320)
        writer.write(check.bytes)
        roll.write(to: &writer)
        return writer.bytes
    }

    /// Reads an answer that fills `reader` to its end.
    package static func decode(_ reader: ByteReader) throws(DecodeError) -> RollAnswer {
        var reader = reader
        let check = CheckID(try reader.readBytes16())
        let roll = try Roll.decode(&reader)
        try reader.requireEnd()
        return RollAnswer(check: check, roll: roll)
    }
}

package import MeshCore

/// That its sender still watches and still stands by what it signed; sealed, not signed, sent to
/// each co-owner every 3 s and to each member that asked.
///
///     generation v | sequence v | digest 8 | flags 1: 1 observes nothing | not observed: count 1, each 8
package struct Head: Hashable, Sendable {
    /// The longest encoding: 64 checks not observed.
    package static let byteCountMax = 537

    package var generation: UInt32
    /// Of the last entry of its own log.
    package var lastSequence: UInt64
    /// Over its standing entries about checks that it shares with the receiver.
    package var digest: UInt64
    /// None of its checks was observed in time: more than the list can name, or all of them.
    package var observesNothing: Bool
    /// Shared checks not observed within two intervals and a timeout, for which it counts as
    /// absent. At most `CheckPrefix.listCountMax`.
    package var notObserved: [CheckPrefix]

    package init(
        generation: UInt32, lastSequence: UInt64, digest: UInt64, observesNothing: Bool = false,
        notObserved: [CheckPrefix] = []
    ) {
        precondition(
            notObserved.count <= CheckPrefix.listCountMax, "expected a list within its bound")
        self.generation = generation
        self.lastSequence = lastSequence
        self.digest = digest
        self.observesNothing = observesNothing
        self.notObserved = notObserved
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.writeVarint(UInt64(generation))
        writer.writeVarint(lastSequence)
        writer.write(digest)
        writer.write((observesNothing ? 1 : 0) as UInt8)
        writer.write(notObserved)
        return writer.bytes
    }

    /// Reads a head that fills `reader` to its end.
    package static func decode(_ reader: ByteReader) throws(DecodeError) -> Head {
        var reader = reader
        let generation = try reader.readVarint32()
        let lastSequence = try reader.readVarint()
        let digest = try reader.readUInt64()
        let flags = try reader.readUInt8()
        guard generation >= 1, flags <= 1 else { throw .invalid }
        let notObserved = try reader.readCheckPrefixes()
        try reader.requireEnd()
        return Head(
            generation: generation, lastSequence: lastSequence, digest: digest,
            observesNothing: flags == 1, notObserved: notObserved)
    }
}

/// *Do you stand by what you signed about these?* Answered by the entries and a head.
///
///     count 1, each 8
package struct AskStanding: Hashable, Sendable {
    /// At most `CheckPrefix.listCountMax`.
    package var checks: [CheckPrefix]

    package init(checks: [CheckPrefix]) {
        precondition(checks.count <= CheckPrefix.listCountMax, "expected a list within its bound")
        self.checks = checks
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(checks)
        return writer.bytes
    }

    /// Reads a question that fills `reader` to its end.
    package static func decode(_ reader: ByteReader) throws(DecodeError) -> AskStanding {
        var reader = reader
        let checks = try reader.readCheckPrefixes()
        try reader.requireEnd()
        return AskStanding(checks: checks)
    }
}

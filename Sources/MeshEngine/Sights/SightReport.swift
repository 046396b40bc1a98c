package import MeshCore
package import MeshVerdicts

/// What the first owners of some checks saw last, for people who ask a node that does not look at
/// them itself. Unsigned, believed of whoever says it, and decided upon by nobody.
///
///     count 1 | for each: check prefix 8 | latency in 100 µs v | seconds since v
package struct SightReport: Hashable, Sendable {
    package static let entriesMax = 64
    /// Longer ones are told as this.
    package static let latencyMax = TimeSpan.minutes(10)

    package struct Entry: Hashable, Sendable {
        package var check: CheckPrefix
        package var latency: TimeSpan
        /// Whole seconds since the look ended, when this was written.
        package var age: UInt32

        package init(check: CheckPrefix, latency: TimeSpan, age: UInt32) {
            self.check = check
            self.latency = latency
            self.age = age
        }
    }

    package var entries: [Entry]

    /// Expects at most `entriesMax` entries.
    package init(_ entries: [Entry]) {
        precondition(entries.count <= Self.entriesMax, "expected a report within its bound")
        self.entries = entries
    }

    private static let unit = TimeSpan.microseconds(100)

    package var update: Update {
        var writer = ByteWriter(reservingCapacity: 1 + entries.count * 13)
        writer.write(UInt8(entries.count))
        for entry in entries {
            let latency = entry.latency.clamped(from: .zero, to: Self.latencyMax)
            writer.write(entry.check.word)
            writer.writeVarint(UInt64(latency.nanoseconds / Self.unit.nanoseconds))
            writer.writeVarint(UInt64(entry.age))
        }
        return Update(kind: UpdateKind.sights, body: writer.bytes)
    }

    package static func decode(_ update: Update) throws(DecodeError) -> SightReport {
        var reader = ByteReader(update.body)
        let count = Int(try reader.readUInt8())
        guard count <= entriesMax else { throw .tooLarge }
        var entries: [Entry] = []
        for _ in 0..<count {
            let check = CheckPrefix(try reader.readUInt64())
            let latency = try reader.readVarint()
            guard latency <= UInt64(latencyMax.nanoseconds / unit.nanoseconds) else {
                throw .invalid
            }
            entries.append(
                Entry(
                    check: check, latency: unit * Int(latency), age: try reader.readVarint32()))
        }
        return SightReport(entries)
    }
}

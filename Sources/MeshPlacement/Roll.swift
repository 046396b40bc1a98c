package import MeshChecks
package import MeshCore

/// Who counts for a check as its signer saw it: the R + 12 lowest known in rank order, each with
/// its zone. A signature covers the digest; the list itself travels in a certificate, so that
/// eligibility is judged from that alone.
package struct Roll: Hashable, Sendable {
    package static let entriesMax = VotingRule.confirmationsMax + Placement.slack

    package struct Entry: Hashable, Sendable {
        package var node: NodeID
        package var zone: Label

        package init(node: NodeID, zone: Label) {
            self.node = node
            self.zone = zone
        }
    }

    package let entries: [Entry]

    /// Expects at most `entriesMax` entries and no node twice.
    package init(entries: [Entry]) {
        precondition(
            entries.count <= Self.entriesMax && Set(entries.map(\.node)).count == entries.count,
            "expected each node once and at most the confirmers of a check")
        self.entries = entries
    }

    /// The same for entries that are known to be so.
    package init(distinct entries: [Entry]) { self.entries = entries }

    /// The node's place among all known, 0 the lowest; `nil` for who does not count.
    package func rank(of node: NodeID) -> Int? { entries.firstIndex { $0.node == node } }

    package func zone(of node: NodeID) -> Label? {
        rank(of: node).map { entries[$0].zone }
    }

    /// Whether the entries are in the order of `check`, as every honest list is. A liar could else
    /// name its friends first.
    package func isRanked(for check: CheckID) -> Bool {
        zip(entries, entries.dropFirst()).allSatisfy { lower, higher in
            let scores = (
                Score(of: lower.node, for: check), Score(of: higher.node, for: check)
            )
            return scores.0 == scores.1 ? lower.node < higher.node : scores.0 < scores.1
        }
    }

    /// The first 8 bytes of H("roll", encoding). `StableHash` would not do: two lists with one
    /// digest would let a signature stand for the one that its signer never saw.
    package func digest(using cryptography: any Cryptography) -> UInt64 {
        var hash = TaggedHash("roll")
        hash.combine(encoded)
        return hash.finalize(using: cryptography).high
    }
}

// zones v | labels, in order of first use | entries v | each: node 16, zone's number v
extension Roll {
    package func write(to writer: inout ByteWriter) {
        var zones: [Label] = []
        for entry in entries where !zones.contains(entry.zone) { zones.append(entry.zone) }
        writer.writeVarint(UInt64(zones.count))
        for zone in zones { writer.write(zone) }
        writer.writeVarint(UInt64(entries.count))
        for entry in entries {
            writer.write(entry.node.bytes)
            writer.writeVarint(UInt64(zones.firstIndex(of: entry.zone) ?? 0))
        }
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter(reservingCapacity: entries.count * 17 + 64)
        write(to: &writer)
        return writer.bytes
    }

    /// A roll that is all there is in `bytes`.
    package static func decode(_ bytes: [UInt8]) throws(DecodeError) -> Roll {
        var reader = ByteReader(bytes)
        let roll = try decode(&reader)
        try reader.requireEnd()
        return roll
    }

    /// Accepts what `write` makes and nothing else: one roll, one encoding, one digest.
    package static func decode(_ reader: inout ByteReader) throws(DecodeError) -> Roll {
        func readCount() throws(DecodeError) -> Int {
            let count = try reader.readVarint()
            guard count <= UInt64(entriesMax) else { throw .tooLarge }
            return Int(count)
        }
        var zones: [Label] = []
        for _ in 0..<(try readCount()) {
            let zone = try reader.readLabel()
            guard !zones.contains(zone) else { throw .invalid }
            zones.append(zone)
        }
        var entries: [Entry] = []
        var nodes: Set<NodeID> = []
        var zonesUsed = 0
        for _ in 0..<(try readCount()) {
            let node = NodeID(try reader.readBytes16())
            let number = try reader.readVarint()
            guard number < UInt64(zones.count), number <= UInt64(zonesUsed),
                nodes.insert(node).inserted
            else { throw .invalid }
            if number == UInt64(zonesUsed) { zonesUsed += 1 }
            entries.append(Entry(node: node, zone: zones[Int(number)]))
        }
        guard zonesUsed == zones.count else { throw .invalid }
        return Roll(distinct: entries)
    }
}

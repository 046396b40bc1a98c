import MeshCore
import MeshPlacement

/// The member lists of a certificate, each zone and each node written once. The layout is told with
/// the certificate's.
struct RollTable {
    private static let nodesMax = Certificate.supportersMax * Roll.entriesMax

    var rolls: [Roll]
    private let signers: [NodeID]

    init(_ rolls: [Roll], signers: [NodeID]) {
        self.rolls = rolls
        self.signers = signers
    }

    func write(to writer: inout ByteWriter) {
        var zones: [Label] = []
        var zoneNumbers: [Label: Int] = [:]
        var nodes: [Roll.Entry] = []
        var nodeNumbers: [Roll.Entry: Int] = [:]
        for roll in rolls {
            for entry in roll.entries where nodeNumbers[entry] == nil {
                nodeNumbers[entry] = nodes.count
                nodes.append(entry)
                guard zoneNumbers[entry.zone] == nil else { continue }
                zoneNumbers[entry.zone] = zones.count
                zones.append(entry.zone)
            }
        }
        writer.writeVarint(UInt64(zones.count))
        for zone in zones { writer.write(zone) }
        writer.writeVarint(UInt64(nodes.count))
        for entry in nodes {
            let zone = UInt64(zoneNumbers[entry.zone] ?? 0) * 2
            if let signer = signers.firstIndex(of: entry.node) {
                writer.writeVarint(zone + 1)
                writer.writeVarint(UInt64(signer))
            } else {
                writer.writeVarint(zone)
                writer.write(entry.node.bytes)
            }
        }
        writer.writeVarint(UInt64(rolls.count))
        for roll in rolls {
            let runs = Self.runs(of: roll.entries.map { nodeNumbers[$0] ?? 0 })
            writer.writeVarint(UInt64(runs.count))
            for run in runs {
                writer.writeVarint(UInt64(run.lowerBound))
                writer.writeVarint(UInt64(run.count))
            }
        }
    }

    /// Refuses what would overflow a bound or name a node twice in one roll; the certificate
    /// refuses what `write` would have written otherwise.
    static func decode(
        _ reader: inout ByteReader, signers: [NodeID]
    ) throws(DecodeError) -> RollTable {
        var zones: [Label] = []
        for _ in 0..<(try reader.readCount(0...nodesMax, each: 2)) {
            zones.append(try reader.readLabel())
        }
        var nodes: [Roll.Entry] = []
        for _ in 0..<(try reader.readCount(0...nodesMax, each: 2)) {
            let zone = try reader.readVarint()
            guard zone / 2 < UInt64(zones.count) else { throw .invalid }
            let node: NodeID
            if zone.isMultiple(of: 2) {
                node = NodeID(try reader.readBytes16())
            } else {
                let signer = try reader.readVarint()
                guard signer < UInt64(signers.count) else { throw .invalid }
                node = signers[Int(signer)]
            }
            nodes.append(Roll.Entry(node: node, zone: zones[Int(zone / 2)]))
        }
        var rolls: [Roll] = []
        for _ in 0..<(try reader.readCount(1...Certificate.supportersMax, each: 1)) {
            rolls.append(try decodeRoll(&reader, nodes: nodes))
        }
        return RollTable(rolls, signers: signers)
    }

    private static func decodeRoll(
        _ reader: inout ByteReader, nodes: [Roll.Entry]
    ) throws(DecodeError) -> Roll {
        var entries: [Roll.Entry] = []
        var ids: Set<NodeID> = []
        for _ in 0..<(try reader.readCount(0...Roll.entriesMax, each: 2)) {
            let start = try reader.readVarint()
            let count = try reader.readVarint()
            guard start < UInt64(nodes.count), count <= UInt64(nodes.count) - start else {
                throw .invalid
            }
            guard count <= UInt64(Roll.entriesMax - entries.count) else { throw .tooLarge }
            for entry in nodes[Int(start)..<Int(start + count)] {
                guard ids.insert(entry.node).inserted else { throw .invalid }
                entries.append(entry)
            }
        }
        return Roll(entries: entries)
    }

    /// The longest runs of numbers that follow one another.
    private static func runs(of numbers: [Int]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound == number {
                runs[runs.count - 1] = last.lowerBound..<number + 1
            } else {
                runs.append(number..<number + 1)
            }
        }
        return runs
    }
}

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

    /// Accepts what `write` makes and nothing else: zones in the order in which the nodes name them,
    /// nodes in that of the rolls, each of both once; a signer by its place; runs as long as can be.
    static func decode(
        _ reader: inout ByteReader, signers: [NodeID]
    ) throws(DecodeError) -> RollTable {
        var zones: [Label] = []
        for _ in 0..<(try reader.readCount(0...nodesMax, each: 2)) {
            zones.append(try reader.readLabel())
        }
        let nodes = try decodeNodes(&reader, zones: zones, signers: signers)
        var rolls: [Roll] = []
        var nodesUsed = 0
        for _ in 0..<(try reader.readCount(1...Certificate.supportersMax, each: 1)) {
            rolls.append(try decodeRoll(&reader, nodes: nodes, used: &nodesUsed))
        }
        guard nodesUsed == nodes.count else { throw .invalid }
        return RollTable(rolls, signers: signers)
    }

    private static func decodeNodes(
        _ reader: inout ByteReader, zones: [Label], signers: [NodeID]
    ) throws(DecodeError) -> [Roll.Entry] {
        let count = try reader.readCount(0...nodesMax, each: 2)
        var nodes: [Roll.Entry] = []
        nodes.reserveCapacity(count)
        var listed = Set<Listed>(minimumCapacity: count)
        var zonesUsed: UInt64 = 0
        for _ in 0..<count {
            let coded = try reader.readVarint()
            let zone = coded / 2
            guard zone < UInt64(zones.count), zone <= zonesUsed else { throw .invalid }
            if zone == zonesUsed { zonesUsed += 1 }
            let node: NodeID
            if coded.isMultiple(of: 2) {
                node = NodeID(try reader.readBytes16())
                guard !signers.contains(node) else { throw .invalid }
            } else {
                let signer = try reader.readVarint()
                guard signer < UInt64(signers.count) else { throw .invalid }
                node = signers[Int(signer)]
                // Two signers of one name are refused elsewhere; here the first stands for both.
                guard signers.firstIndex(of: node) == Int(signer) else { throw .invalid }
            }
            guard listed.insert(Listed(node: node, zone: zone)).inserted else { throw .invalid }
            nodes.append(Roll.Entry(node: node, zone: zones[Int(zone)]))
        }
        guard zonesUsed == UInt64(zones.count), Set(zones).count == zones.count else {
            throw .invalid
        }
        return nodes
    }

    /// A node may be in two zones, by the rolls of two signers.
    private struct Listed: Hashable {
        var node: NodeID
        var zone: UInt64
    }

    /// Expects `used` nodes to have been used by the rolls before, and counts on.
    private static func decodeRoll(
        _ reader: inout ByteReader, nodes: [Roll.Entry], used: inout Int
    ) throws(DecodeError) -> Roll {
        var entries: [Roll.Entry] = []
        var end: Int?
        for _ in 0..<(try reader.readCount(0...Roll.entriesMax, each: 2)) {
            let first = try reader.readVarint()
            let count = try reader.readVarint()
            guard first <= UInt64(used), first < UInt64(nodes.count), first != end.map(UInt64.init),
                (1...UInt64(nodes.count) - first).contains(count)
            else { throw .invalid }
            guard count <= UInt64(Roll.entriesMax - entries.count) else { throw .tooLarge }
            let run = Int(first)..<Int(first + count)
            for entry in nodes[run] {
                // At most as many as one roll has: no set is as fast.
                guard !entries.contains(where: { $0.node == entry.node }) else { throw .invalid }
                entries.append(entry)
            }
            used = max(used, run.upperBound)
            end = run.upperBound
        }
        return Roll(distinct: entries)
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

import MeshChecks
import MeshCore
import MeshPlacement
import MeshVerdicts
import Testing

/// That a certificate has one encoding: whatever is decoded would be written as it was read. The
/// decoder refuses all else field by field and does not write it again to compare, which once took
/// as long as all the rest of it.
struct CertificateFormTests {
    /// True if the bytes are a certificate. One that is none is refused; one that would be written
    /// otherwise fails the test.
    private func isOneForm(_ bytes: [UInt8], by proof: Proof, _ what: String) -> Bool {
        guard let decoded = try? proof.decode(bytes) else { return false }
        #expect(decoded.encoded() == bytes, "\(what)")
        return true
    }

    private func someCertificate(definition: Bool) throws -> (Proof, [UInt8]) {
        let proof = try Proof(members: 6)
        var entries = proof.roll.entries
        entries[2].zone = entries[0].zone
        let rolls = [proof.roll, proof.roll([0, 1, 3, 4]), Roll(entries: entries)]
        let certificate = try proof.certificate(
            by: [0, 1, 3], rolls: rolls, definition: definition
        ) { place, entry in
            entry.reason = Reason(place == 1 ? "refused" : "")
        }
        return (proof, certificate.encoded())
    }

    @Test(arguments: [false, true])
    func `a byte that is lost, added or changed leaves no second form`(definition: Bool) throws {
        let (proof, bytes) = try someCertificate(definition: definition)
        var found = 0
        for place in bytes.indices {
            var lost = bytes
            lost.remove(at: place)
            found += isOneForm(lost, by: proof, "without \(place)") ? 1 : 0
            for byte in [0, 1, 2, 3, 0x7F, 0x80, 0xFF, bytes[place]] as [UInt8] {
                var added = bytes
                added.insert(byte, at: place)
                found += isOneForm(added, by: proof, "\(byte) before \(place)") ? 1 : 0
                var changed = bytes
                changed[place] = byte
                found += isOneForm(changed, by: proof, "\(byte) at \(place)") ? 1 : 0
            }
        }
        #expect(found > bytes.count)
    }

    /// Each number as a longer varint: its last byte goes on, and a zero follows.
    @Test(arguments: [1, 2, 8]) func `no number can be lengthened`(zeros: Int) throws {
        let (proof, bytes) = try someCertificate(definition: true)
        for place in bytes.indices where bytes[place] < 0x80 {
            var longer = bytes
            longer[place] |= 0x80
            longer.insert(contentsOf: Array(repeating: 0x80, count: zeros - 1) + [0], at: place + 1)
            _ = isOneForm(longer, by: proof, "longer at \(place)")
        }
    }

    /// Tables of rolls that are nearly as they are written: with zones, nodes and runs in any order,
    /// twice or unused, and signers written out. Few are right, and only those are read.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `of all tables that say the same, one is read`(seed: UInt64) throws {
        let proof = try Proof(members: 4, zones: ["eu", "us"])
        var generator = SeededGenerator(seed: seed)
        let certificate = try proof.certificate(rolls: [proof.roll, proof.roll([0, 1])])
        let bytes = certificate.encoded()
        let table = tableRange(of: certificate, in: bytes)
        var read = 0
        for round in 0..<4_000 {
            let changed =
                bytes[..<table.lowerBound]
                + randomTable(proof, certificate.supporters.map(\.node), &generator)
                + bytes[table.upperBound...]
            read += isOneForm(Array(changed), by: proof, "seed \(seed), table \(round)") ? 1 : 0
        }
        #expect((1..<2_000).contains(read))
    }

    /// Behind the signers, before the rule and the hash of the text.
    private func tableRange(of certificate: Certificate, in bytes: [UInt8]) -> Range<Int> {
        var definition = ByteWriter()
        certificate.definition.rule.write(to: &definition)
        let end = bytes.count - definition.bytes.count - 17
        // The first zone's label is found in nothing before it: ids and signatures are the stub's.
        let label: [UInt8] = [2, 2] + Array("eu".utf8)
        let start = bytes.indices.first { bytes[$0...].starts(with: label) }
        return (start ?? end)..<end
    }

    private func randomTable(
        _ proof: Proof, _ signers: [NodeID], _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var writer = ByteWriter()
        let labels = ["eu", "us"].compactMap { Label($0) }
        let zoneCount = 1 + generator.index(below: 2)
        writer.writeVarint(UInt64(zoneCount))
        for _ in 0..<zoneCount { writer.write(labels[generator.index(below: 2)]) }
        let nodeCount = 1 + generator.index(below: 3)
        writer.writeVarint(UInt64(nodeCount))
        for _ in 0..<nodeCount {
            let zone = UInt64(generator.index(below: zoneCount))
            let node = proof.members[generator.index(below: 3)].node
            if let signer = signers.firstIndex(of: node), generator.index(below: 8) > 0 {
                writer.writeVarint(zone * 2 + 1)
                writer.writeVarint(UInt64(signer))
            } else {
                writer.writeVarint(zone * 2)
                writer.write(node.bytes)
            }
        }
        // The two signers' rolls.
        writer.writeVarint(2)
        for _ in 0..<2 {
            let runCount = 1 + generator.index(below: 2)
            writer.writeVarint(UInt64(runCount))
            for _ in 0..<runCount {
                writer.writeVarint(UInt64(generator.index(below: nodeCount)))
                writer.writeVarint(UInt64(generator.index(below: nodeCount + 1)))
            }
        }
        return writer.bytes
    }
}

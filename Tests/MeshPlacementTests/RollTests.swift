import MeshChecks
import MeshCore
import MeshPlacement
import MeshTestSupport
import Testing

@Suite struct RollTests {
    private func roll(_ count: Int, zones: Int) -> Roll {
        Roll(
            entries: (0..<count).map {
                Roll.Entry(node: node($0), zone: label("zone-\($0 * 7 % zones)"))
            })
    }

    @Test(arguments: [(0, 1), (1, 1), (3, 2), (15, 4), (43, 1), (43, 43)])
    func `it comes back from the wire as it went`(count: Int, zones: Int) throws {
        let roll = roll(count, zones: zones)
        #expect(try Roll.decode(roll.encoded) == roll)
    }

    @Test func `its bytes are the ones that other nodes sign`() {
        let roll = Roll(entries: [
            Roll.Entry(node: NodeID(Bytes16(high: 1, low: 2)), zone: label("b")),
            Roll.Entry(node: NodeID(Bytes16(high: 3, low: 4)), zone: label("a")),
            Roll.Entry(node: NodeID(Bytes16(high: 5, low: 6)), zone: label("b")),
        ])
        func id(_ high: UInt8, _ low: UInt8) -> [UInt8] {
            [0, 0, 0, 0, 0, 0, 0, high, 0, 0, 0, 0, 0, 0, 0, low]
        }
        #expect(
            roll.encoded == [2, 1, 0x62, 1, 0x61, 3] + id(1, 2) + [0] + id(3, 4) + [1] + id(5, 6)
                + [0])
        var hash = TaggedHash("roll")
        hash.combine(roll.encoded)
        let cryptography = StubCryptography()
        #expect(
            roll.digest(using: cryptography) == hash.finalize(using: cryptography).high)
    }

    @Test func `every cut of its bytes is refused, and every byte too many`() {
        let bytes = roll(15, zones: 3).encoded
        for length in bytes.indices {
            #expect(throws: DecodeError.self) { try Roll.decode(Array(bytes[..<length])) }
        }
        #expect(throws: DecodeError.trailing) { try Roll.decode(bytes + [0]) }
    }

    @Test func `what no node writes is refused`() {
        let one = Array(repeating: UInt8(1), count: 16)
        let two = Array(repeating: UInt8(2), count: 16)
        let zoneA: [UInt8] = [1, 0x61]
        let zoneB: [UInt8] = [1, 0x62]
        func expectRefused(_ bytes: [UInt8], _ error: DecodeError, _ why: Comment) {
            #expect(throws: error, why) { try Roll.decode(bytes) }
        }
        expectRefused([1] + zoneA + [1] + one + [1], .invalid, "a zone that is not listed")
        expectRefused([1] + zoneA + [0], .invalid, "a zone that nobody is in")
        expectRefused([0, 1] + one + [0], .invalid, "a node without a zone")
        expectRefused([1] + zoneA + [2] + one + [0] + one + [0], .invalid, "a node twice")
        expectRefused(
            [2] + zoneA + zoneA + [2] + one + [0] + two + [1], .invalid, "a zone twice")
        expectRefused(
            [2] + zoneB + zoneA + [2] + one + [1] + two + [0], .invalid,
            "zones in another order: a second encoding, a second digest")
        expectRefused([1] + [1, 0x20] + [1] + one + [0], .invalid, "a zone that is no label")
        expectRefused([44] + zoneA, .tooLarge, "more zones than entries can have")
        expectRefused([1] + zoneA + [44] + one + [0], .tooLarge, "more than can count")
        expectRefused(
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], .tooLarge, "2^64 - 1")
    }

    @Test func `another node, zone or order is another digest`() {
        let first = roll(15, zones: 3)
        var entries = first.entries
        entries.swapAt(3, 4)
        let swapped = Roll(entries: entries)
        entries = first.entries
        entries[5].zone = label("elsewhere")
        let moved = Roll(entries: entries)
        entries = first.entries
        entries[14].node = node(99)
        let replaced = Roll(entries: entries)
        let shorter = Roll(entries: first.entries.dropLast())
        let digests = [first, swapped, moved, replaced, shorter].map {
            $0.digest(using: StubCryptography())
        }
        #expect(Set(digests).count == 5)
    }

    @Test func `a list in another order than the check's is found out`() {
        var placement = Placement()
        placement.join(0..<30)
        placement.addChecks(0..<2)
        _ = placement.settle()
        let roll = placement.confirmers(of: check(0))
        #expect(roll.isRanked(for: check(0)))
        #expect(!roll.isRanked(for: check(1)))
    }
}

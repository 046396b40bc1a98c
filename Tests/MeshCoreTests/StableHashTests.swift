import MeshCore
import Testing

/// The values were computed apart from this code. Digests and placements of running meshes are
/// built on them: none may ever change.
struct StableHashTests {
    @Test func `words hash to the values they have always had`() {
        #expect(StableHash.of() == 0xE220_A839_7B1D_CDAF)
        #expect(StableHash.of(0) == 0xD11F_68A7_2918_5409)
        #expect(StableHash.of(1) == 0x7916_DFA5_FFFD_2395)
        #expect(StableHash.of(1, 2) == 0x9C8A_A49A_52CB_EB5A)
        #expect(StableHash.of(2, 1) == 0xE5EB_A840_E72A_C1A7)
        #expect(StableHash.of(.max) == 0x5291_CEDF_F60D_42CC)
    }

    @Test(
        arguments: [
            ("", 0xDBA9_DAAD_9CAD_4A13), ("a", 0xB1D8_C7DD_F758_A988),
            ("12345678", 0x10F1_622F_8A1B_160E), ("checkmesh", 0x7413_501B_E351_5642),
        ] as [(String, UInt64)]
    )
    func `bytes hash to the values they have always had`(text: String, expected: UInt64) {
        var hash = StableHash()
        hash.combine(text.utf8)
        #expect(hash.finalize() == expected)
    }

    @Test func `a seed gives a hash of its own`() {
        var hash = StableHash(seed: 7)
        hash.combine(1 as UInt64)
        #expect(hash.finalize() == 0x77CC_5DDF_D64B_FF62)
    }

    @Test func `leading zero bytes count`() {
        let hashes = (0...20).map { count in
            var hash = StableHash()
            hash.combine([UInt8](repeating: 0, count: count))
            return hash.finalize()
        }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test func `each bit of a word turns about half of the hash`() {
        for bit in 0..<64 as Range<UInt64> {
            let turned = (StableHash.of(12_345) ^ StableHash.of(12_345 ^ 1 << bit)).nonzeroBitCount
            #expect((12...52).contains(turned))
        }
    }
}

import MeshCore
import Testing

struct FixedPointTests {
    @Test func `whole numbers survive arithmetic`() {
        #expect(FixedPoint(6) * FixedPoint(7) == FixedPoint(42))
        #expect(FixedPoint(42) / FixedPoint(7) == FixedPoint(6))
        #expect(FixedPoint(7) - FixedPoint(6) == .one)
        #expect(FixedPoint(6) < FixedPoint(7))
        #expect(FixedPoint(1) / FixedPoint(2) == FixedPoint(raw: 1 << 15))
    }

    /// floor(log2(n) * 65,536), computed with sixty decimal places.
    @Test(
        arguments: [
            (1, 0), (2, 65_536), (3, 103_872), (5, 152_169), (10, 217_705), (50, 369_875),
            (100, 435_411), (128, 458_752), (1_000, 653_117), (10_000, 870_823),
            // Its seventeenth place needs more bits than a 32-bit mantissa keeps.
            (14_917, 908_635),
            (1 << 62, 62 << 16),
        ] as [(Int, Int64)]
    )
    func `the binary logarithm is exact in each of its places`(count: Int, raw: Int64) {
        #expect(FixedPoint.log2(count).raw == raw)
    }

    @Test func `the binary logarithm never falls as the count rises`() {
        var last = FixedPoint.log2(1)
        for count in 2...10_000 {
            let next = FixedPoint.log2(count)
            #expect(last <= next)
            last = next
        }
    }

    /// log10(n) * 65,536, rounded down; the constant log10(2) is itself rounded down, so a result
    /// may be low by one part in 65,536 of the binary logarithm and two more places.
    @Test(
        arguments: [
            (1, 0), (2, 19_728), (3, 31_268), (10, 65_536), (50, 111_343), (100, 131_072),
            (128, 138_098), (1_000, 196_608), (10_000, 262_144),
        ] as [(Int, Int64)]
    )
    func `the decimal logarithm is at most six units low and never high`(count: Int, raw: Int64) {
        let result = FixedPoint.log10(count).raw
        #expect((raw - 6...raw).contains(result))
    }

    @Test(arguments: [
        (1, 0), (2, 1), (9, 1), (10, 1), (11, 2), (99, 2), (100, 2), (101, 3), (1_000, 3),
        (1_001, 4), (1_000_000_000_000_000_000, 18), (1_000_000_000_000_000_001, 19), (.max, 19),
    ])
    func `the ceiling of the decimal logarithm is exact at powers of ten`(count: Int, expected: Int)
    {
        #expect(ceilingLog10(count) == expected)
    }

    @Test(arguments: [
        (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (1_024, 10), (1_025, 11), (1 << 62, 62), (.max, 63),
    ])
    func `the ceiling of the binary logarithm is exact at powers of two`(count: Int, expected: Int)
    {
        #expect(ceilingLog2(count) == expected)
    }

    @Test func `the logarithm of nothing is our mistake`() async {
        await #expect(processExitsWith: .failure) { _ = FixedPoint.log2(0) }
        await #expect(processExitsWith: .failure) { _ = ceilingLog10(0) }
        await #expect(processExitsWith: .failure) { _ = ceilingLog2(0) }
    }
}

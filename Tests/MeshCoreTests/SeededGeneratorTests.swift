import MeshCore
import Testing

struct SeededGeneratorTests {
    /// xoshiro256** after SplitMix64, computed apart from this code. A seed kept as a test must
    /// replay for years: if one of these changes, every kept seed has lost its story.
    @Test(
        arguments: [
            (
                0,
                [
                    0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A, 0x1A5F_849D_4933_E6E0,
                    0x6AA5_94F1_262D_2D2C,
                ]
            ),
            (
                1,
                [
                    0xB3F2_AF6D_0FC7_10C5, 0x853B_5596_4736_4CEA, 0x92F8_9756_082A_4514,
                    0x642E_1C7B_C266_A3A7,
                ]
            ),
            (
                42,
                [
                    0x1578_0B2E_0C2E_C716, 0x6104_D986_6D11_3A7E, 0xAE17_5332_39E4_99A1,
                    0xECB8_AD47_03B3_60A1,
                ]
            ),
        ] as [(UInt64, [UInt64])]
    )
    func `a seed gives the words it has always given`(seed: UInt64, words: [UInt64]) {
        var generator = SeededGenerator(seed: seed)
        #expect(words.map { _ in generator.next() } == words)
    }

    @Test func `what is drawn from the words has its golden values too`() {
        var generator = SeededGenerator(seed: 42)
        #expect(
            (0..<8).map { _ in generator.index(below: 100) } == [8, 37, 68, 92, 99, 76, 71, 85]
        )
        var order = Array(0..<8)
        generator.shuffle(&order)
        #expect(order == [2, 5, 0, 3, 1, 7, 4, 6])
    }

    @Test func `every index is drawn about as often as any other`() {
        var generator = SeededGenerator(seed: 7)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<100_000 { counts[generator.index(below: 10)] += 1 }
        // Five standard deviations of a binomial count around 10,000.
        #expect(counts.allSatisfy { (9_525...10_475).contains($0) })
    }

    @Test(arguments: [(0, 0...0), (250_000, 24_300...25_700), (1_000_000, 100_000...100_000)])
    func `a chance comes true as often as it says`(perMillion: Int, expected: ClosedRange<Int>) {
        var generator = SeededGenerator(seed: 8)
        let hits = (0..<100_000).count { _ in generator.chance(perMillion: perMillion) }
        #expect(expected.contains(hits))
    }

    @Test func `a span is drawn from both ends and between`() {
        var generator = SeededGenerator(seed: 9)
        let lower = TimeSpan(nanoseconds: -1)
        let upper = TimeSpan(nanoseconds: 1)
        let drawn = Set((0..<200).map { _ in generator.span(from: lower, to: upper) })
        #expect(drawn == [lower, .zero, upper])
        #expect(generator.span(from: upper, to: upper) == upper)
    }

    @Test func `a shuffle keeps every element and reaches every order`() {
        var generator = SeededGenerator(seed: 10)
        var orders: Set<[Int]> = []
        for _ in 0..<500 {
            var elements = [1, 2, 3, 4]
            generator.shuffle(&elements)
            #expect(elements.sorted() == [1, 2, 3, 4])
            orders.insert(elements)
        }
        #expect(orders.count == 24)
    }

    @Test func `a generator that was split off is not shifted by its parent's draws`() {
        var first = SeededGenerator(seed: 11)
        var second = SeededGenerator(seed: 11)
        var childOfFirst = first.split()
        var childOfSecond = second.split()
        _ = first.next()
        #expect(childOfFirst.next() == childOfSecond.next())
        #expect(second.next() != childOfSecond.next())
    }

    @Test func `choosing among nothing is our mistake`() async {
        await #expect(processExitsWith: .failure) {
            var generator = SeededGenerator(seed: 1)
            _ = generator.index(below: 0)
        }
        await #expect(processExitsWith: .failure) {
            var generator = SeededGenerator(seed: 1)
            _ = generator.span(from: .seconds(2), to: .seconds(1))
        }
    }
}

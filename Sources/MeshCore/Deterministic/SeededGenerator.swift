/// The only source of chance in the core: xoshiro256** (Blackman and Vigna, 2018), seeded through
/// SplitMix64 so that neighbouring seeds give unrelated streams.
///
/// The standard library's `shuffled()` and `random(in:)` may change their algorithm with a
/// release; a seed kept as a test must replay for years, so the few draws needed are here.
package struct SeededGenerator: Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    package init(seed: UInt64) {
        var source = seed
        func splitMix() -> UInt64 {
            source &+= 0x9E37_79B9_7F4A_7C15
            return StableHash.avalanche(source)
        }
        state = (splitMix(), splitMix(), splitMix(), splitMix())
    }

    package mutating func next() -> UInt64 {
        let scrambled = state.1 &* 5
        let result = (scrambled << 7 | scrambled >> 57) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = state.3 << 45 | state.3 >> 19
        return result
    }

    /// A number in `0..<bound`. The bias of the multiply-shift is below bound / 2^64, which no
    /// simulation of ours can see, and it draws exactly once. Expects `bound > 0`.
    package mutating func index(below bound: Int) -> Int {
        precondition(bound > 0, "expected at least one value to choose from")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A span in `lower...upper`, to the nanosecond.
    package mutating func span(from lower: TimeSpan, to upper: TimeSpan) -> TimeSpan {
        precondition(lower <= upper, "expected a lower bound not above the upper one")
        let width = Int((upper - lower).nanoseconds) + 1
        return lower + TimeSpan(nanoseconds: Int64(index(below: width)))
    }

    /// True `parts` times in a million.
    package mutating func chance(perMillion parts: Int) -> Bool {
        parts > 0 && index(below: 1_000_000) < parts
    }

    /// Fisher and Yates, in place.
    package mutating func shuffle<Element>(_ elements: inout [Element]) {
        guard elements.count > 1 else { return }
        for last in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(last, index(below: last + 1))
        }
    }

    /// A generator of its own stream, so that one consumer's draws never shift another's.
    package mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }
}

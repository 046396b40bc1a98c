/// A non-negative number with 16 binary places, and the logarithms the protocol needs.
///
/// The C library's `log` may differ in its last bit from platform to platform, and one differing
/// bit is two nodes that disagree. Integers agree everywhere.
package struct FixedPoint: Hashable, Sendable, Comparable {
    package static let fractionBits: Int64 = 16
    package static let one = FixedPoint(raw: 1 << fractionBits)
    /// log10(2), rounded down to 16 places.
    private static let log10of2 = FixedPoint(raw: 19_728)

    package var raw: Int64

    package init(raw: Int64) { self.raw = raw }
    package init(_ whole: Int) { raw = Int64(whole) << Self.fractionBits }

    package static func < (left: FixedPoint, right: FixedPoint) -> Bool { left.raw < right.raw }
    package static func * (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        FixedPoint(raw: (left.raw * right.raw) >> fractionBits)
    }
    package static func / (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        FixedPoint(raw: (left.raw << fractionBits) / right.raw)
    }
    package static func - (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        FixedPoint(raw: left.raw - right.raw)
    }

    /// The binary logarithm of `count`, each of the 16 places exact. Expects `count >= 1`.
    ///
    /// The whole part is the highest set bit; each further place comes from squaring the mantissa
    /// and seeing whether it passes 2 (Knuth, TAOCP 1.2.2, exercise 25's shift-and-square).
    package static func log2(_ count: Int) -> FixedPoint {
        precondition(count >= 1, "expected a positive count, its logarithm is asked for")
        let whole = Int64(Int.bitWidth - 1 - count.leadingZeroBitCount)
        // 1.0 is 1 << 63. Sixteen squarings double the last bit's error each: 47 places stay sure.
        var mantissa = UInt64(count) << UInt64(63 - whole)
        var fraction: Int64 = 0
        for place in 1...fractionBits {
            let square = mantissa.multipliedFullWidth(by: mantissa)
            if square.high >= 1 << 63 {
                mantissa = square.high
                fraction |= 1 << (fractionBits - place)
            } else {
                mantissa = square.high << 1 | square.low >> 63
            }
        }
        return FixedPoint(raw: whole << fractionBits | fraction)
    }

    /// The decimal logarithm of `count`. Expects `count >= 1`.
    package static func log10(_ count: Int) -> FixedPoint { log2(count) * log10of2 }
}

/// The least `e` with 10^e >= count: how many gossip rounds of tenfold growth reach everybody.
/// Exact, unlike a rounded-up fixed-point logarithm. Expects `count >= 1`.
package func ceilingLog10(_ count: Int) -> Int {
    precondition(count >= 1, "expected a positive count, its logarithm is asked for")
    var exponent = 0
    var power = 1
    while power < count {
        let (next, overflow) = power.multipliedReportingOverflow(by: 10)
        exponent += 1
        if overflow { break }
        power = next
    }
    return exponent
}

/// The least `e` with 2^e >= count. Expects `count >= 1`.
package func ceilingLog2(_ count: Int) -> Int {
    precondition(count >= 1, "expected a positive count, its logarithm is asked for")
    return Int.bitWidth - (count - 1).leadingZeroBitCount
}

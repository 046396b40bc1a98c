/// A length of monotonic time in whole nanoseconds.
///
/// The standard library's `Duration` is 128 bits wide and divides attoseconds on every conversion;
/// the core compares and adds times several times per datagram, and a mesh of a thousand simulated
/// nodes does so a hundred million times. 64 bits of nanoseconds reach 292 years.
///
/// `public`, as `Instant` and `DeadlineQueue` are, because the compiler lets other modules inline
/// and specialise the bodies of public declarations only; no product offers this module.
public struct TimeSpan: Hashable, Sendable, Comparable {
    /// May be negative: the difference of two instants in either order.
    public var nanoseconds: Int64

    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static let zero = TimeSpan(nanoseconds: 0)

    @inlinable
    public static func microseconds(_ count: Int64) -> TimeSpan {
        TimeSpan(nanoseconds: count * 1_000)
    }
    @inlinable
    public static func milliseconds(_ count: Int64) -> TimeSpan {
        TimeSpan(nanoseconds: count * 1_000_000)
    }
    @inlinable
    public static func seconds(_ count: Int64) -> TimeSpan {
        TimeSpan(nanoseconds: count * 1_000_000_000)
    }
    package static func minutes(_ count: Int64) -> TimeSpan { .seconds(count * 60) }
    package static func hours(_ count: Int64) -> TimeSpan { .seconds(count * 3_600) }

    /// Whole milliseconds, rounded toward zero.
    package var milliseconds: Int64 { nanoseconds / 1_000_000 }
    /// For figures that people read; never for decisions.
    package var inSeconds: Double { Double(nanoseconds) / 1e9 }

    @inlinable
    public static func < (left: TimeSpan, right: TimeSpan) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
    @inlinable
    public static func + (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        TimeSpan(nanoseconds: left.nanoseconds + right.nanoseconds)
    }
    @inlinable
    public static func - (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        TimeSpan(nanoseconds: left.nanoseconds - right.nanoseconds)
    }
    @inlinable
    public static func * (span: TimeSpan, factor: Int) -> TimeSpan {
        TimeSpan(nanoseconds: span.nanoseconds * Int64(factor))
    }
    @inlinable
    public static func / (span: TimeSpan, divisor: Int) -> TimeSpan {
        TimeSpan(nanoseconds: span.nanoseconds / Int64(divisor))
    }

    /// This span times a fixed-point factor of `FixedPoint.one` = 1.
    package func scaled(by factor: FixedPoint) -> TimeSpan {
        // 64 x 64 -> 128 bits: an hour times a large factor would overflow otherwise.
        let product = nanoseconds.multipliedFullWidth(by: factor.raw)
        let result =
            (product.high << (64 - FixedPoint.fractionBits))
            | Int64(truncatingIfNeeded: product.low >> UInt64(FixedPoint.fractionBits))
        return TimeSpan(nanoseconds: result)
    }

    /// This span held between two bounds. Expects `lower <= upper`.
    package func clamped(from lower: TimeSpan, to upper: TimeSpan) -> TimeSpan {
        precondition(lower <= upper, "expected a lower bound not above the upper one")
        return min(max(self, lower), upper)
    }
}

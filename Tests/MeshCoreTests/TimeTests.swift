import MeshCore
import Testing

struct TimeSpanTests {
    @Test func `units are whole multiples of a nanosecond`() {
        #expect(TimeSpan.microseconds(1).nanoseconds == 1_000)
        #expect(TimeSpan.milliseconds(1) == .microseconds(1_000))
        #expect(TimeSpan.seconds(1) == .milliseconds(1_000))
        #expect(TimeSpan.minutes(1) == .seconds(60))
        #expect(TimeSpan.hours(1) == .minutes(60))
    }

    @Test func `sums, differences, multiples and parts`() {
        #expect(TimeSpan.seconds(1) + .milliseconds(500) == .milliseconds(1_500))
        #expect(TimeSpan.seconds(1) - .seconds(3) == .seconds(-2))
        #expect(TimeSpan.seconds(2) * 3 == .seconds(6))
        #expect(TimeSpan.seconds(7) / 2 == .milliseconds(3_500))
        #expect(TimeSpan.seconds(-1) < .zero)
    }

    @Test(arguments: [(1_999_999, 1), (2_000_000, 2), (-1_999_999, -1)] as [(Int64, Int64)])
    func `milliseconds round toward zero`(nanoseconds: Int64, milliseconds: Int64) {
        #expect(TimeSpan(nanoseconds: nanoseconds).milliseconds == milliseconds)
    }

    @Test(arguments: [
        (TimeSpan.seconds(1), FixedPoint.one, TimeSpan.seconds(1)),
        (.seconds(1), FixedPoint(3), .seconds(3)),
        (.seconds(3), FixedPoint(raw: 1 << 15), .milliseconds(1_500)),
        (.seconds(-3), FixedPoint(raw: 1 << 15), .milliseconds(-1_500)),
        (.zero, FixedPoint(1_000_000), .zero),
        // Beyond 64 bits on the way: an hour in nanoseconds times a thousand, 16 places up.
        (.hours(1), FixedPoint(1_000), .hours(1_000)),
        (.hours(-1), FixedPoint(1_000), .hours(-1_000)),
    ])
    func `scaling by a factor does not overflow on the way`(
        span: TimeSpan,
        factor: FixedPoint,
        expected: TimeSpan
    ) {
        #expect(span.scaled(by: factor) == expected)
    }

    @Test(arguments: [(50, 100), (100, 100), (300, 300), (500, 500), (900, 500)])
    func `clamping holds a span between its bounds`(milliseconds: Int, expected: Int) {
        let span = TimeSpan.milliseconds(Int64(milliseconds))
        let clamped = span.clamped(from: .milliseconds(100), to: .milliseconds(500))
        #expect(clamped == .milliseconds(Int64(expected)))
    }

    @Test func `clamping between crossed bounds is our mistake`() async {
        await #expect(processExitsWith: .failure) {
            _ = TimeSpan.zero.clamped(from: .seconds(2), to: .seconds(1))
        }
    }
}

struct InstantTests {
    @Test func `the difference of two instants leads from one to the other`() {
        let earlier = Instant(nanoseconds: -5)
        let later = earlier + .seconds(2)
        #expect(later - earlier == .seconds(2))
        #expect(earlier - later == .seconds(-2))
        #expect(later - .seconds(2) == earlier)
        #expect(earlier < later)
    }
}

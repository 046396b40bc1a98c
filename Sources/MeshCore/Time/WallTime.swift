/// A moment on the wall clock, in milliseconds since 1970 UTC: what people are shown, and what
/// silences and retention go by. No protocol decision compares two nodes' wall times.
package struct WallTime: Hashable, Sendable, Comparable {
    /// Never negative: clocks before 1970 read as 1970.
    package var milliseconds: UInt64

    package init(milliseconds: UInt64) { self.milliseconds = milliseconds }

    package static func < (left: WallTime, right: WallTime) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

/// What a node's wall clock shows at an instant of its monotonic clock. The shell sets it at the
/// start and whenever it finds the two clocks apart from one another.
package struct WallClock: Hashable, Sendable {
    private var origin: WallTime
    private var instant: Instant

    package init(reading origin: WallTime, at instant: Instant) {
        self.origin = origin
        self.instant = instant
    }

    package func time(at now: Instant) -> WallTime {
        let elapsed = (now - instant).milliseconds
        let shown = Int64(clamping: origin.milliseconds).addingReportingOverflow(elapsed)
        return WallTime(milliseconds: UInt64(max(0, shown.partialValue)))
    }

    /// The instant at which the clock will show `time`, if nobody sets it.
    package func instant(of time: WallTime) -> Instant {
        let ahead = Int64(clamping: time.milliseconds) - Int64(clamping: origin.milliseconds)
        // A century either way: beyond that a time is wrong, not far, and nanoseconds end.
        let bound: Int64 = 100 * 366 * 86_400 * 1_000
        return instant + .milliseconds(min(max(ahead, -bound), bound))
    }
}

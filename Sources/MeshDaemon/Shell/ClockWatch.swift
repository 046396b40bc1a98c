import MeshCore
import MeshPlatform

/// Notices when somebody sets the wall clock: compares it with the monotonic one, whenever it is
/// asked, which is once a second or more often.
///
/// A slow drift that a time service corrects is followed as well, once it has added up; the node is
/// not bothered for less, because everything that it decides goes by the monotonic clock.
struct ClockWatch {
    /// The wall clock may be this far from where it was expected.
    static let toleranceMilliseconds: Int64 = 100

    private(set) var clock: WallClock

    init(_ clock: WallClock) { self.clock = clock }

    /// The machine's clock as it is now.
    static func read() -> WallClock {
        WallClock(reading: SystemClock.wallTime, at: SystemClock.now)
    }

    /// The clock anew, if it is not where it was expected at `now`.
    mutating func compare(_ shown: WallTime, at now: Instant) -> WallClock? {
        let expected = clock.time(at: now)
        let apart = Int64(clamping: shown.milliseconds) - Int64(clamping: expected.milliseconds)
        guard apart.magnitude > UInt64(Self.toleranceMilliseconds) else { return nil }
        clock = WallClock(reading: shown, at: now)
        return clock
    }
}

import Glibc
package import MeshCore

/// The two clocks of the machine, read where the shell calls the core and nowhere else.
package enum SystemClock {
    /// The monotonic clock, which goes on while the machine sleeps: a laptop that was closed has
    /// missed looks, and its node must notice.
    package static var now: Instant {
        let time = read(CLOCK_BOOTTIME)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The wall clock. A time before 1970 reads as 1970.
    package static var wallTime: WallTime {
        let time = read(CLOCK_REALTIME)
        let milliseconds = Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
        return WallTime(milliseconds: UInt64(max(0, milliseconds)))
    }

    /// The same in nanoseconds since 1970, as the kernel stamps what it receives.
    static var wallNanoseconds: Int64 {
        let time = read(CLOCK_REALTIME)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        // Writes one timespec, our own; both clocks exist on every Linux that Swift runs on.
        let answer = unsafe clock_gettime(clock, &time)
        precondition(answer == 0, "expected a clock")
        return time
    }
}

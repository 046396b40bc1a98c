import Glibc

/// What this process has used of the machine: the one place of the simulator that reads a clock.
struct ResourceUsage {
    var cpuSeconds: Double
    var wallSeconds: Double
    var peakMemoryKiB: Int

    static func now() -> ResourceUsage {
        var usage = rusage()
        // Safe: each call fills the structure it is given and keeps nothing.
        _ = unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
        var clock = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &clock)
        return ResourceUsage(
            cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            wallSeconds: Double(clock.tv_sec) + Double(clock.tv_nsec) / 1e9,
            peakMemoryKiB: usage.ru_maxrss)
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}

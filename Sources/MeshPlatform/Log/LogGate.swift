import MeshCore

/// How many lines may be written: `burst` at once, and one more every `spacing`. The rest is
/// counted: a log that fills a disk, or a loop that does nothing but write, helps nobody.
struct LogGate {
    let burst: Int
    let spacing: TimeSpan
    /// When the gate would be as it began, if nothing more came: each line moves it on.
    private var fullAt: Instant?
    private(set) var refusedCount: UInt64 = 0

    init(burst: Int, spacing: TimeSpan) {
        precondition(burst > 0 && spacing > .zero, "expected a gate that lets something through")
        self.burst = burst
        self.spacing = spacing
    }

    mutating func admits(at now: Instant) -> Bool {
        let start = max(fullAt ?? now, now)
        guard start - now <= spacing * (burst - 1) else {
            refusedCount += 1
            return false
        }
        fullAt = start + spacing
        return true
    }

    mutating func takeRefusedCount() -> UInt64 {
        defer { refusedCount = 0 }
        return refusedCount
    }
}

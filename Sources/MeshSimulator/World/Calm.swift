package import MeshCore

/// Since when nothing has been wrong: what bounds in invariants are counted from.
package struct Calm: Sendable {
    /// When the last fault struck or ended.
    package private(set) var lastDisturbance = Instant.zero
    /// When cuts, pauses or blocks, the faults that make the living look dead, last were in force.
    package private(set) var lastImpairment: Instant?
    package private(set) var pausedCount = 0
    package private(set) var isNetworkWhole = true
    package private(set) var datagramsBlockedCount = 0

    /// Whether everybody who runs can be reached by everybody.
    package var isImpaired: Bool {
        pausedCount > 0 || !isNetworkWhole
    }

    /// How long all has been as it should be: zero while something is not.
    package func quiet(at now: Instant) -> TimeSpan {
        isImpaired ? .zero : now - lastDisturbance
    }

    /// Whether nothing has impaired anybody for `span`.
    package func isUnimpaired(for span: TimeSpan, at now: Instant) -> Bool {
        guard !isImpaired else { return false }
        guard let lastImpairment else { return true }
        return now - lastImpairment >= span
    }

    mutating func disturb(at now: Instant) { lastDisturbance = now }

    mutating func impair(
        at now: Instant, paused: Int = 0, isNetworkWhole: Bool? = nil, datagramsBlocked: Int = 0
    ) {
        lastDisturbance = now
        lastImpairment = now
        pausedCount += paused
        datagramsBlockedCount += datagramsBlocked
        if let isNetworkWhole { self.isNetworkWhole = isNetworkWhole }
    }
}

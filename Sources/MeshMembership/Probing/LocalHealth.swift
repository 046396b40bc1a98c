/// How much this node trusts its own view of time and network, 0 (fully) to `limit` (Lifeguard
/// IV.A, "Local Health Aware Probe"). A node that is starved or cut off hears nobody; before it
/// blames the others it slows down by this factor.
struct LocalHealth: Sendable {
    private(set) var score = 0
    let limit: Int
    let isEnabled: Bool

    init(limit: Int, isEnabled: Bool) {
        self.limit = limit
        self.isEnabled = isEnabled
    }

    /// What periods and timeouts are multiplied by.
    var factor: Int { isEnabled ? score + 1 : 1 }

    mutating func probeSucceeded() { change(by: -1) }

    /// A round in which nobody was there to be probed says nothing against us: who was left by the
    /// last of its peers has missed their answers, not been slow. Without this it would distrust its
    /// own looks for ever.
    mutating func nobodyToProbe() { change(by: -1) }

    /// A failed probe counts by the nacks that did not come: a relay that cannot reach the target
    /// either still answers us, and if none does, we may be the one that is cut off.
    mutating func probeFailed(nacksExpected: Int, nacksReceived: Int) {
        change(by: nacksExpected > 0 ? nacksExpected - nacksReceived : 1)
    }

    /// Somebody suspected us: we were too slow for it.
    mutating func refuted() { change(by: 1) }

    /// Our own timer came late.
    mutating func stalled() { change(by: 1) }

    private mutating func change(by amount: Int) {
        score = min(max(score + amount, 0), limit)
    }
}

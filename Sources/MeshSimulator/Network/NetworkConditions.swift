package import MeshCore

/// How bad the network between nodes is, everywhere and all the time. What is bad in one place or
/// for a while is a `Fault`.
package struct NetworkConditions: Sendable {
    /// Of a million packets between two nodes, so many are lost. A stream's segments are packets.
    package var lossPerMillion = 0
    /// So many arrive twice.
    package var duplicationPerMillion = 0
    /// So many take up to `reorderingDelay` longer, and are overtaken by what was sent after them.
    package var reorderingPerMillion = 0
    package var reorderingDelay: TimeSpan = .milliseconds(120)
    /// One way, between two nodes of one zone.
    package var delayWithinZone: TimeSpan = .milliseconds(1)
    /// One way between zones: each pair of zones draws its own from this range.
    package var delayBetweenZonesMin: TimeSpan = .milliseconds(5)
    package var delayBetweenZonesMax: TimeSpan = .milliseconds(32)
    /// Each packet takes up to this part of its path's delay longer: 4 is a quarter.
    package var jitterDivisor = 4

    package init(lossPerMillion: Int = 0) {
        precondition(
            (0...1_000_000).contains(lossPerMillion), "expected a share of a million packets")
        self.lossPerMillion = lossPerMillion
    }
}

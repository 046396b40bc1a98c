import MeshCore

/// Which zones count for the demand that signers span two: those with a member that is reachable,
/// or was within the grace (section 5, *Who counts*).
struct ZoneWatch: Sendable {
    private struct Zone: Sendable {
        var label: Label
        var known = 0
        var reachable = 0
        /// Since when all of its members are dead.
        var darkSince: Instant?
    }

    /// In the order of their names.
    private var zones: [Zone] = []

    /// True if this was the zone's last member that could be reached.
    @discardableResult
    mutating func change(
        _ label: Label, known: Int, reachable: Int, now: Instant
    ) -> Bool {
        let place = zones.firstIndex { !($0.label < label) } ?? zones.count
        if place == zones.count || zones[place].label != label {
            zones.insert(Zone(label: label), at: place)
        }
        zones[place].known += known
        zones[place].reachable += reachable
        if zones[place].known == 0 {
            zones.remove(at: place)
        } else if zones[place].reachable > 0 {
            zones[place].darkSince = nil
        } else if zones[place].darkSince == nil {
            zones[place].darkSince = now
            return true
        }
        return false
    }

    /// How many zones count at `now`.
    func counting(at now: Instant, grace: TimeSpan) -> Int {
        zones.count { $0.darkSince.map { now - $0 < grace } ?? true }
    }

    /// Zones with members that can be reached, and how many, in the order of their names.
    var reachable: [(label: Label, count: Int)] {
        zones.filter { $0.reachable > 0 }.map { ($0.label, $0.reachable) }
    }
    var reachableCount: Int { zones.reduce(0) { $0 + $1.reachable } }

    /// Whether a zone besides `own` has a member that can be reached.
    func hasReachable(besides own: Label) -> Bool {
        zones.contains { $0.label != own && $0.reachable > 0 }
    }

    /// Whether every zone besides `own` has been dark for the grace.
    func othersAreDark(besides own: Label, at now: Instant, grace: TimeSpan) -> Bool {
        zones.allSatisfy { zone in
            zone.label == own || (zone.darkSince.map { now - $0 >= grace } ?? false)
        }
    }
}

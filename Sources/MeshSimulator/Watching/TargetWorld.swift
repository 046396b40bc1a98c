package import MeshChecks
package import MeshCore

/// What the checks watch: each target's true state over time, as every place would see it, and the
/// ways there.
///
/// A place's own condition outweighs its zone's, which outweighs everybody's. When a target was
/// last down is kept, so that invariants can tell afterwards whether an alert was true.
package struct TargetWorld: Sendable {
    private struct Layer: Sendable {
        var condition: TargetCondition
        var since: Instant
        /// Until when it was down before; `nil` if never.
        var downUntil: Instant?

        mutating func set(_ condition: TargetCondition, at now: Instant) {
            if self.condition.isEverDown { downUntil = now }
            self.condition = condition
            since = now
        }

        func wasDown(since moment: Instant) -> Bool {
            if condition.isEverDown { return true }
            guard let downUntil else { return false }
            return downUntil >= moment
        }
    }

    private var everywhere: [Layer]
    /// By check and zone, by check and place: only looked up. An entry that is over stays, for its
    /// history.
    private var byZone: [UInt64: Layer] = [:]
    private var byPlace: [UInt64: Layer] = [:]
    /// Entries that are over.
    private var ended: Set<UInt64> = []
    package private(set) var changedAt: [Instant]
    /// When any of them last changed, and how many flap.
    package private(set) var lastChange = Instant.zero
    package private(set) var flappingCount = 0
    /// Whether some zones or places see a check otherwise, or did.
    private var isLayered: [Bool]
    private var uplinks: [Uplink]
    /// Until when a place's uplink was last dead; `nil` if never.
    private var deadUntil: [Instant?]
    private var hangingCheckers: [Bool]
    /// Places that cannot look, for whatever reason.
    package private(set) var blindCount = 0

    init(checkCount: Int, placeCount: Int) {
        let up = Layer(condition: .up, since: .zero, downUntil: nil)
        everywhere = Array(repeating: up, count: checkCount)
        changedAt = Array(repeating: .zero, count: checkCount)
        isLayered = Array(repeating: false, count: checkCount)
        uplinks = Array(repeating: .works, count: placeCount)
        deadUntil = Array(repeating: nil, count: placeCount)
        hangingCheckers = Array(repeating: false, count: placeCount)
    }

    // MARK: What is

    package func uplink(of place: Int) -> Uplink { uplinks[place] }
    package func checkerHangs(at place: Int) -> Bool { hangingCheckers[place] }
    package func canLook(from place: Int) -> Bool {
        uplinks[place] == .works && !hangingCheckers[place]
    }

    /// Whether all places see the same of this target.
    package func isUniform(_ check: Int) -> Bool { !isLayered[check] }

    package func isFlapping(_ check: Int) -> Bool {
        if case .flapping = everywhere[check].condition { return true }
        return false
    }

    package func condition(of check: Int, from place: Int, in zone: Int) -> TargetCondition {
        layer(of: check, from: place, in: zone).condition
    }

    /// What a look that begins now would truly see.
    package func state(
        of check: Int, from place: Int, in zone: Int, at now: Instant
    ) -> TargetState {
        let layer = layer(of: check, from: place, in: zone)
        switch layer.condition {
        case .up: return .up
        case .degraded: return .degraded
        case .refusing, .hanging: return .down
        case .flapping(let period):
            let half = max(period.nanoseconds / 2, 1)
            return (now - layer.since).nanoseconds / half & 1 == 0 ? .up : .down
        }
    }

    /// Whether the target has been down for this place at any time since `moment`.
    package func wasDown(
        _ check: Int, from place: Int, in zone: Int, since moment: Instant
    ) -> Bool {
        if everywhere[check].wasDown(since: moment) { return true }
        guard isLayered[check] else { return false }
        return byZone[Self.key(check, zone)]?.wasDown(since: moment) ?? false
            || byPlace[Self.key(check, place) | Self.placeFlag]?.wasDown(since: moment) ?? false
    }

    /// Whether the place's uplink has been dead at any time since `moment`.
    package func wasDead(uplinkOf place: Int, since moment: Instant) -> Bool {
        uplinks[place] == .dead || deadUntil[place].map { $0 >= moment } ?? false
    }

    private func layer(of check: Int, from place: Int, in zone: Int) -> Layer {
        guard isLayered[check] else { return everywhere[check] }
        let own = Self.key(check, place) | Self.placeFlag
        if let layer = byPlace[own], !ended.contains(own) { return layer }
        let zonal = Self.key(check, zone)
        if let layer = byZone[zonal], !ended.contains(zonal) { return layer }
        return everywhere[check]
    }

    // MARK: What changes

    mutating func set(_ check: Int, _ condition: TargetCondition, at now: Instant) {
        flappingCount -= isFlapping(check) ? 1 : 0
        everywhere[check].set(condition, at: now)
        flappingCount += isFlapping(check) ? 1 : 0
        touch(check, at: now)
    }

    /// `nil` ends it: the zone sees what everybody sees.
    mutating func set(
        _ check: Int, inZone zone: Int, _ condition: TargetCondition?, at now: Instant
    ) {
        Self.set(&byZone, &ended, Self.key(check, zone), condition, at: now)
        touch(check, at: now)
        isLayered[check] = true
    }

    mutating func set(
        _ check: Int, atPlace place: Int, _ condition: TargetCondition?, at now: Instant
    ) {
        Self.set(
            &byPlace, &ended, Self.key(check, place) | Self.placeFlag, condition, at: now)
        touch(check, at: now)
        isLayered[check] = true
    }

    /// Its configuration has changed: whatever is promised counts from here.
    mutating func touch(_ check: Int, at now: Instant) {
        changedAt[check] = now
        lastChange = now
    }

    mutating func set(_ uplink: Uplink, of place: Int, at now: Instant) {
        let before = canLook(from: place)
        if uplinks[place] == .dead { deadUntil[place] = now }
        uplinks[place] = uplink
        blindCount += (before ? 1 : 0) - (canLook(from: place) ? 1 : 0)
    }

    mutating func setCheckerHangs(_ hangs: Bool, at place: Int) {
        let before = canLook(from: place)
        hangingCheckers[place] = hangs
        blindCount += (before ? 1 : 0) - (canLook(from: place) ? 1 : 0)
    }

    private static func set(
        _ layers: inout [UInt64: Layer], _ ended: inout Set<UInt64>, _ key: UInt64,
        _ condition: TargetCondition?, at now: Instant
    ) {
        var layer = layers[key] ?? Layer(condition: .up, since: now, downUntil: nil)
        layer.set(condition ?? .up, at: now)
        layers[key] = layer
        if condition == nil { ended.insert(key) } else { ended.remove(key) }
    }

    private static let placeFlag: UInt64 = 1 << 63
    private static func key(_ check: Int, _ other: Int) -> UInt64 {
        UInt64(check) << 32 | UInt64(other)
    }
}

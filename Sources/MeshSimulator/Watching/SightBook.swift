package import MeshChecks
package import MeshCore

/// What nodes really saw: every observation that the world gave out and nobody tampered with.
package struct SightBook: Sendable {
    /// What one node last saw of one check under one definition, by state.
    package struct Sight: Sendable {
        package var identity: Int
        package var zone: Int
        package var definition: DefinitionID
        /// When the last look began that showed up, degraded, down; long ago if none did.
        package var up = Instant(nanoseconds: .min / 2)
        package var degraded = Instant(nanoseconds: .min / 2)
        package var down = Instant(nanoseconds: .min / 2)

        /// Whether it has seen, since `moment`, what would support a flip from `former` to `state`
        /// (design 6: a worse state supports every state between, a better one likewise), and has
        /// not seen otherwise since `stale`.
        package func supports(
            _ state: TargetState, from former: TargetState?, since moment: Instant, stale: Instant
        ) -> Bool {
            let isWorse = former.map { state > $0 } ?? (state != .up)
            let seen: Instant =
                switch state {
                case .up: up
                case .degraded:
                    former == nil ? latest : max(degraded, isWorse ? down : up)
                case .down: down
                }
            return seen >= moment && (seen == latest || seen >= stale)
        }

        /// When the last look began that showed exactly this; long ago if none did.
        package func lastSaw(_ state: TargetState) -> Instant {
            switch state {
            case .up: up
            case .degraded: degraded
            case .down: down
            }
        }

        var latest: Instant { max(up, max(degraded, down)) }
    }

    /// By check, in the order in which nodes first looked.
    private var sights: [[Sight]]
    /// When the last look was completed by anybody, abstentions and lies not counted.
    package private(set) var lastSeen: [Instant]
    /// The longest time between two of them, by check, from when the mesh had settled.
    package private(set) var longestGap: [TimeSpan]
    package private(set) var lookCount = 0
    package private(set) var abstainedLookCount = 0

    init(checkCount: Int) {
        sights = Array(repeating: [], count: checkCount)
        lastSeen = Array(repeating: .zero, count: checkCount)
        longestGap = Array(repeating: .zero, count: checkCount)
    }

    package func sights(of check: Int) -> [Sight] { sights[check] }

    mutating func record(
        _ state: TargetState, of check: Int, by identity: Int, in zone: Int,
        under definition: DefinitionID, begun: Instant, at now: Instant
    ) {
        if lastSeen[check] > .zero {
            longestGap[check] = max(longestGap[check], now - lastSeen[check])
        }
        lastSeen[check] = now
        let index =
            sights[check].firstIndex { $0.identity == identity && $0.definition == definition }
            ?? append(Sight(identity: identity, zone: zone, definition: definition), to: check)
        sights[check][index].zone = zone
        switch state {
        case .up: sights[check][index].up = begun
        case .degraded: sights[check][index].degraded = begun
        case .down: sights[check][index].down = begun
        }
    }

    private mutating func append(_ sight: Sight, to check: Int) -> Int {
        sights[check].append(sight)
        return sights[check].count - 1
    }

    mutating func countLook(isAbstention: Bool) {
        lookCount += 1
        if isAbstention { abstainedLookCount += 1 }
    }
}

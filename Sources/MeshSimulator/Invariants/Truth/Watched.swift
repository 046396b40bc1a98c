import MeshCore

/// No check goes unwatched for longer than an interval and the time in which a dead owner is
/// noticed, while anybody is there who could look.
package struct Watched: Invariant {
    package static let name = "watched"
    package static let promise =
        "no check is unwatched longer than one interval plus detection (design 5)"

    private let bounds: Bounds
    /// Since when enough have been there to look.
    private var couldLookSince = Instant.zero
    private var toldAt: [Instant]

    package init(bounds: Bounds) {
        self.bounds = bounds
        toldAt = Array(repeating: .zero, count: bounds.checkCount)
    }

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        guard !toldAt.isEmpty else { return }
        guard isWhole(world) else {
            couldLookSince = world.now
            return
        }
        // Until it has settled, a mesh looks by what it has found so far.
        let start = max(couldLookSince, Instant.zero + world.setup.startSpread + .seconds(10))
        guard world.now - start > bounds.truth.unwatched else { return }
        for check in toldAt.indices {
            let seen = max(world.watch.sights.lastSeen[check], toldAt[check])
            guard world.now - max(seen, start) > bounds.truth.unwatched,
                !world.watch.isSkewed(check)
            else { continue }
            toldAt[check] = world.now
            log.add(
                Self.self, at: world.now,
                "nobody has looked at \(world.checkName(check)) since "
                    + world.watch.sights.lastSeen[check].seconds)
        }
    }

    /// Whether of any set of owners one could look: fewer are blind or lie than a check has owners.
    private func isWhole(_ world: World) -> Bool {
        let running = world.runningCount
        let owners = min(world.setup.watch.confirmationsMin, running)
        return running > 0 && !world.calm.isImpaired
            && world.watch.targets.blindCount + world.watch.liars.count < owners
    }
}

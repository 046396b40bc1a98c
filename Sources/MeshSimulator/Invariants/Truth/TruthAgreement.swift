import MeshChecks
import MeshCore

/// Once the mesh has been whole and quiet for a while, everybody holds the same flip of each check.
package struct TruthAgreement: Invariant {
    package static let name = "truth-agreement"
    package static let promise =
        "within a bound after healing every running node holds the same flip of a check (design 10)"

    private let bounds: Bounds
    /// Since when a check's difference has been told, so that each is told once.
    private var toldAt: [Instant?]

    package init(bounds: Bounds) {
        self.bounds = bounds
        toldAt = Array(repeating: nil, count: bounds.checkCount)
    }

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        guard world.calm.quiet(at: world.now) >= bounds.agreement,
            world.now - world.watch.lastDisturbance >= bounds.truth.spreading
        else { return }
        let truth = world.watch.truth
        let running = world.runningCount
        for check in toldAt.indices {
            let held = truth.held(of: check)
            let isAlike =
                held.isEmpty
                || held.count == 1 && truth.flips[Int(held[0])].holders == running
            guard !isAlike else { continue }
            let changed = truth.changedAt[check]
            guard world.now - changed >= bounds.truth.spreading, toldAt[check] != changed,
                !world.watch.isSkewed(check)
            else { continue }
            toldAt[check] = changed
            let views = held.map {
                "\(world.text(truth.flips[Int($0)].flip)) by \(truth.flips[Int($0)].holders)"
            }
            log.add(
                Self.self, at: world.now,
                "of \(running) running nodes hold \(views.joined(separator: ", "))")
        }
    }
}

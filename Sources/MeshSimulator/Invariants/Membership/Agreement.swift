import MeshCore
import MeshEngine
import MeshMembership

/// Once the mesh has been whole and left alone for a while, everybody holds the same, and it is
/// the truth.
package struct Agreement: Invariant {
    package static let name = "agreement"
    package static let promise =
        "in a whole, quiet mesh all digests are equal and exactly those who run are reachable"

    private let bounds: Bounds
    private var differingSince: Instant?
    /// Which disturbance's end the views were compared for.
    private var comparedFor: Instant?

    /// Lists may differ for a moment even in a quiet mesh: nodes drop a dead member of long ago
    /// within moments of each other, not at once.
    private static let differenceMax = TimeSpan.seconds(60)

    package init(bounds: Bounds) { self.bounds = bounds }

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        guard world.calm.quiet(at: world.now) >= bounds.agreement else {
            differingSince = nil
            return
        }
        compareDigests(world, log: &log)
        guard comparedFor != world.calm.lastDisturbance else { return }
        comparedFor = world.calm.lastDisturbance
        compareViews(world, log: &log)
    }

    private mutating func compareDigests(_ world: World, log: inout ViolationLog) {
        var expected: UInt64?
        for process in world.processes where process.state == .running {
            let digest = process.node?.digest
            guard let first = expected else {
                expected = digest
                continue
            }
            guard digest != first else { continue }
            let since = differingSince ?? world.now
            differingSince = since
            if world.now - since >= Self.differenceMax {
                log.add(
                    Self.self, at: world.now,
                    "\(process.name)'s member list differs since \(since.seconds)")
                differingSince = world.now
            }
            return
        }
        differingSince = nil
    }

    private func compareViews(_ world: World, log: inout ViolationLog) {
        var isUp = Array(repeating: false, count: world.identities.all.count)
        for process in world.processes where process.isUp { isUp[process.identity] = true }
        for process in world.processes where process.state == .running {
            for identity in world.identities.all where identity.number != process.identity {
                let state =
                    world.views.view(of: identity.number, by: process.number)?.standing.state
                let isReachable = state?.isReachable ?? false
                guard isReachable != isUp[identity.number] else { continue }
                let held = state.map { "\($0)" } ?? "unknown"
                log.add(
                    Self.self, at: world.now,
                    "\(process.name) takes \(world.name(of: identity.id)) for \(held), which "
                        + (isUp[identity.number] ? "runs" : "does not run"))
            }
        }
    }
}

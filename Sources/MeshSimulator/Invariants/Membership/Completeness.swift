package import MeshCore
import MeshMembership

/// Every process that ended is known to have ended by everybody who runs, within a bound.
package struct Completeness: Invariant {
    package static let name = "completeness"
    package static let promise =
        "who ended is dead or left for every running, connected node within a bound (SWIM 3.1)"

    private struct Ended: Sendable {
        var identity: Int
        var at: Instant
    }

    /// A word of its own that nobody had heard in its lifetime (a late packet, a replay) shows the
    /// ended as alive once more. Each such view has its own time to end, but all of them together
    /// no more than this many.
    private static let returnsMax = 2

    private let bounds: Bounds
    private var open: [Ended] = []

    package init(bounds: Bounds) { self.bounds = bounds }

    package var interests: Happening.Kinds { .lives }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        if case .started(let process) = happening {
            // Back again; if it ends again, that end counts.
            let identity = world.processes[process].identity
            open.removeAll { $0.identity == identity }
        }
        guard case .ended(let process, _) = happening else { return }
        // Of two clones the later end counts: until then one of them was rightly held for alive.
        let identity = world.processes[process].identity
        open.removeAll { $0.identity == identity }
        open.append(Ended(identity: identity, at: world.now))
    }

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        guard !open.isEmpty, world.calm.isUnimpaired(for: bounds.detection, at: world.now) else {
            return
        }
        open.removeAll { ended in
            if world.isRunningAnywhere(identity: ended.identity) { return true }
            guard world.now - ended.at >= bounds.detection else { return false }
            let last = ended.at + bounds.detection * (1 + Self.returnsMax)
            var isSettled = true
            for process in world.processes where process.state == .running {
                // Who started since has had less time.
                guard world.now - process.startedAt >= bounds.detection,
                    let view = world.views.view(of: ended.identity, by: process.number),
                    view.standing.state.isReachable
                else { continue }
                if world.now - view.reachableSince < bounds.detection, world.now < last {
                    isSettled = false
                    continue
                }
                log.add(
                    Self.self, at: world.now,
                    "\(process.name) still takes \(world.name(of: world.identities.all[ended.identity].id)), "
                        + "which ended at \(ended.at.seconds), for \(view.standing.state)")
            }
            guard isSettled else { return false }
            return true
        }
    }
}

extension World {
    /// Whether a process with this key exists, running or paused.
    package func isRunningAnywhere(identity: Int) -> Bool {
        processes.contains { $0.isUp && $0.identity == identity }
    }
}

extension Instant {
    /// For people: seconds with three places.
    package var seconds: String {
        let milliseconds = nanoseconds / 1_000_000
        let rest = String(milliseconds % 1_000)
        let padding = String(repeating: "0", count: 3 - rest.count)
        return "\(milliseconds / 1_000).\(padding)\(rest) s"
    }
}

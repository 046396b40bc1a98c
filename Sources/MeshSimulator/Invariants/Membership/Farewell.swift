import MeshCore
import MeshMembership

/// Who said goodbye is left, not dead.
package struct Farewell: Invariant {
    package static let name = "farewell"
    package static let promise =
        "a node that left is `left` for everybody within a bound (design 4)"

    private struct Leaver: Sendable {
        var identity: Int
        var at: Instant
    }

    private let bounds: Bounds
    private var open: [Leaver] = []

    package init(bounds: Bounds) { self.bounds = bounds }

    package var interests: Happening.Kinds { .lives }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        if case .started(let process) = happening {
            // Back again: what becomes of it now is another story.
            let identity = world.processes[process].identity
            open.removeAll { $0.identity == identity }
        }
        guard case .ended(let process, .stopped(.left)) = happening else { return }
        // Alone or cut off, nobody hears; nor does, after a cut, whoever the leaver still takes for
        // dead.
        guard world.calm.isUnimpaired(for: bounds.aftermath, at: world.now),
            world.processes.contains(where: { $0.state == .running })
        else { return }
        open.append(Leaver(identity: world.processes[process].identity, at: world.now))
    }

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        guard !open.isEmpty, world.calm.isUnimpaired(for: bounds.agreement, at: world.now) else {
            return
        }
        open.removeAll { leaver in
            if world.isRunningAnywhere(identity: leaver.identity) { return true }
            guard world.now - leaver.at >= bounds.agreement else { return false }
            for process in world.processes where process.state == .running {
                guard world.now - process.startedAt >= bounds.agreement,
                    let view = world.views.view(of: leaver.identity, by: process.number),
                    view.standing.state != .left
                else { continue }
                log.add(
                    Self.self, at: world.now,
                    "\(process.name) takes \(world.identities.all[leaver.identity].name), which "
                        + "left, for \(view.standing.state)")
            }
            return true
        }
    }
}

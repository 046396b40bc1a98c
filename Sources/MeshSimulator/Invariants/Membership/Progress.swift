import MeshCore

/// A handled deadline is over: a node never asks to be called again at once, for ever.
package struct Progress: Invariant {
    package static let name = "progress"
    package static let promise = "after handleDeadline(now), nextDeadline is later than now"

    package init() {}

    package var interests: Happening.Kinds { .deadlines }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .deadlineHandled(let process, let next?) = happening, next <= world.now else {
            return
        }
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) wants to be called at \(next.seconds) again")
    }
}

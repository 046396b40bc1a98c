import MeshCore
import MeshMembership

/// What a node holds of another only ever gets newer, in the order of `Standing`.
package struct StandingOrder: Invariant {
    package static let name = "standing-order"
    package static let promise =
        "a view never goes back, but for a suspicion cleared by own evidence and hearsay (SWIM 4.2)"

    package init() {}

    package var interests: Happening.Kinds { .reported }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard
            case .reported(
                let process,
                .changed(let subject, _, let state, let generation, let incarnation, _),
                let previous?) = happening
        else { return }
        let standing = Standing(generation: generation, incarnation: incarnation, state: state)
        guard standing < previous.standing else { return }
        var alive = previous.standing
        alive.state = .alive
        if previous.standing.state == .suspect || previous.isHearsay, standing >= alive { return }
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) went back from \(previous.standing.text) to "
                + "\(standing.text) about \(world.name(of: subject))")
    }
}

extension Standing {
    var text: String { "\(state)(\(generation).\(incarnation))" }
}

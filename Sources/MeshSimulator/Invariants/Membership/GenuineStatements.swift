import MeshCore
package import MeshMembership

/// Nobody believes what its author never signed.
package struct GenuineStatements: Invariant {
    package static let name = "genuine-statements"
    package static let promise =
        "every alive and every claim that anybody holds was signed by its author (design 4)"

    package init() {}

    package var interests: Happening.Kinds { .reported }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard
            case .reported(
                let process,
                .changed(let subject, _, let state, let generation, let incarnation, let author), _) =
                happening
        else { return }
        let own = world.identities.all[world.processes[process].identity].id
        switch state {
        case .alive:
            guard
                !world.ledger.holdsAlive(
                    subject, generation: generation, incarnation: incarnation)
            else { return }
        case .suspect, .dead, .left, .forgotten:
            let standing = Standing(
                generation: generation, incarnation: incarnation, state: state)
            guard author != own,
                !world.ledger.holdsClaim(by: author, of: subject, standing)
            else { return }
        }
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) believes \(state)(\(generation).\(incarnation)) of "
                + "\(world.name(of: subject)), which \(world.name(of: author)) never signed")
    }

    package mutating func examine(
        _ members: [MemberView], of process: Int, in world: World, log: inout ViolationLog
    ) {
        for member in members where member.state.isReachable {
            guard
                !world.ledger.holdsAlive(
                    member.id, generation: member.standing.generation,
                    incarnation: member.standing.incarnation)
            else { continue }
            log.add(
                Self.self, at: world.now,
                "\(world.processes[process].name) lists \(member.name) as \(member.standing.text), "
                    + "which it never signed")
        }
    }
}

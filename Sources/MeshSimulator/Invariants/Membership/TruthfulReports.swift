package import MeshMembership

/// What a node reported is what it holds: the rest of the node, people and the other invariants
/// all go by the reports.
package struct TruthfulReports: Invariant {
    package static let name = "truthful-reports"
    package static let promise = "the member list is what the reported changes add up to"

    package init() {}

    package mutating func examine(
        _ members: [MemberView], of process: Int, in world: World, log: inout ViolationLog
    ) {
        let own = world.processes[process].identity
        for member in members {
            guard let identity = world.identities.number(of: member.id) else {
                log.add(
                    Self.self, at: world.now,
                    "\(world.processes[process].name) knows \(member.name), whom nobody made")
                continue
            }
            guard identity != own else { continue }
            let mirrored = world.views.view(of: identity, by: process)?.standing
            guard
                mirrored?.state != member.state
                    || mirrored?.generation != member.standing.generation
            else { continue }
            log.add(
                Self.self, at: world.now,
                "\(world.processes[process].name) holds \(member.standing.text) of "
                    + "\(member.name) and reported \(mirrored?.text ?? "nothing")")
        }
    }
}

import MeshCore
package import MeshMembership

/// A name means one member.
package struct UniqueNames: Invariant {
    package static let name = "unique-names"
    package static let promise = "of the living holders of a name at most one counts (design 4)"

    package init() {}

    package mutating func examine(
        _ members: [MemberView], of process: Int, in world: World, log: inout ViolationLog
    ) {
        var holders: Set<Label> = []
        for member in members where member.counts && member.state.isReachable {
            guard !holders.insert(member.name).inserted else { continue }
            log.add(
                Self.self, at: world.now,
                "\(world.processes[process].name) counts two living holders of \(member.name)")
        }
    }
}

import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// A side without the majority decides nothing and tells nothing but that it cannot.
package struct MinoritySilent: Invariant {
    package static let name = "minority-silent"
    package static let promise =
        "a side without the majority tells only partial views and the mesh's own notices (design 7)"

    package init() {}

    package var interests: Happening.Kinds { .notices }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .ordered(let process, let order) = happening else { return }
        switch order.notice.kind {
        case .flip, .reminder, .escalation: break
        case .partial, .mesh: return
        }
        guard !world.couldHaveMajority(process, within: TruthBounds.sendingGrace) else { return }
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) sends \(world.text(order.notice)) and could not "
                + "reach the majority")
    }
}

import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// Nobody is told of an outage that was none: a target told down was truly down, since the flip
/// before, for as many honest places in as many zones as it takes.
///
/// For a place with a dead uplink every target is down. One such place, or as many as are no
/// quorum, must not matter; but nobody can tell a quorum of them from an outage while few of their
/// checks fail, nor one of them together with a zone from which the target is truly out of reach.
package struct NoFalseAlert: Invariant {
    package static let name = "no-false-alert"
    package static let promise =
        "nothing is told down that was not down for a quorum of honest nodes (design 6)"

    package init() {}

    package var interests: Happening.Kinds { .notices }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .accepted(let number) = happening else { return }
        let acceptance = world.watch.receivers.acceptances[number]
        let notice = acceptance.notice
        guard notice.kind == .flip, notice.state == .down, !acceptance.isRepeated,
            acceptance.check >= 0
        else { return }
        let flip = world.watch.truth.number(of: notice.flip)
            .map { world.watch.truth.flips[$0].flip }
        let parent = flip.flatMap { world.watch.truth.number(of: $0.parent) }
        let since = parent.map { world.watch.truth.flips[$0].firstHeldAt } ?? .zero
        let check = acceptance.check
        var places = 0
        var zones: Set<Int> = []
        var living: Set<Int> = []
        for process in world.processes where process.life > 0 {
            let zone = world.zones[process.number]
            if process.isUp { living.insert(zone) }
            let targets = world.watch.targets
            guard
                targets.wasDown(check, from: process.number, in: zone, since: since)
                    || targets.wasDead(uplinkOf: process.number, since: since)
            else { continue }
            places += 1
            zones.insert(zone)
        }
        let rule =
            flip.flatMap { world.watch.checks.rule(of: $0.definition) }
            ?? world.watch.checks.rule(of: check)
        let running = world.runningCount
        // A liar's word counts until it is known for one: beside it one fewer must be wrong.
        let lying = world.watch.liarCount(since: since)
        let needed = max(1, rule.quorum.needed(of: rule.owners(known: running)) - lying)
        let neededZones = lying > 0 ? 1 : rule.zonesNeeded(counting: living.count)
        guard places < needed || zones.count < neededZones else { return }
        log.add(
            Self.self, at: world.now,
            "contact \(acceptance.contact) was told \(world.text(notice)), which was down for "
                + "\(places) places in \(zones.count) zones")
    }
}

import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// Nobody is told twice but for a crash, a pause or a cut between the flip's certification and its
/// receipt's arrival at another node; a provider's lost answer is of the same kind, lost packets are
/// not. One that lives twice, or did a moment ago, may have had the receipt in its other life.
package struct AtMostOnce: Invariant {
    package static let name = "at-most-once"
    package static let promise =
        "a notice is accepted twice only where a crash, pause or cut overlaps its sending (design 7)"

    package init() {}

    package var interests: Happening.Kinds { .notices }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .accepted(let number) = happening else { return }
        let second = world.watch.receivers.acceptances[number]
        guard second.isRepeated,
            let first = world.watch.receivers.firstAcceptance(of: second.notice.id)
        else { return }
        let flip = world.watch.truth.number(of: second.notice.flip)
            .map { world.watch.truth.flips[$0] }
        let start = flip?.firstHeldAt ?? first.orderedAt
        // What happened after everybody else could know is no excuse.
        let end = min(world.watch.sentKnownAt[second.notice.id] ?? world.now, second.orderedAt)
        let senders = [first.process, second.process]
        let isExcused =
            world.watch.troubles.overlaps(senders, from: start, to: max(end, start))
            || world.watch.receivers.lostAnswers.contains {
                senders.contains($0.process) && $0.at >= start && $0.at <= world.now
            }
            || senders.contains { world.watch.hasLied($0, since: start) }
            || senders.contains { world.livedTwice($0, since: start) }
        guard !isExcused else { return }
        log.add(
            Self.self, at: world.now,
            "\(world.text(second.notice)) was accepted from "
                + "\(world.processes[first.process].name) at \(first.at.seconds) and from "
                + "\(world.processes[second.process].name) again")
    }
}

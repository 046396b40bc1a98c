import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// A contact hears things in the order in which they happened, and of no recovery from what never
/// was.
package struct NoRecoveryWithoutOutage: Invariant {
    package static let name = "no-recovery-without-outage"
    package static let promise =
        "per check and contact notices go by epoch, and a recovery has an outage (design 7)"

    private struct Link: Hashable, Sendable {
        var check: Int
        var contact: Int
    }

    private struct Told: Sendable {
        var birth: Birth
        var epoch: UInt32
        /// An outage, or an end whose yes was lost: for all that the mesh knows, it is still owed.
        var isOpen: Bool
        var id: NoticeID
    }

    /// What was last told. Only looked up.
    private var told: [Link: Told] = [:]

    package init() {}

    package var interests: Happening.Kinds { .notices }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .accepted(let number) = happening else { return }
        let acceptance = world.watch.receivers.acceptances[number]
        let notice = acceptance.notice
        guard notice.kind == .flip, acceptance.check >= 0,
            let flipNumber = world.watch.truth.number(of: notice.flip)
        else { return }
        let flip = world.watch.truth.flips[flipNumber].flip
        let link = Link(check: acceptance.check, contact: acceptance.contact)
        let last = told[link]
        let isOutage = Self.alertClass(notice.state, acceptance.check, in: world) != .up
        let isOpen = isOutage || world.watch.receivers.isUnheard(acceptance)
        guard !acceptance.isRepeated else {
            if last?.id == notice.id, !isOpen { told[link]?.isOpen = false }
            return
        }
        told[link] = Told(
            birth: flip.birth, epoch: notice.epoch, isOpen: isOpen, id: notice.id)
        if let last, last.birth == flip.birth, last.epoch >= notice.epoch {
            told[link]?.epoch = last.epoch
            return log.add(
                Self.self, at: world.now,
                "contact \(acceptance.contact) was told \(world.text(notice)) after epoch "
                    + "\(last.epoch)")
        }
        // A chain that was lost may have told the outage.
        guard !isOutage, !(last?.isOpen ?? false) else { return }
        let bottom = last.flatMap { $0.birth == flip.birth ? $0.epoch : nil } ?? 0
        guard !hadOutage(before: flip, from: bottom, acceptance.check, in: world) else { return }
        log.add(
            Self.self, at: world.now,
            "contact \(acceptance.contact) was told \(world.text(notice)) and no outage was")
    }

    /// Whether the chain went through an outage after epoch `bottom`, that one included: the
    /// outage that was told, or one that was never sent and is told with its end.
    private func hadOutage(
        before flip: Flip, from bottom: UInt32, _ check: Int, in world: World
    ) -> Bool {
        var next = world.watch.truth.number(of: flip.parent)
        while let number = next {
            let ancestor = world.watch.truth.flips[number].flip
            guard ancestor.epoch >= bottom else { return false }
            if Self.alertClass(ancestor.state, check, in: world) != .up { return true }
            next = world.watch.truth.number(of: ancestor.parent)
        }
        // A flip that nobody who is left ever held: nothing can be said.
        return flip.epoch > 1 && world.watch.truth.number(of: flip.parent) == nil
    }

    /// Degraded counts as up unless the alert says otherwise.
    static func alertClass(_ state: TargetState, _ check: Int, in world: World) -> TargetState {
        let isTold = world.watch.checks.route(of: check)?.route.tellsDegraded ?? false
        return state == .degraded && !isTold ? .up : state
    }
}

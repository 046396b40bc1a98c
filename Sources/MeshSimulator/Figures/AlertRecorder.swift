import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// Times how fast people learn of a target: from its change until the first node mints the flip,
/// until everybody holds it, and until the first sender starts to send.
package struct AlertRecorder: Sendable {
    /// From a target's stop to the first request that leaves.
    package private(set) var detection = Distribution()
    /// From a target's recovery to the first request that leaves.
    package private(set) var recovery = Distribution()
    /// From a target's change to the first mint.
    package private(set) var minting = Distribution()
    /// From the first mint until everybody who runs holds it.
    package private(set) var spreading = Distribution()
    package private(set) var mints = 0
    package private(set) var provisionals = 0

    /// Flips whose spreading, and notices whose sending, has been timed. Only looked up.
    private var mintedFlips: Set<Int> = []
    private var timedFlips: Set<Int> = []
    private var timedNotices: Set<NoticeID> = []

    package init() {}

    package mutating func observe(_ happening: Happening, in world: World) {
        switch happening {
        case .flipped(_, let number, _, _, let origin): observe(number, origin, in: world)
        case .ordered(_, let order): observe(order.notice, in: world)
        case .checkReported(_, .provisional(_, .some)): provisionals += 1
        case .started, .ended, .paused, .resumed, .sent, .delivered, .reported, .deadlineHandled,
            .looked, .checkReported, .accepted, .answered, .noticeReported:
            break
        }
    }

    private mutating func observe(_ number: Int, _ origin: CheckEvent.Origin, in world: World) {
        let entry = world.watch.truth.flips[number]
        if origin == .minted {
            mints += 1
            // The first flip from unknown follows from no change; nor does one from what only some
            // places saw.
            if mintedFlips.insert(number).inserted, entry.flip.epoch > 1,
                let elapsed = sinceChange(of: entry.check, to: entry, in: world)
            {
                minting.add(elapsed)
            }
        }
        if entry.knownByAllAt == world.now, let mintedAt = entry.mintedAt,
            timedFlips.insert(number).inserted
        {
            spreading.add((world.now - mintedAt).inSeconds)
        }
    }

    private mutating func observe(_ notice: Notice, in world: World) {
        guard notice.kind == .flip, timedNotices.insert(notice.id).inserted,
            let number = world.watch.truth.number(of: notice.flip)
        else { return }
        let entry = world.watch.truth.flips[number]
        guard entry.flip.epoch > 1,
            let elapsed = sinceChange(of: entry.check, to: entry, in: world)
        else { return }
        if notice.state == .up { recovery.add(elapsed) } else { detection.add(elapsed) }
    }

    /// `nil` unless the target is, for everybody, in the state of the flip.
    private func sinceChange(
        of check: Int, to entry: TruthBook.Entry, in world: World
    ) -> Double? {
        let targets = world.watch.targets
        guard targets.isUniform(check), !targets.isFlapping(check),
            targets.state(of: check, from: 0, in: 0, at: world.now) == entry.flip.state
        else { return nil }
        return (world.now - targets.changedAt[check]).inSeconds
    }
}

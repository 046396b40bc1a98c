import MeshChecks
package import MeshCore
import MeshNotices
import MeshPlacement
import MeshVerdicts

/// Strikes whoever is about to tell, at the worst moment: not by the clock, but when it happens.
package struct Assassin: Outsider {
    package enum Moment: UInt8, Sendable, Hashable {
        /// The lowest-ranking owner has just learnt of the flip.
        case certified
        /// It holds the claim.
        case claimed
        /// Its request has left.
        case ordered
        /// The provider has said yes, and nobody else knows.
        case accepted
    }

    package enum Blow: Sendable, Hashable {
        case kill
        /// Long enough for its lease to run out.
        case pause(TimeSpan)
    }

    private let moment: Moment
    private let blow: Blow
    private let returnsAfter: TimeSpan?
    private var blowsLeft: Int
    private var number = 0
    private var victim: Int?

    private enum Token {
        static let strike: UInt32 = 0
        static let mend: UInt32 = 1
    }

    /// Strikes the first `count` times that the moment comes.
    package init(
        at moment: Moment, _ blow: Blow, times count: Int = 1, returnsAfter: TimeSpan? = nil
    ) {
        self.moment = moment
        self.blow = blow
        self.returnsAfter = returnsAfter
        blowsLeft = count
    }

    package var interests: Happening.Kinds { [.checks, .notices] }

    package mutating func begin(as number: Int, in world: World) { self.number = number }

    package mutating func watch(_ happening: Happening, in world: World) {
        guard blowsLeft > 0, victim == nil, let place = victim(of: happening, in: world) else {
            return
        }
        blowsLeft -= 1
        victim = place
        world.wakeOutsider(number, token: Token.strike, after: .zero)
    }

    private func victim(of happening: Happening, in world: World) -> Int? {
        switch (moment, happening) {
        case (.certified, .flipped(let process, let number, _, _, _)):
            let flip = world.watch.truth.flips[number].flip
            guard flip.state != .up, process == world.firstOwner(of: flip.check) else {
                return nil
            }
            return process
        case (.claimed, .noticeReported(let process, .changed(let view))):
            let own = world.identities.all[world.processes[process].identity].id
            return view.status == .claimed && view.node == own ? process : nil
        case (.ordered, .ordered(let process, _)): return process
        case (.accepted, .accepted(let number)):
            return world.watch.receivers.acceptances[number].process
        default: return nil
        }
    }

    package mutating func wake(token: UInt32, in world: World) {
        guard let place = victim else { return }
        if token == Token.mend {
            victim = nil
            world.apply(blow == .kill ? .start(place) : .resume(place))
            return
        }
        switch blow {
        case .kill:
            world.apply(.kill(place, silently: true))
            if let returnsAfter {
                world.wakeOutsider(number, token: Token.mend, after: returnsAfter)
            }
        case .pause(let span):
            world.apply(.pause(place))
            world.wakeOutsider(number, token: Token.mend, after: span)
        }
    }
}

extension World {
    /// The running place whose score for a check is the lowest: the first of its owners, whatever
    /// the zones.
    func firstOwner(of check: CheckID) -> Int? {
        processes.filter { $0.state == .running }.min { left, right in
            Score(of: identities.all[left.identity].id, for: check)
                < Score(of: identities.all[right.identity].id, for: check)
        }?.number
    }
}

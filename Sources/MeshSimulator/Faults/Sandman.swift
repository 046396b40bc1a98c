import MeshChecks
package import MeshCore
import MeshEngine
import MeshNotices

/// Puts an owner of one check after another to sleep, lets its target stop, kills whoever tells of
/// it once the others know, and wakes the sleeper: the only owner left has missed both the flip and
/// its receipt, and hears of the flip first.
package struct Sandman: Outsider {
    private enum Token {
        static let sleep: UInt32 = 0
        static let stop: UInt32 = 1
        static let kill: UInt32 = 2
        static let wake: UInt32 = 3
        static let mend: UInt32 = 4
    }

    /// Long enough to be taken for dead: nothing is sent to it any more.
    private static let sleepSpan = TimeSpan.seconds(15)
    /// Long enough for the receipt to be everywhere.
    private static let tellingSpan = TimeSpan.seconds(2)
    private static let wakingSpan = TimeSpan.milliseconds(100)
    private static let watchSpan = TimeSpan.seconds(20)
    private static let restSpan = TimeSpan.seconds(40)

    private let start: TimeSpan
    private var number = 0
    private var check = 0
    private var sleeper: Int?
    private var teller: Int?
    private var awaitsTelling = false

    package init(from start: TimeSpan) { self.start = start }

    package var interests: Happening.Kinds { .notices }

    package mutating func begin(as number: Int, in world: World) {
        self.number = number
        world.wakeOutsider(number, token: Token.sleep, after: start)
    }

    package mutating func watch(_ happening: Happening, in world: World) {
        guard awaitsTelling, case .accepted(let acceptance) = happening else { return }
        let told = world.watch.receivers.acceptances[acceptance]
        guard told.check == check, told.notice.state == .down else { return }
        awaitsTelling = false
        teller = told.process
        world.wakeOutsider(number, token: Token.kill, after: Self.tellingSpan)
    }

    package mutating func wake(token: UInt32, in world: World) {
        guard check < world.watch.checks.ids.count else { return }
        switch token {
        case Token.sleep:
            sleeper = world.lastOwner(of: world.watch.checks.ids[check])
            if let sleeper { world.apply(.pause(sleeper)) }
            world.wakeOutsider(number, token: Token.stop, after: Self.sleepSpan)
        case Token.stop:
            awaitsTelling = true
            world.apply(.target(check, .refusing))
        case Token.kill:
            if let teller { world.apply(.kill(teller, silently: true)) }
            world.wakeOutsider(number, token: Token.wake, after: Self.wakingSpan)
        case Token.wake:
            if let sleeper { world.apply(.resume(sleeper)) }
            world.wakeOutsider(number, token: Token.mend, after: Self.watchSpan)
        default:
            if let teller { world.apply(.start(teller)) }
            world.apply(.target(check, .up))
            check += 1
            world.wakeOutsider(number, token: Token.sleep, after: Self.restSpan)
        }
    }
}

extension World {
    /// The last of a check's owners, as the first of them that runs has it.
    fileprivate func lastOwner(of check: CheckID) -> Int? {
        guard let first = firstOwner(of: check),
            let last = processes[first].node?.owners(of: check).last
        else { return nil }
        return processes.first {
            $0.state == .running && identities.all[$0.identity].id == last
        }?.number
    }
}

import MeshChecks
package import MeshCore

/// Stops one target after another, and kills the first of its owners in the same instant: the
/// worst that can happen to a notice. The owner and the target come back before the next.
package struct Poacher: Outsider {
    private let start: TimeSpan
    private var number = 0
    private var check = 0
    private var victim: Int?

    private enum Token {
        static let strike: UInt32 = 0
        static let mend: UInt32 = 1
    }

    private static let downSpan = TimeSpan.seconds(40)
    private static let restSpan = TimeSpan.seconds(40)

    package init(from start: TimeSpan) { self.start = start }

    package var interests: Happening.Kinds { [] }

    package mutating func begin(as number: Int, in world: World) {
        self.number = number
        world.wakeOutsider(number, token: Token.strike, after: start)
    }

    package mutating func watch(_ happening: Happening, in world: World) {}

    package mutating func wake(token: UInt32, in world: World) {
        guard check < world.watch.checks.ids.count else { return }
        switch token {
        case Token.strike:
            victim = world.firstOwner(of: world.watch.checks.ids[check])
            world.apply(.target(check, .refusing))
            if let victim { world.apply(.kill(victim, silently: true)) }
            world.wakeOutsider(number, token: Token.mend, after: Self.downSpan)
        default:
            world.apply(.target(check, .up))
            if let victim { world.apply(.start(victim)) }
            check += 1
            world.wakeOutsider(number, token: Token.strike, after: Self.restSpan)
        }
    }
}

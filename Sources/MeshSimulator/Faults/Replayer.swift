package import MeshCore

/// An attacker on the path that sends again what it has seen: to the same node and to others, from
/// the sender's address and from its own, at once and minutes later.
package struct Replayer: Outsider {
    private var ear = Eavesdropper()
    private var generator: SeededGenerator
    private var number = 0
    private let interval: TimeSpan

    package init(interval: TimeSpan, seed: UInt64) {
        self.interval = interval
        generator = SeededGenerator(seed: seed)
    }

    package var interests: Happening.Kinds { .delivered }

    package mutating func begin(as number: Int, in world: World) {
        self.number = number
        world.wakeOutsider(number, token: 0, after: interval)
    }

    package mutating func watch(_ happening: Happening, in world: World) {
        ear.watch(happening, in: world)
    }

    package mutating func wake(token: UInt32, in world: World) {
        world.wakeOutsider(number, token: 0, after: interval)
        guard !ear.captures.isEmpty else { return }
        let capture = ear.captures[generator.index(below: ear.captures.count)]
        let source =
            generator.chance(perMillion: 500_000)
            ? capture.source : AddressPlan.address(ofOutsider: number)
        let other = generator.index(below: world.processes.count)
        if generator.chance(perMillion: 300_000), other != capture.receiver {
            world.inject(capture.datagram, from: source, to: other, .redirected)
        } else {
            world.inject(
                capture.datagram, from: source, to: capture.receiver, .repeated,
                handledInLife: capture.life)
        }
    }
}

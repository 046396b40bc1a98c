package import MeshCore

/// An attacker without the mesh's secret: junk, damaged copies of what it has seen, headers that
/// look right with tags that are not.
package struct Forger: Outsider {
    private var ear = Eavesdropper()
    private var generator: SeededGenerator
    private var number = 0
    private let interval: TimeSpan

    private enum Trick: Int, CaseIterable {
        case junk, flippedBit, wrongTag, wrongKey, raisedCounter, truncated, oversized
    }

    private static let junkByteCountMax = 1_500

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
        let receiver =
            generator.chance(perMillion: 800_000)
            ? capture.receiver : generator.index(below: world.processes.count)
        world.inject(forged(capture.datagram), from: source, to: receiver, .forged)
    }

    private mutating func forged(_ genuine: [UInt8]) -> [UInt8] {
        var datagram = genuine
        switch Trick.allCases[generator.index(below: Trick.allCases.count)] {
        case .junk:
            return randomBytes(generator.index(below: Self.junkByteCountMax))
        case .flippedBit:
            let bit = generator.index(below: datagram.count * 8)
            datagram[bit / 8] ^= 1 << UInt8(bit % 8)
        case .wrongTag:
            let tag = randomBytes(sealTagByteCount)
            datagram.replaceSubrange(datagram.count - sealTagByteCount..<datagram.count, with: tag)
        case .wrongKey:
            datagram[2 + generator.index(below: 4)] &+= 1
        case .raisedCounter:
            datagram[14 + generator.index(below: 6)] &+= 1
        case .truncated:
            datagram.removeLast(1 + generator.index(below: datagram.count))
        case .oversized:
            datagram += randomBytes(Self.junkByteCountMax - datagram.count)
        }
        return datagram
    }

    private mutating func randomBytes(_ count: Int) -> [UInt8] {
        (0..<max(count, 0)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    }
}

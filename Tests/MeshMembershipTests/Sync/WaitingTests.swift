import MeshCore
import MeshTestSupport
import Testing

@testable import MeshMembership

/// A node that was started before those that it is to join.
struct WaitingTests {
    private let me = Character(1)
    private let other = Character(2)

    /// Nobody answers at the address of the one seed.
    private func wait(_ seconds: Int, _ stage: inout Stage) {
        for _ in 0..<seconds {
            let known = stage.resolutions.count
            stage.wait(.seconds(1))
            for _ in known..<stage.resolutions.count {
                stage.node.handle(addresses: [], ofSeed: 0, now: stage.now)
                stage.settle()
            }
        }
    }

    @Test func `it goes on asking while nobody has answered at all`() throws {
        var stage = try Stage(me, seedCount: 1)
        wait(600, &stage)
        let asked = stage.resolutions.count
        // Three at once, then every ten seconds and up to a tenth.
        #expect((54...65).contains(asked))
    }

    @Test func `it asks as soon as somebody has come`() throws {
        var stage = try Stage(me, seedCount: 1)
        wait(101, &stage)
        for _ in 0..<20 {
            let asked = stage.resolutions.count
            wait(1, &stage)
            // Right after it has asked in vain: the next time would be ten seconds away.
            if stage.resolutions.count > asked { break }
        }
        let asked = stage.resolutions.count
        try stage.hear([other.alive()], from: other)
        #expect(stage.state(of: other) == .alive)
        wait(2, &stage)
        #expect(stage.resolutions.count == asked + 1)
    }

    @Test func `once one has answered, the silent are asked ever less often`() {
        var seeds = SeedJoiner(count: 2)
        var generator = SeededGenerator(seed: 1)
        seeds.answered(0, by: other.id, now: .zero)
        var now = Instant.zero
        for _ in 0..<12 {
            now = max(now, seeds.seeds[1].nextTry)
            seeds.failed(1, now: now, interval: .seconds(10), using: &generator)
        }
        #expect(seeds.seeds[1].nextTry - now >= .minutes(5))
    }
}

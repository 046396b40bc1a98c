import MeshChecks
import MeshCore
import Testing

@testable import MeshNotices

/// Everything at once, at random: kills, restarts, pauses, cuts, receivers that fail, loss, and a
/// target that flaps through it.
struct ChaosStories {
    @Test(arguments: 1...150 as ClosedRange<UInt64>)
    func `whatever happens, the contact is told what is so, twice only under one id`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var village = Village(5, seed: seed)
        village.loss = generator.index(below: 30)
        var flips = [village.flip(1, .up, from: nil)]
        village.learn(flips[0])
        for _ in 0..<40 {
            let latest = flips[flips.count - 1]
            switch generator.index(below: 8) {
            case 0, 1, 2:
                let state: TargetState = latest.state == .up ? .down : .up
                flips.append(village.flip(latest.epoch + 1, state, from: latest.state))
                village.learn(flips[flips.count - 1])
            case 3:
                let number = generator.index(below: 5)
                if village.residents.count(where: { !$0.isRunning }) < 2 {
                    village.kill(number, noticedAfter: .milliseconds(1_500))
                }
            case 4:
                if let number = village.all.first(where: { !village.residents[$0].isRunning }) {
                    village.restart(number, learning: latest)
                }
            case 5:
                let number = generator.index(below: 5)
                if village.residents[number].pausedUntil == nil {
                    village.pause(number, for: .seconds(Int64(generator.index(below: 12))))
                }
            case 6:
                village.receiversOfNode[generator.index(below: 5)] =
                    [.accepts, .refuses, .hangs][generator.index(below: 3)]
            default:
                if village.residents.contains(where: { $0.side != 0 }) {
                    village.heal()
                } else {
                    let lone = generator.index(below: 5)
                    village.cut([village.all.filter { $0 != lone }, [lone]])
                }
            }
            village.run(for: .milliseconds(Int64(generator.index(below: 6_000))))
        }
        village.heal()
        village.receiversOfNode = [:]
        let latest = flips[flips.count - 1]
        for number in village.all {
            if !village.residents[number].isRunning { village.restart(number, learning: latest) }
        }
        village.run(for: .seconds(15))
        village.heal()
        village.learn(latest)
        village.run(for: .minutes(20))

        let told = village.told.map(\.notice)
        let highest = told.max { $0.epoch < $1.epoch }
        #expect((highest?.state ?? .up) == latest.state)
        // Whoever is told of a flip twice is told under one id.
        #expect(Set(told.map(\.id)).count == Set(told.map(\.epoch)).count)
        #expect(village.residents.allSatisfy { $0.notices.openCount == 0 })
        #expect(Set(village.residents.map(\.notices.dossierRoot)).count == 1)
    }

    @Test(arguments: 1...150 as ClosedRange<UInt64>)
    func `without crash, pause or cut nothing is told twice, nor a later flip before an earlier`(
        seed: UInt64
    ) {
        var generator = SeededGenerator(seed: seed)
        var village = Village(5, seed: seed)
        village.loss = [0, 0, 5, 25][generator.index(below: 4)]
        var flips = [village.flip(1, .up, from: nil)]
        village.learn(flips[0])
        for _ in 0..<40 {
            let latest = flips[flips.count - 1]
            if generator.index(below: 2) == 0 {
                let state: TargetState = latest.state == .up ? .down : .up
                flips.append(village.flip(latest.epoch + 1, state, from: latest.state))
                // Not all learn it at once.
                var nodes = Array(village.all)
                generator.shuffle(&nodes)
                for number in nodes {
                    village.learn(flips[flips.count - 1], at: [number])
                    village.run(for: .milliseconds(Int64(generator.index(below: 700))))
                }
            } else {
                village.receiversOfNode[generator.index(below: 5)] =
                    [.accepts, .refuses][generator.index(below: 2)]
            }
            village.run(for: .milliseconds(Int64(generator.index(below: 2_000))))
        }
        village.receiversOfNode = [:]
        village.run(for: .minutes(20))
        let told = village.told.map(\.notice)
        #expect(Set(told.map(\.id)).count == told.count)
        #expect(told.map(\.epoch) == told.map(\.epoch).sorted())
        #expect((told.last?.state ?? .up) == flips[flips.count - 1].state)
        #expect(village.residents.allSatisfy { $0.notices.openCount == 0 })
    }
}

import MeshChecks
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshVerdicts

/// *What this means, as tests*: who goes on and who does not when nodes die or are cut off
/// (section 5), and what the others show meanwhile.
struct MajorityStories {
    @Test func `one node alone works`() {
        var bench = Bench(1)
        bench.run(for: .seconds(3))
        #expect(bench.state() == .up)
        bench.targetFails()
        bench.run(for: .seconds(25))
        #expect(bench.state() == .down)
    }

    @Test func `who is not settled looks, and neither votes nor mints`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.kill(2)
        bench.seats[2].isSettled = false
        bench.run(for: .seconds(1))
        bench.restart(2)
        bench.targetFails()
        bench.seeAsItIs(at: 2)
        let looks = bench.seats[2].looks.count
        let signed = bench.seats[2].signed.count
        bench.run(for: .seconds(40))
        #expect(bench.seats[2].looks.count > looks)
        #expect(bench.seats[2].signed.count == signed)
        #expect(bench.state() == .down)
    }

    @Test func `of two, one dead, nothing is certified until the dead one is forgotten`() {
        var bench = Bench(2)
        bench.run(for: .seconds(20))
        bench.kill(1)
        bench.run(for: .seconds(5))
        bench.targetFails()
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
        bench.forget(1)
        bench.run(for: .seconds(30))
        #expect(bench.state() == .down)
    }

    @Test func `of three, one dead, the two go on`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.kill(0)
        bench.targetFails()
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
    }

    @Test func `of three, two dead, the one is silent`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.kill(0)
        bench.kill(1)
        bench.run(for: .seconds(5))
        bench.targetFails()
        bench.run(for: .seconds(100))
        #expect(bench.epoch() == 1)
        #expect(!bench.stances(at: 2).contains(.dissents(.down)))
    }

    @Test func `of five, two dead, the three go on`() {
        var bench = Bench(5)
        bench.run(for: .seconds(20))
        bench.kill(0)
        bench.kill(1)
        bench.targetFails()
        bench.run(for: .seconds(45))
        #expect(bench.state() == .down)
    }

    @Test func `of five cut in three and two the three go on and the two are provisional`() {
        var bench = Bench(5)
        bench.run(for: .seconds(20))
        bench.cut([[2, 3, 4], [0, 1]])
        bench.run(for: .seconds(10))
        bench.targetFails()
        bench.run(for: .seconds(50))
        for seat in 2..<5 { #expect(bench.state(at: seat) == .down) }
        for seat in 0..<2 {
            #expect(bench.state(at: seat) == .up)
            #expect(bench.events(at: seat).contains(.provisional(bench.shop, .down)))
            #expect(!bench.stances(at: seat).contains(.dissents(.down)))
        }
        bench.heal()
        bench.run(for: .seconds(15))
        #expect(bench.state() == .down)
        #expect(bench.epoch() == 2)
        for seat in 0..<2 {
            let view = bench.seats[seat].verdicts.view(of: bench.shop, now: bench.now)
            #expect(view?.provisional == nil)
        }
    }

    @Test func `an opinion ends when the target recovers on the cut side`() {
        var bench = Bench(5)
        bench.run(for: .seconds(20))
        bench.cut([[2, 3, 4], [0, 1]])
        bench.run(for: .seconds(10))
        bench.targetFails(for: [0, 1])
        bench.run(for: .seconds(50))
        #expect(bench.events(at: 0).contains(.provisional(bench.shop, .down)))
        bench.seeAsItIs(at: 0)
        bench.seeAsItIs(at: 1)
        bench.run(for: .seconds(30))
        for seat in 0..<2 {
            #expect(bench.events(at: seat).contains(.provisional(bench.shop, nil)))
        }
        bench.heal()
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
    }

    @Test func `an opinion ends when those who held it are gone`() {
        var bench = Bench(5)
        bench.run(for: .seconds(20))
        bench.cut([[2, 3, 4], [0, 1]])
        bench.run(for: .seconds(10))
        bench.targetFails(for: [0, 1])
        bench.run(for: .seconds(50))
        bench.kill(0)
        bench.see(.abstained(.noUplink), at: 1)
        bench.run(for: .seconds(90))
        let view = bench.seats[1].verdicts.view(of: bench.shop, now: bench.now)
        #expect(view?.provisional == nil)
    }

    @Test func `a target that only the cut-off side saw fail is not told after healing`() {
        var bench = Bench(5)
        bench.run(for: .seconds(20))
        bench.cut([[2, 3, 4], [0, 1]])
        bench.run(for: .seconds(10))
        bench.targetFails(for: [0, 1])
        bench.run(for: .seconds(40))
        bench.seeAsItIs(at: 0)
        bench.seeAsItIs(at: 1)
        bench.heal()
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
        for seat in bench.all {
            let view = bench.seats[seat].verdicts.view(of: bench.shop, now: bench.now)
            #expect(view?.provisional == nil)
            #expect(view?.verdicts.isEmpty ?? false)
        }
    }

    @Test func `one of two zones lost, the zone with the majority goes on after the grace`() {
        var bench = Bench(5, zones: ["eu", "us"])
        bench.run(for: .seconds(20))
        #expect(bench.state() == .up)
        // 0, 2 and 4 are in eu.
        bench.kill(1)
        bench.kill(3)
        bench.targetFails()
        bench.run(for: .seconds(50))
        #expect(bench.epoch() == 1)
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
    }

    @Test func `a zone that is dark stops counting at the end of the grace, not at the next look`()
    {
        var rule = Bench.rule
        rule.interval = .seconds(600)
        rule.delay = 0
        var bench = Bench(5, zones: ["eu", "us"], rule: rule)
        bench.run(for: .seconds(200))
        bench.kill(1)
        bench.kill(3)
        bench.run(for: .seconds(4))
        bench.targetFails()
        let isSigned = bench.run(until: .seconds(600)) {
            $0.standing(of: 0, at: 0) == .dissents(.down)
        }
        #expect(isSigned)
        bench.run(for: .seconds(65))
        #expect(bench.state() == .down)
    }

    @Test func `a mesh gets its birth though the first that settled was without the majority`() {
        var bench = Bench(3)
        bench.cut([[0], [1], [2]], noticedAfter: .zero)
        bench.run(for: .seconds(30))
        #expect(bench.seats.allSatisfy { $0.verdicts.birth == nil })
        bench.heal()
        bench.run(for: .seconds(20))
        #expect(bench.state() == .up)
    }

    @Test func `of two births the lower wins, and what is certified under the other is history`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.targetFails()
        bench.run(for: .seconds(30))
        #expect(bench.epoch() == 2)
        let older = Birth(at: WallTime(milliseconds: 1), random: 5)
        let key = bench.seats[0].key
        let signature = Bench.cryptography.sign(
            SignedBirth.signedBytes(of: older, mesh: bench.mesh), by: key)
        let signed = SignedBirth(
            birth: older, key: key, signature: signature, using: Bench.cryptography)
        bench.act(1) { verdicts, now in
            try? verdicts.receive(signed.update(), from: nil, now: now)
        }
        bench.run(for: .seconds(15))
        for seat in bench.all { #expect(bench.seats[seat].verdicts.birth?.birth == older) }
        #expect(bench.state() == .down)
        #expect(bench.epoch() == 1)
    }
}

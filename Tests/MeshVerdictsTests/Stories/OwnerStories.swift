import MeshChecks
import MeshCore
import Testing

@testable import MeshVerdicts

/// Who looks: owners, former ones, those that decline and those that stand in (section 5).
struct OwnerStories {
    /// A mesh of four of which the lowest is not there yet.
    private func waiting(_ rule: VotingRule = Bench.rule) -> Bench {
        var bench = Bench(4, rule: rule)
        bench.kill(0, noticedAfter: .zero)
        bench.forget(0)
        bench.run(for: .seconds(25))
        return bench
    }

    @Test func `a former owner goes on until the new one has reported, and lets go then`() throws {
        var bench = waiting()
        #expect(bench.owners(at: 1) == [1, 2, 3])
        let before = bench.seats[0].looks.count
        bench.join(0)
        bench.run(for: .milliseconds(300))
        #expect(bench.owners(at: 3) == [0, 1, 2])
        #expect(bench.duty(of: 3) != nil)
        #expect(
            bench.run(until: .seconds(32)) { bench in bench.duty(of: 3) == nil })
        #expect(bench.seats[0].looks.count > before)
    }

    @Test func `a former owner does not let go before the new one has looked`() {
        var bench = waiting()
        bench.see(nil, at: 0)
        bench.join(0)
        bench.run(for: .seconds(25))
        #expect(bench.duty(of: 3) != nil)
        bench.run(for: .seconds(20))
        #expect(bench.duty(of: 3) == nil)
    }

    @Test func `a streak passes to the new owner, who adds looks of its own`() throws {
        var rule = Bench.rule
        rule.delay = 4
        rule.quorum = .all
        var bench = waiting(rule)
        let failed = bench.now
        bench.targetFails()
        bench.run(for: .seconds(25))
        bench.join(0)
        bench.run(for: .seconds(60))
        #expect(bench.state() == .down)
        let flipped = try #require(bench.flips(at: 1).last).at
        // Neither sooner than the delay nor by a delay that began anew.
        #expect(flipped - failed >= .seconds(40))
        #expect(flipped - failed <= .seconds(56))
    }

    @Test func `what is handed over does not make a dissent of one who sees nothing wrong`() {
        var bench = waiting()
        bench.targetFails(for: [3])
        bench.run(for: .seconds(15))
        bench.join(0)
        bench.run(for: .seconds(5))
        #expect(bench.stances(at: 0).isEmpty)
        bench.run(for: .seconds(30))
        #expect(bench.stances(at: 0).isEmpty)
    }

    @Test func `an owner without the definition declines and the next rank steps in`() {
        var bench = Bench(4)
        bench.set([], at: 0)
        bench.run(for: .seconds(25))
        #expect(bench.owners(at: 1) == [1, 2, 3])
        #expect(bench.owners(at: 3) == [1, 2, 3])
        bench.targetFails()
        bench.run(for: .seconds(30))
        #expect(bench.state() == .down)
        // It is given the definition after the flip: its word must not be about a past one.
        bench.set(bench.checks, at: 0)
        bench.run(for: .seconds(45))
        for seat in bench.all { #expect(bench.owners(at: seat) == [0, 1, 2]) }
    }

    @Test func `who is given a check later knows who has declined it`() {
        var bench = Bench(5)
        bench.set([], at: 0)
        bench.set([], at: 3)
        bench.run(for: .seconds(25))
        #expect(bench.owners(at: 1) == [1, 2, 4] || bench.owners(at: 1) == [1, 2, 3])
        bench.set(bench.checks, at: 3)
        bench.run(for: .seconds(10))
        #expect(bench.owners(at: 3) == [1, 2, 3])
        #expect(bench.owners(at: 1) == [1, 2, 3])
    }

    @Test func `one that declined and was given another generation declines again`() {
        var bench = Bench(4)
        bench.set([], at: 0)
        bench.run(for: .seconds(25))
        bench.seats[0].generation = 2
        bench.act(0) { $0.setGeneration(2, now: $1) }
        for other in bench.all {
            let member = bench.notice(0, isReachable: true, by: other)
            bench.act(other) { verdicts, now in
                verdicts.update(member, now: now)
                verdicts.settlePlacement(now: now)
            }
        }
        bench.targetFails()
        bench.run(for: .seconds(40))
        #expect(bench.owners(at: 1) == [1, 2, 3])
    }

    @Test func `where owners are dead and nobody has noticed, the next ranks stand in`() {
        var bench = Bench(5)
        bench.run(for: .seconds(25))
        bench.kill(1, noticedAfter: .seconds(300))
        bench.kill(2, noticedAfter: .seconds(300))
        bench.targetFails()
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
        // Their work is done.
        #expect(bench.duty(of: 3) == nil && bench.duty(of: 4) == nil)
    }

    @Test func `where a zone is missing among the signers, one of it stands in`() {
        var rule = Bench.rule
        rule.zonesRequired = 3
        rule.confirmations = 3
        rule.quorum = .all
        var bench = Bench(6, zones: ["eu", "us", "eu", "us", "ap", "eu"], rule: rule)
        bench.run(for: .seconds(60))
        bench.targetFails()
        bench.run(for: .seconds(60))
        #expect(bench.state() == .down)
    }

    @Test func `where two owners share a zone and the third is gone, one of another stands in`() {
        // 0 and 1 are in eu and a quorum, but not of two zones; nobody has noticed that 2 is dead.
        var bench = Bench(5, zones: ["eu", "eu", "us", "eu", "us"])
        bench.run(for: .seconds(25))
        #expect(bench.owners() == [0, 1, 2])
        bench.kill(2, noticedAfter: .seconds(900))
        bench.targetFails()
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
        let standIns = bench.all.filter { seat in
            seat > 2 && !bench.stances(at: seat).isEmpty
        }
        #expect(standIns.contains(4))
    }

    @Test(arguments: [VotingRule.Quorum.majority, .all])
    func `an owner that dies in the middle of a streak is replaced, and the rest goes on`(
        _ quorum: VotingRule.Quorum
    ) {
        var rule = Bench.rule
        rule.quorum = quorum
        rule.delay = 2
        var bench = Bench(4, rule: rule)
        bench.run(for: .seconds(25))
        bench.targetFails()
        bench.run(for: .seconds(14))
        #expect((bench.duty(of: 0)?.streak[.down].count ?? 0) >= 1)
        bench.kill(2)
        bench.run(for: .seconds(quorum == .all ? 36 : 18))
        #expect(bench.state() == .down)
        // Who took over had nobody to hand it anything: all that it counts it has seen.
        #expect(bench.seats[3].looks.count >= 2)
    }

    @Test func `who stands in and sees nothing wrong goes home`() {
        var bench = Bench(5)
        bench.run(for: .seconds(20))
        bench.targetFails(for: [0])
        let isCalled = bench.run(until: .seconds(30)) { $0.duty(of: 3)?.isStandIn ?? false }
        #expect(isCalled)
        bench.run(for: .seconds(25))
        #expect(bench.duty(of: 3) == nil)
        #expect(bench.stances(at: 3).isEmpty)
    }

    @Test func `who stands in ends with the dissent that it was called for`() {
        var rule = Bench.rule
        rule.quorum = .all
        var bench = Bench(5, rule: rule)
        bench.run(for: .seconds(20))
        bench.targetFails(for: [0, 3])
        bench.run(for: .seconds(30))
        #expect(bench.standing(of: 3, at: 0) == .dissents(.down))
        bench.seeAsItIs(at: 0)
        bench.run(for: .seconds(15))
        #expect(bench.duty(of: 3) == nil)
        #expect(bench.standing(of: 3, at: 0) == .withdrawn)
    }

    @Test func `who stands in and cannot look does not do so for ever`() {
        var bench = Bench(5)
        bench.run(for: .seconds(20))
        bench.see(.abstained(.noUplink), at: 3)
        bench.see(nil, at: 4)
        bench.targetFails(for: [0])
        bench.run(for: .seconds(30))
        #expect(bench.duty(of: 3) != nil)
        bench.kill(0)
        bench.run(for: .seconds(60))
        #expect(bench.duty(of: 3)?.isStandIn != true)
        #expect(bench.duty(of: 4)?.isStandIn != true)
    }

    @Test func `a target that fails for the others later finds those who stood in before`() {
        var bench = Bench(5)
        bench.run(for: .seconds(20))
        bench.targetFails(for: [0])
        let isCalled = bench.run(until: .seconds(30)) { $0.duty(of: 3)?.isStandIn ?? false }
        #expect(isCalled)
        let goesHome = bench.run(until: .seconds(30)) { $0.duty(of: 3) == nil }
        #expect(goesHome)
        bench.kill(1, noticedAfter: .seconds(900))
        bench.kill(2, noticedAfter: .seconds(900))
        bench.targetFails()
        bench.run(for: .seconds(300))
        #expect(bench.state() == .down)
    }

    @Test func `fewer than a quorum that observe leave the check not watched`() {
        var bench = Bench(3)
        bench.run(for: .seconds(30))
        bench.see(nil, at: 1)
        bench.see(nil, at: 2)
        bench.run(for: .seconds(90))
        #expect(bench.events(at: 0).last == .watched(bench.shop, false))
        bench.seeAsItIs(at: 1)
        bench.run(for: .seconds(30))
        #expect(bench.events(at: 0).last == .watched(bench.shop, true))
    }

    @Test(arguments: [Abstention.noResources, .noResolver, .noUplink])
    func `who could not look says nothing about the target`(_ abstention: Abstention) {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        for seat in bench.all { bench.see(.abstained(abstention), at: seat) }
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
        #expect(bench.all.allSatisfy { bench.stances(at: $0).isEmpty })
        #expect(bench.events(at: 0).contains(.abstained(bench.shop, abstention)))
    }

    @Test func `who is unhealthy does not trust its own looks`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        for seat in bench.all { bench.act(seat) { verdicts, _ in verdicts.setHealth(4) } }
        bench.targetFails()
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
        for seat in bench.all { bench.act(seat) { verdicts, _ in verdicts.setHealth(3) } }
        bench.run(for: .seconds(25))
        #expect(bench.state() == .down)
    }

    @Test func `a look that hangs is none, and one that runs late is not begun`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.see(nil, at: 0)
        bench.run(for: .seconds(20))
        #expect(bench.events(at: 0).contains(.abstained(bench.shop, .hung)))
        bench.seeAsItIs(at: 0)
        bench.stall(0, for: .seconds(14))
        let looks = bench.seats[0].looks.count
        bench.run(for: .milliseconds(100))
        #expect(bench.events(at: 0).contains(.abstained(bench.shop, .late)))
        #expect(bench.seats[0].looks.count == looks)
        bench.run(for: .seconds(11))
        #expect(bench.seats[0].looks.count > looks)
    }
}

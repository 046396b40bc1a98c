import MeshChecks
import MeshCore
import Testing

@testable import MeshVerdicts

/// How a check's state changes: streaks, quorums and the states between (section 6).
struct FlipStories {
    @Test func `a mesh that has never decided certifies up from one look of a quorum`() {
        var bench = Bench(3)
        bench.run(for: .seconds(4))
        #expect(bench.state() == .up)
        #expect(bench.epoch() == 1)
        let births = Set(bench.all.map { bench.seats[$0].verdicts.birth?.birth })
        #expect(births.count == 1)
    }

    @Test func `from unknown a single observation is enough for down as well`() {
        var bench = Bench(3)
        bench.targetFails()
        bench.run(for: .seconds(5))
        #expect(bench.state() == .down)
        #expect(bench.epoch() == 1)
    }

    @Test func `a target that fails is certified down after delay + 1 looks spanning the delay`()
        throws
    {
        var bench = Bench(3)
        bench.run(for: .seconds(30))
        let failed = bench.now
        bench.targetFails()
        bench.run(for: .seconds(25))
        #expect(bench.state() == .down)
        #expect(bench.epoch() == 2)
        let flipped = try #require(bench.flips(at: 0).last).at
        // Not before one interval of failure was seen, and within interval / R and the hints.
        #expect(flipped - failed >= .seconds(10))
        #expect(flipped - failed <= .seconds(14))
    }

    @Test func `recovery takes as many looks and is certified like the outage`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.targetFails()
        bench.run(for: .seconds(30))
        let recovered = bench.now
        bench.targetRecovers()
        bench.run(for: .seconds(9))
        #expect(bench.state() == .down)
        #expect(bench.run(until: .seconds(6)) { $0.state() == .up })
        #expect(bench.now - recovered >= .seconds(10))
        #expect(bench.epoch() == 3)
    }

    @Test func `a failure shorter than the delay leaves no trace in the chain`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.targetFails()
        bench.run(for: .seconds(7))
        bench.targetRecovers()
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
        #expect(bench.all.allSatisfy { bench.stances(at: $0).isEmpty })
    }

    @Test func `down, degraded and up together are degraded`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.targetFails(.down, for: [0])
        bench.targetFails(.degraded, for: [1])
        bench.run(for: .seconds(40))
        #expect(bench.state() == .degraded)
        #expect(bench.epoch() == 2)
    }

    @Test func `two of three that see it down make it down, though one calls it degraded`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.targetFails(.down, for: [0, 1])
        bench.targetFails(.degraded, for: [2])
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
    }

    @Test func `a target that recovers halfway goes from down to degraded, and then up`() {
        var bench = Bench(3)
        bench.targetFails()
        bench.run(for: .seconds(20))
        bench.targetFails(.degraded)
        bench.run(for: .seconds(30))
        #expect(bench.state() == .degraded)
        bench.targetRecovers()
        bench.run(for: .seconds(30))
        #expect(bench.state() == .up)
        #expect(bench.epoch() == 3)
    }

    @Test func `from down, up and degraded of two are degraded`() {
        var bench = Bench(3)
        bench.targetFails()
        bench.run(for: .seconds(20))
        bench.targetRecovers()
        bench.targetFails(.degraded, for: [1])
        bench.targetFails(.down, for: [2])
        bench.run(for: .seconds(30))
        #expect(bench.state() == .degraded)
    }

    @Test func `the first who sees it calls the others, whose next looks follow that one`() throws {
        var bench = Bench(3)
        bench.run(for: .seconds(25))
        bench.targetFails()
        bench.run(for: .seconds(30))
        #expect(bench.state() == .down)
        // All owners have looked within moments of one another, and again an interval later.
        let failures = bench.all.map { seat in
            bench.seats[seat].looks.map(\.at).filter { $0 >= Bench.start + .seconds(25) }
        }
        let first = try #require(failures.compactMap(\.first).min())
        let called = failures.compactMap { looks in looks.first { $0 >= first } }
        let moments = try #require(called.max()) - first
        #expect(moments <= .milliseconds(200))
        for looks in failures {
            let pulled = try #require(looks.first { $0 >= first })
            let next = try #require(looks.first { $0 > pulled })
            #expect(next - pulled == .seconds(10))
        }
    }

    @Test func `nobody is called twice for one failure`() {
        var bench = Bench(3)
        bench.run(for: .seconds(25))
        bench.targetFails(for: [0])
        let before = bench.seats[1].looks.count
        bench.run(for: .seconds(100))
        // One look per interval, and the one that the hint has called for.
        #expect(bench.seats[1].looks.count - before <= 12)
        #expect(bench.epoch() == 1)
    }

    @Test func `a target that fails for one owner only stays up, with its zone named`() throws {
        var bench = Bench(3, zones: ["eu", "us", "ap"])
        bench.run(for: .seconds(20))
        bench.targetFails(for: [1])
        bench.run(for: .seconds(40))
        #expect(bench.epoch() == 1)
        let view = try #require(bench.seats[0].verdicts.view(of: bench.shop, now: bench.now))
        #expect(view.unreachableFrom.map(\.text) == ["us"])
        bench.seeAsItIs(at: 1)
        bench.run(for: .seconds(25))
        let after = try #require(bench.seats[0].verdicts.view(of: bench.shop, now: bench.now))
        #expect(after.unreachableFrom.isEmpty)
        #expect(bench.stances(at: 1).last == .withdrawn)
    }

    @Test func `a quorum of all needs every owner, and goes on when a dead one is replaced`() {
        var rule = Bench.rule
        rule.quorum = .all
        var bench = Bench(4, rule: rule)
        bench.run(for: .seconds(20))
        #expect(bench.state() == .up)
        bench.kill(2)
        bench.run(for: .seconds(1))
        bench.targetFails()
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
    }

    @Test func `a look that began before the flip was learnt says nothing against it`() {
        var rule = Bench.rule
        rule.delay = 0
        var bench = Bench(3, rule: rule)
        bench.run(for: .seconds(20))
        bench.targetFails()
        bench.run(for: .seconds(40))
        // Without the rule a late answer would sign against the flip at once.
        #expect(bench.epoch() == 2)
        #expect(bench.state() == .down)
    }
}

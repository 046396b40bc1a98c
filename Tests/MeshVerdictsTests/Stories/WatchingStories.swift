import MeshChecks
import MeshCore
import Testing

@testable import MeshVerdicts

/// When owners look, how they say that they do, and when nobody does (section 5).
struct WatchingStories {
    @Test func `owners look an interval / R apart, so that together they see a failure soon`()
        throws
    {
        var rule = Bench.rule
        rule.interval = .seconds(12)
        var bench = Bench(3, rule: rule)
        bench.run(for: .seconds(120))
        let looks = bench.all.flatMap { seat in bench.seats[seat].looks.map(\.at) }
            .filter { $0 >= Bench.start + .seconds(60) }.sorted()
        let gaps = zip(looks, looks.dropFirst()).map { $1 - $0 }
        #expect(try #require(gaps.min()) >= .milliseconds(3_900))
        #expect(try #require(gaps.max()) <= .milliseconds(4_100))
    }

    @Test func `who asks gets heads for half a minute, though it owns nothing`() {
        var bench = Bench(5)
        bench.run(for: .seconds(20))
        let asker = bench.seats[4].node
        let asked = bench.now
        bench.act(0) { $0.receive(AskStanding(checks: []), from: asker, now: $1) }
        bench.run(for: .seconds(120))
        let heads = bench.seats[0].sent.filter { $0.to == asker && $0.at >= asked }
        // The answer, and one each three seconds or ten, as the check's interval asks.
        #expect((3...12).contains(heads.count))
        #expect(heads.allSatisfy { $0.at <= bench.now - .seconds(85) })
    }

    @Test func `more hung looks than a head can name make its node absent everywhere`() throws {
        var bench = Bench(2, checks: 70)
        bench.run(for: .seconds(20))
        for check in 0..<66 { bench.see(nil, at: 0, check: check) }
        bench.run(for: .seconds(70))
        let last = try #require(
            bench.seats[0].sent.last { if case .head = $0.message { true } else { false } })
        guard case .head(let head) = last.message else { return }
        #expect(head.observesNothing)
        #expect(head.notObserved.count == VerdictBounds.prefixesMax)
        let duty = try #require(bench.duty(of: 1, check: 69))
        #expect(duty.isWatched == false || duty.lonelySince != nil)
    }

    @Test func `a head that an entry has overtaken puts nothing in doubt`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.targetFails(for: [0])
        bench.run(for: .seconds(25))
        #expect(bench.standing(of: 0, at: 1) == .dissents(.down))
        let node = bench.seats[0].node
        let asked = bench.seats[1].sent.count
        // What its signer said before it signed; the newer entry is none of its business.
        let old = Head(generation: 1, lastSequence: 0, digest: 0)
        bench.act(1) { $0.receive(old, from: node, now: $1) }
        #expect(bench.seats[1].sent.count == asked)
        let lacking = Head(generation: 1, lastSequence: 1_000, digest: 77)
        bench.act(1) { $0.receive(lacking, from: node, now: $1) }
        #expect(bench.seats[1].sent.last?.message == .askStanding(AskStanding(checks: [])))
    }

    @Test func `a check is not watched when too few observe for three intervals, not before`() {
        var bench = Bench(3)
        bench.run(for: .seconds(30))
        bench.see(nil, at: 1)
        bench.see(nil, at: 2)
        // Two intervals, the timeout and a head's time until it is known, then three intervals.
        bench.run(for: .seconds(29))
        #expect(!bench.events(at: 0).contains(.watched(bench.shop, false)))
        bench.run(for: .seconds(46))
        #expect(bench.events(at: 0).contains(.watched(bench.shop, false)))
        let view = bench.seats[0].verdicts.view(of: bench.shop, now: bench.now)
        #expect(view?.isWatched == false)
        #expect(view?.lack?.looking == 1)
        #expect(view?.lack?.blind.count == 2)
        let words = view?.lack?.words { _ in "x" }
        #expect(words == "2 must agree, 1 of 3 owners look; x, x: could not look")
        // Who looks speaks for it, whatever its rank.
        #expect(bench.all.map { bench.seats[$0].verdicts.unwatchedChecks.count } == [1, 0, 0])
    }

    @Test func `who looks in vain is told from who says nothing, and knows why`() throws {
        var bench = Bench(3)
        bench.run(for: .seconds(30))
        for seat in 0..<2 { bench.see(.abstained(.noProgram), at: seat) }
        bench.run(for: .seconds(20))
        // Known at once, before it counts.
        let early = try #require(bench.seats[0].verdicts.view(of: bench.shop, now: bench.now))
        #expect(early.isWatched && early.blindness?.text == Abstention.noProgram.explanation)
        bench.loses = { _, from, _ in from == 2 }
        bench.run(for: .seconds(90))
        let seats = bench.seats
        func words(at seat: Int) -> String? {
            seats[seat].verdicts.lack(of: bench.shop, now: bench.now)?.words { node in
                "n\(seats.firstIndex { $0.node == node } ?? -1)"
            }
        }
        let cause = Abstention.noProgram.explanation
        let common = "2 must agree, 0 of 3 owners look; n0, n1: could not look; n2: no look of late"
        #expect(words(at: 0) == "\(common); n0 says: \(cause)")
        #expect(words(at: 1) == "\(common); n1 says: \(cause)")
        bench.loses = { _, _, _ in false }
        bench.seeAsItIs(at: 0)
        bench.seeAsItIs(at: 1)
        bench.run(for: .seconds(60))
        let view = bench.seats[0].verdicts.view(of: bench.shop, now: bench.now)
        #expect(view?.isWatched == true && view?.blindness == nil)
    }

    @Test func `who looks and could not once does not give that as the cause`() {
        var bench = Bench(3)
        bench.run(for: .seconds(30))
        bench.see(nil, at: 1)
        bench.see(nil, at: 2)
        bench.run(for: .seconds(90))
        bench.see(.abstained(.noResources), at: 0)
        bench.run(for: .seconds(14))
        let view = bench.seats[0].verdicts.view(of: bench.shop, now: bench.now)
        #expect(view?.blindness != nil)
        #expect(view?.lack?.looking == 1 && view?.lack?.cause == nil)
        bench.run(for: .seconds(60))
        let later = bench.seats[0].verdicts.view(of: bench.shop, now: bench.now)
        #expect(later?.lack?.looking == 0 && later?.lack?.cause?.node == bench.seats[0].node)
    }

    @Test func `a zone that a quorum needs and in which nobody looks leaves a check unwatched`() {
        // Of three, one is alone in its zone, and hangs.
        var bench = Bench(3, zones: ["eu", "us", "eu"])
        bench.run(for: .seconds(30))
        bench.see(nil, at: 1)
        bench.run(for: .seconds(75))
        #expect(bench.events(at: 0).contains(.watched(bench.shop, false)))
        let lack = bench.seats[0].verdicts.view(of: bench.shop, now: bench.now)?.lack
        #expect(lack?.words { _ in "x" } == "needs 2 zones, 1 can look")
        // One more there can stand in.
        var larger = Bench(4, zones: ["eu", "us", "eu", "us"])
        larger.run(for: .seconds(30))
        let owner = larger.owners().first { larger.seats[$0].zone.text == "us" }
        larger.see(nil, at: owner ?? 1)
        larger.run(for: .seconds(75))
        for seat in larger.all {
            #expect(!larger.events(at: seat).contains(.watched(larger.shop, false)))
        }
    }

    @Test func `dead owners whom nobody can replace leave a check unwatched`() {
        var rule = Bench.rule
        rule.quorum = .all
        var bench = Bench(3, rule: rule)
        bench.run(for: .seconds(30))
        bench.kill(2)
        bench.run(for: .seconds(80))
        // R stays three while the dead one is known, and two cannot be three.
        #expect(bench.events(at: 0).contains(.watched(bench.shop, false)))
        bench.targetFails()
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
        bench.forget(2)
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
        #expect(bench.events(at: 0).contains(.watched(bench.shop, true)))
    }

    @Test func `a check that is switched off and on goes on with its chain`() throws {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        let flip = try #require(bench.flip(at: 0))
        var plan = bench.checks[0]
        plan.isEnabled = false
        for seat in bench.all { bench.set([plan], at: seat) }
        let looks = bench.seats[0].looks.count
        bench.run(for: .seconds(60))
        #expect(bench.seats[0].looks.count == looks)
        bench.targetFails()
        for seat in bench.all { bench.set(bench.checks, at: seat) }
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
        #expect(bench.flip(at: 0)?.parent == flip.id)
    }
}

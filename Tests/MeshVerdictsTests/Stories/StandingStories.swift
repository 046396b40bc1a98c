import MeshChecks
import MeshCore
import Testing

@testable import MeshVerdicts

/// What is signed, by whom it is stood by, and how it ends (sections 5 and 6).
struct StandingStories {
    /// A check that needs three of five, of whom one sees it fail: a dissent that stands alone.
    private func lonelyDissent(
        zones: [String] = ["eu"], rule: VotingRule = Bench.rule, nodes: Int = 5
    ) -> Bench {
        var bench = Bench(nodes, zones: zones, rule: rule)
        bench.run(for: .seconds(20))
        bench.targetFails(for: [0])
        bench.run(for: .seconds(25))
        return bench
    }

    @Test func `a dissent stands at every node once it is not certified for a second`() {
        let bench = lonelyDissent()
        #expect(bench.stances(at: 0) == [.dissents(.down)])
        for reader in bench.all { #expect(bench.standing(of: 0, at: reader) == .dissents(.down)) }
        #expect(bench.epoch() == 1)
    }

    @Test func `who agrees signs nothing`() {
        let bench = lonelyDissent()
        for seat in bench.all where seat != 0 { #expect(bench.stances(at: seat).isEmpty) }
    }

    @Test func `who changes its mind withdraws at all`() {
        var bench = lonelyDissent()
        bench.seeAsItIs(at: 0)
        bench.run(for: .seconds(13))
        for reader in bench.all { #expect(bench.standing(of: 0, at: reader) == .withdrawn) }
    }

    @Test func `one that dies with its dissent standing counts no longer`() {
        var bench = lonelyDissent()
        bench.kill(0)
        bench.run(for: .seconds(40))
        // Its word is still on the boards; with another's it would make a quorum.
        bench.targetFails(for: [1])
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
    }

    @Test func `one that starts again stands by nothing that it said before`() {
        var bench = lonelyDissent()
        bench.kill(0)
        bench.seeAsItIs(at: 0)
        bench.run(for: .seconds(1))
        bench.restart(0)
        bench.run(for: .milliseconds(600))
        for reader in 1..<5 { #expect(bench.standing(of: 0, at: reader) == nil) }
        bench.targetFails(for: [1])
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
    }

    @Test func `one that hangs after it has dissented counts as absent`() {
        var bench = lonelyDissent()
        bench.see(nil, at: 0)
        bench.run(for: .seconds(60))
        bench.targetFails(for: [1])
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
    }

    @Test func `a lost withdrawal is asked for and heals`() {
        // Three, so that nobody stands in: heads go to owners.
        var bench = lonelyDissent(nodes: 3)
        bench.exchanges = false
        bench.loses = { parcel, _, _ in
            guard case .update(let update, _) = parcel,
                let signed = try? SignedEntry.decode(update.body)
            else { return false }
            return signed.entry.stance == .withdrawn
        }
        bench.seeAsItIs(at: 0)
        bench.run(for: .seconds(15))
        #expect(bench.standing(of: 0, at: 1) == .dissents(.down))
        // Its head no longer fits what the co-owner holds, so that nobody counts it.
        bench.targetFails(for: [1])
        bench.run(for: .seconds(25))
        #expect(bench.epoch() == 1)
        bench.seeAsItIs(at: 1)
        bench.run(for: .seconds(15))
        bench.loses = { _, _, _ in false }
        bench.run(for: .seconds(11))
        #expect(bench.standing(of: 0, at: 1) == .withdrawn)
        #expect(bench.standing(of: 0, at: 2) == .withdrawn)
    }

    @Test func `a lost dissent is asked for, too`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.exchanges = false
        bench.loses = { parcel, _, _ in
            if case .update = parcel { true } else { false }
        }
        bench.targetFails()
        bench.run(for: .seconds(20))
        #expect(bench.epoch() == 1)
        bench.loses = { _, _, _ in false }
        bench.run(for: .seconds(11))
        #expect(bench.state() == .down)
    }

    @Test func `heads that do not fit are asked about now and then, not in a circle`() {
        var bench = lonelyDissent()
        bench.loses = { parcel, _, _ in
            if case .update = parcel { true } else { false }
        }
        bench.seeAsItIs(at: 0)
        bench.run(for: .seconds(15))
        let before = bench.seats[1].sent.count
        bench.run(for: .seconds(30))
        #expect(bench.seats[1].sent.count - before <= 60)
    }

    @Test func `a quiet mesh sends heads and nothing else`() {
        var bench = Bench(5)
        bench.run(for: .seconds(30))
        let before = bench.seats.map(\.sent.count)
        bench.run(for: .seconds(60))
        for seat in bench.all {
            let sent = bench.seats[seat].sent[before[seat]...]
            #expect(sent.allSatisfy { if case .head = $0.message { true } else { false } })
            #expect(sent.count <= 20)
        }
    }

    @Test func `a dissent is signed again when R, Q or who counts has changed`() throws {
        var bench = lonelyDissent(nodes: 3)
        let before = try #require(bench.seats[0].signed.last?.entry)
        #expect(before.owners == 3 && before.quorum == 2)
        bench.kill(2)
        bench.run(for: .seconds(4))
        // Dead within a day is still known: R stays, and nothing is signed for it.
        #expect(bench.seats[0].signed.last?.entry == before)
        bench.forget(2)
        bench.run(for: .seconds(1))
        let after = try #require(bench.seats[0].signed.last?.entry)
        #expect(after.owners == 2 && after.quorum == 2)
        #expect(after.rollDigest != before.rollDigest)
        #expect(after.stance == .dissents(.down))
        #expect(bench.standing(of: 0, at: 1) == .dissents(.down))
    }

    @Test func `a dissent is signed again under a raised generation`() throws {
        var bench = lonelyDissent(nodes: 3)
        bench.seats[0].generation = 2
        bench.act(0) { $0.setGeneration(2, now: $1) }
        for other in bench.all {
            let member = bench.notice(0, isReachable: true, by: other)
            bench.act(other) { $0.update(member, now: $1) }
        }
        bench.run(for: .seconds(12))
        let after = try #require(bench.seats[0].signed.last?.entry)
        #expect(after.generation == 2)
        #expect(bench.standing(of: 0, at: 1) == .dissents(.down))
    }

    @Test func `a changed definition takes back what was seen under the old one`() throws {
        var bench = lonelyDissent(nodes: 3)
        var rule = Bench.rule
        rule.delay = 2
        bench.redefine(rule)
        bench.run(for: .seconds(1))
        #expect(bench.standing(of: 0, at: 1) == .withdrawn)
        bench.run(for: .seconds(35))
        #expect(bench.standing(of: 0, at: 1) == .dissents(.down))
        let entry = try #require(bench.seats[0].signed.last?.entry)
        #expect(entry.definition == bench.seats[0].plans[0].definition)
    }

    @Test func `an incident stays open while its check is redefined, and ends under the new rule`()
    {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.targetFails()
        bench.run(for: .seconds(30))
        #expect(bench.state() == .down)
        var rule = Bench.rule
        rule.delay = 2
        bench.redefine(rule)
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down && bench.epoch() == 2)
        bench.redefine(Bench.rule)
        bench.targetRecovers()
        bench.run(for: .seconds(30))
        #expect(bench.state() == .up && bench.epoch() == 3)
    }

    @Test func `a definition that is changed and changed back begins the streak anew`() {
        var rule = Bench.rule
        rule.delay = 4
        var bench = Bench(3, rule: rule)
        bench.run(for: .seconds(20))
        bench.targetFails()
        bench.run(for: .seconds(35))
        var other = rule
        other.delay = 5
        bench.redefine(other)
        bench.run(for: .seconds(5))
        bench.redefine(rule)
        bench.run(for: .seconds(35))
        #expect(bench.epoch() == 1)
        bench.run(for: .seconds(25))
        #expect(bench.state() == .down)
    }

    @Test func `an entry tells since when and how often its state was seen`() throws {
        let bench = lonelyDissent()
        let entry = try #require(bench.seats[0].signed.last?.entry)
        let failed = Bench.wallStart.milliseconds + 20_000
        #expect(entry.streak == 2)
        #expect((failed...failed + 10_100).contains(entry.since.milliseconds))
        #expect(
            (9_900...10_200).contains(entry.observedAt.milliseconds - entry.since.milliseconds))
        #expect(entry.reason == Reason("refused"))
        #expect(entry.latencyMicroseconds == 30_000)
    }

    @Test func `verdicts under different definitions do not count together`() {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        var rule = Bench.rule
        rule.delay = 2
        bench.redefine(rule, at: [0])
        bench.targetFails(for: [0, 1])
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
        bench.redefine(rule, at: [1, 2])
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
    }

    @Test func `a shorter interval is followed at once`() {
        var rule = Bench.rule
        rule.interval = .seconds(3_600)
        var bench = Bench(3, rule: rule)
        bench.run(for: .seconds(400))
        rule.interval = .seconds(10)
        bench.redefine(rule)
        bench.targetFails()
        bench.run(for: .seconds(30))
        #expect(bench.state() == .down)
    }

    @Test func `a check that is no longer configured leaves no dissent behind`() {
        var bench = lonelyDissent(nodes: 3)
        bench.set([], at: 0)
        bench.run(for: .seconds(2))
        #expect(bench.standing(of: 0, at: 1) == .withdrawn)
        #expect(bench.standing(of: 0, at: 0) != .dissents(.down))
    }

    @Test func `a check that is switched off leaves no dissent behind`() {
        var bench = lonelyDissent(nodes: 3)
        var plan = bench.checks[0]
        plan.isEnabled = false
        bench.set([plan], at: 0)
        bench.run(for: .seconds(2))
        #expect(bench.standing(of: 0, at: 1) == .withdrawn)
    }
}

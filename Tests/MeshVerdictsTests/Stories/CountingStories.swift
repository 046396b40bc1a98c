import MeshChecks
import MeshCore
import MeshPlacement
import Testing

@testable import MeshVerdicts

/// Whose verdicts count, how many it takes and in how many zones (sections 5 and 6).
struct CountingStories {
    private func bench(
        _ nodes: Int = 3, zones: [String] = ["eu"], rule: VotingRule = Bench.rule
    ) -> Bench {
        var bench = Bench(nodes, zones: zones, rule: rule)
        bench.run(for: .seconds(25))
        return bench
    }

    /// What `seat` says about the first check again and again, in person.
    private func repeating(
        _ bench: inout Bench, by seat: Int, changing change: (inout LogEntry) -> Void = { _ in }
    ) {
        for sequence in 0..<10 as Range<UInt64> {
            bench.tell(
                bench.entry(of: seat, sequence: 1_000 + sequence, changing: change), by: seat)
            bench.run(for: .seconds(3))
        }
    }

    @Test(
        arguments: [
            (.majority, 3), (.all, 5), (.count(1), 1), (.count(2), 2), (.count(4), 4),
            (.count(31), 5),
        ] as [(VotingRule.Quorum, Int)])
    func `as many of five must agree as the rule says, and no fewer do`(
        _ quorum: VotingRule.Quorum, _ needed: Int
    ) {
        var rule = Bench.rule
        rule.confirmations = 5
        rule.quorum = quorum
        var bench = bench(5, rule: rule)
        bench.targetFails(for: Array(0..<needed - 1))
        bench.run(for: .seconds(40))
        #expect(bench.epoch() == 1)
        bench.targetFails(for: Array(0..<needed))
        bench.run(for: .seconds(40))
        // Where half is not needed, those who see it up flip it back, and so on.
        #expect(bench.flips(at: 0).contains { $0.flip.state == .down })
    }

    @Test func `where known zones are two, signers of one zone certify nothing`() {
        var bench = bench(3, zones: ["eu", "us"])
        bench.targetFails(for: [0, 2])
        bench.run(for: .seconds(60))
        #expect(bench.epoch() == 1)
        bench.targetFails(for: [0, 1])
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
    }

    @Test func `a rule that asks for one zone takes signers of one`() {
        var rule = Bench.rule
        rule.zonesRequired = 1
        var bench = bench(3, zones: ["eu", "us"], rule: rule)
        bench.targetFails(for: [0, 2])
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
    }

    @Test func `who ranks R + 12 or higher does not count, however loud`() {
        // Of 16, with R = 3, the last is one too high.
        for (liar, state) in [(15, TargetState.up), (14, .down)] {
            var bench = bench(16)
            bench.silence(liar)
            bench.targetFails(for: [0])
            repeating(&bench, by: liar)
            #expect(bench.state(at: 0) == state)
        }
    }

    @Test(arguments: [(3, 2, TargetState.down), (5, 3, .up)] as [(UInt8, UInt8, TargetState)])
    func `verdicts with unequal R or Q count under the largest among them`(
        _ owners: UInt8, _ quorum: UInt8, _ state: TargetState
    ) {
        // Five are asked for and three are known here; a signer that knows more counts more.
        var rule = Bench.rule
        rule.confirmations = 5
        var bench = bench(3, rule: rule)
        bench.silence(2)
        bench.targetFails(for: [0])
        repeating(&bench, by: 2) { entry in
            entry.owners = owners
            entry.quorum = quorum
        }
        #expect(bench.state(at: 0) == state)
    }

    @Test func `a signer with another member list counts once its list is at hand`() {
        var bench = bench(5)
        let gone = bench.seats[4].node
        bench.act(2) { verdicts, now in
            verdicts.remove(gone, now: now)
            verdicts.settlePlacement(now: now)
        }
        bench.targetFails(for: [0, 2])
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
        let asked = bench.all.contains { seat in
            bench.seats[seat].sent.contains {
                if case .askRoll = $0.message { true } else { false }
            }
        }
        #expect(asked)
    }

    @Test func `one whose list denies the zones does not stop the others`() {
        var bench = bench(3, zones: ["eu", "us"])
        bench.silence(2)
        bench.targetFails(for: [0, 1])
        let own = bench.seats[0].verdicts.placement.confirmers(of: bench.shop)
        let eu = bench.seats[0].zone
        let denying = Roll(entries: own.entries.map { Roll.Entry(node: $0.node, zone: eu) })
        let node = bench.seats[2].node
        for sequence in 0..<10 as Range<UInt64> {
            let lie = bench.entry(of: 2, sequence: 1_000 + sequence) {
                $0.rollDigest = denying.digest(using: Bench.cryptography)
            }
            bench.tell(lie, by: 2)
            for seat in 0..<2 {
                bench.act(seat) { verdicts, now in
                    let answer = RollAnswer(check: lie.entry.check, roll: denying)
                    verdicts.receive(answer, from: node, now: now)
                }
            }
            bench.run(for: .seconds(3))
        }
        #expect(bench.state(at: 0) == .down)
    }

    @Test(arguments: [true, false])
    func `a verdict counts when its signer brings it, and not when another does`(
        _ isInPerson: Bool
    ) {
        var bench = bench()
        bench.silence(2)
        bench.targetFails(for: [0])
        let node = bench.seats[2].node
        for sequence in 0..<10 as Range<UInt64> {
            let signed = bench.entry(of: 2, sequence: 1_000 + sequence)
            bench.act(0) { verdicts, now in
                try? verdicts.receive(
                    signed.update(), from: isInPerson ? node : nil, now: now)
            }
            bench.run(for: .seconds(3))
        }
        #expect(bench.state(at: 0) == (isInPerson ? .down : .up))
    }

    @Test func `only a signer's latest word counts`() {
        var bench = bench()
        bench.silence(2)
        bench.targetFails(for: [0])
        bench.tell(bench.entry(of: 2, .dissents(.down), sequence: 7), by: 2)
        bench.tell(bench.entry(of: 2, .withdrawn, sequence: 8), by: 2)
        bench.tell(bench.entry(of: 2, .dissents(.down), sequence: 7), by: 2)
        bench.run(for: .seconds(25))
        #expect(bench.epoch() == 1)
        #expect(bench.standing(of: 2, at: 0) == .withdrawn)
    }

    @Test func `verdicts against an earlier flip are useless`() throws {
        var bench = bench()
        let old = [1, 2].map { bench.entry(of: $0, .dissents(.down)) }
        bench.targetFails()
        bench.run(for: .seconds(30))
        bench.targetRecovers()
        bench.run(for: .seconds(30))
        #expect(bench.state() == .up && bench.epoch() == 3)
        let before = bench.seats[0].verdicts.counters.entriesOutdated
        for (signed, seat) in zip(old, [1, 2]) { bench.tell(signed, by: seat) }
        bench.run(for: .seconds(20))
        #expect(bench.epoch() == 3)
        #expect(bench.seats[0].verdicts.counters.entriesOutdated == before + 2)
    }

    @Test func `nodes that mint independently name the same flip`() {
        var bench = bench()
        bench.loses = { parcel, _, _ in
            guard case .update(let update, _) = parcel else { return false }
            return update.kind == UpdateKind.certificate
        }
        bench.exchanges = false
        bench.targetFails()
        bench.run(for: .seconds(30))
        #expect(Set(bench.all.map { bench.flip(at: $0)?.id }).count == 1)
        for seat in bench.all {
            let isMinted = bench.events(at: seat).contains {
                if case .flipped(let flip, _, .minted) = $0 { flip.epoch == 2 } else { false }
            }
            #expect(isMinted)
        }
    }

    @Test func `where the owners have signed and lost one another, a bystander mints`() {
        var bench = bench(5)
        bench.targetFails()
        bench.loses = { _, from, to in from < 3 && to < 3 }
        bench.exchanges = false
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
        let isMinted = [3, 4].contains { seat in
            bench.events(at: seat).contains {
                if case .flipped(_, _, .minted) = $0 { true } else { false }
            }
        }
        #expect(isMinted)
    }

    @Test func `a majority that was heard before the look began is not enough to sign`() {
        var bench = bench()
        bench.targetFails(for: [0])
        let isRipening = bench.run(until: .seconds(20)) {
            $0.duty(of: 0)?.streak[.down].count == 1
        }
        #expect(isRipening)
        bench.lookSpan = .seconds(1)
        // Just before the look that would make it ripe, somebody asks and the answer is yes.
        let isLooking = bench.run(until: .seconds(20)) { $0.duty(of: 0)?.look != nil }
        #expect(isLooking)
        bench.act(0) { $0.handle(majority: true, callBegan: $1 - .seconds(1), now: $1) }
        bench.cut([[0], [1, 2]], noticedAfter: .seconds(100))
        bench.run(for: .seconds(5))
        #expect(bench.stances(at: 0) == [.opines(.down)])
    }

    // MARK: Numbers at their ends

    @Test func `numbers at their ends break nothing`() {
        var bench = bench()
        bench.silence(2)
        let node = bench.seats[2].node
        let ends: [(inout LogEntry) -> Void] = [
            { $0.epoch = .max - 1 }, { $0.sequence = .max }, { $0.streak = .max },
            { $0.latencyMicroseconds = .max }, { $0.since = WallTime(milliseconds: .max) },
            { $0.observedAt = WallTime(milliseconds: .max) }, { $0.generation = .max },
            {
                $0.stance = .declines; $0.epoch = 0; $0.owners = 0; $0.quorum = 0
            },
        ]
        for (number, change) in ends.enumerated() {
            bench.tell(bench.entry(of: 2, sequence: UInt64(number), changing: change), by: 2)
            bench.run(for: .seconds(1))
        }
        for seat in 0..<2 {
            let parent = bench.flip(at: seat)?.id ?? FlipID(.zero)
            let shop = bench.checks[0]
            bench.act(seat) { verdicts, now in
                verdicts.receive(
                    Handover(
                        check: shop.id, definition: shop.definition, parent: parent,
                        runs: [.init(state: .down, count: .max, ageMilliseconds: .max)]),
                    from: node, now: now)
                verdicts.receive(
                    Head(generation: 1, lastSequence: .max, digest: .max), from: node, now: now)
            }
        }
        bench.targetFails()
        bench.run(for: .seconds(40))
        #expect(bench.state(at: 0) == .down)
    }

    @Test func `a flip of the last epoch that can be signed stops nothing but its check`() throws {
        var bench = Bench(3, checks: 2)
        bench.run(for: .seconds(25))
        bench.kill(0)
        bench.seats[0].isSettled = false
        bench.seats[0].disk = [:]
        bench.restart(0)
        let last = try #require(
            bench.certificate(of: .down, by: [1, 2], against: 1) { entry in
                entry.epoch = .max - 1
                entry.parent = FlipID(Bytes16(high: 1, low: 2))
            })
        bench.bring(last, to: [0])
        bench.act(0) { $0.setSettled(true, now: $1) }
        bench.targetFails(check: 1)
        bench.run(for: .seconds(60))
        #expect(bench.state(check: 1) == .down)
    }
}

import MeshChecks
import MeshCore
import MeshPlacement
import Testing

@testable import MeshVerdicts

/// Signers that lie, and words that come too early or too late (section 6).
struct LiarStories {
    private func bench(_ nodes: Int = 3, rule: VotingRule = Bench.rule) -> Bench {
        var bench = Bench(nodes, rule: rule)
        bench.run(for: .seconds(25))
        return bench
    }

    @Test func `one liar flips nothing`() {
        var bench = bench()
        bench.silence(2)
        for sequence in 0..<20 as Range<UInt64> {
            bench.tell(bench.entry(of: 2, sequence: 1_000 + sequence), by: 2)
            bench.run(for: .seconds(3))
        }
        #expect(bench.epoch() == 1)
    }

    @Test(arguments: [
        (31, 31, 1), (3, 3, 1), (3, 2, 2), (31, 2, 15),
    ])
    func `one who demands more than the rule does not stop the others`(
        _ owners: UInt8, _ quorum: UInt8, _ zones: UInt8
    ) {
        var bench = bench()
        bench.silence(2)
        bench.targetFails(for: [0, 1])
        for sequence in 0..<10 as Range<UInt64> {
            let lie = bench.entry(of: 2, sequence: 1_000 + sequence) { entry in
                entry.owners = owners
                entry.quorum = quorum
                entry.zones = zones
            }
            bench.tell(lie, by: 2)
            bench.run(for: .seconds(3))
        }
        #expect(bench.state(at: 0) == .down)
    }

    @Test func `one whose list nobody has does not stop the others`() {
        var bench = bench()
        bench.silence(2)
        bench.targetFails(for: [0, 1])
        for sequence in 0..<10 as Range<UInt64> {
            let lie = bench.entry(of: 2, sequence: 1_000 + sequence) { $0.rollDigest = 7 }
            bench.tell(lie, by: 2)
            bench.run(for: .seconds(3))
        }
        #expect(bench.state(at: 0) == .down)
    }

    @Test func `one whose list proves nothing does not stop the others`() {
        var bench = bench()
        bench.silence(2)
        bench.targetFails(for: [0, 1])
        let bad = Roll(
            entries: [1, 2, 0].reversed().map {
                Roll.Entry(node: bench.seats[$0].node, zone: bench.seats[$0].zone)
            })
        let node = bench.seats[2].node
        for sequence in 0..<10 as Range<UInt64> {
            let lie = bench.entry(of: 2, sequence: 1_000 + sequence) {
                $0.rollDigest = bad.digest(using: Bench.cryptography)
            }
            bench.tell(lie, by: 2)
            for seat in 0..<2 {
                bench.act(seat) { verdicts, now in
                    let answer = RollAnswer(check: lie.entry.check, roll: bad)
                    verdicts.receive(answer, from: node, now: now)
                }
            }
            bench.run(for: .seconds(3))
        }
        #expect(bench.state(at: 0) == .down)
    }

    @Test func `verdicts about a parent that is not known yet count once it is`() throws {
        var bench = bench()
        // Neither the flip nor what it could be made from.
        bench.loses = { parcel, _, to in
            if case .update = parcel { to == 2 } else { false }
        }
        bench.exchanges = false
        bench.targetFails()
        bench.run(for: .seconds(30))
        #expect(bench.state(at: 0) == .down && bench.epoch() == 2)
        let parent = try #require(bench.seats[0].verdicts.certificate(of: bench.shop))
        // What seat 2 sees itself is what the others have certified: it is only behind.
        #expect(bench.state(at: 2) == .up)
        bench.targetRecovers()
        bench.loses = { parcel, from, to in
            guard case .update(let update, _) = parcel else { return false }
            // 0 and 1 do not hear of one another's verdicts, so that only seat 2 could mint.
            return to == 2 && update.kind == UpdateKind.certificate || from + to == 1
        }
        bench.run(for: .seconds(20))
        #expect(bench.epoch() == 2)
        bench.act(2) { verdicts, now in
            let update = Update(kind: UpdateKind.certificate, body: parent)
            try? verdicts.receive(update, from: nil, now: now)
        }
        bench.run(for: .seconds(5))
        #expect(bench.state(at: 2) == .up)
        #expect(bench.flip(at: 2)?.epoch == 3)
    }

    @Test func `a signer that is behind is sent the flip that it has missed`() {
        var bench = bench()
        bench.loses = { parcel, _, to in
            if case .update = parcel { to == 2 } else { false }
        }
        bench.exchanges = false
        bench.targetFails()
        bench.run(for: .seconds(40))
        #expect(bench.state(at: 2) == .up)
        bench.loses = { _, _, _ in false }
        bench.run(for: .seconds(11))
        #expect(bench.state(at: 2) == .down)
        #expect(bench.epoch() == 2)
    }

    // MARK: What would break a node

    @Test func `an epoch that has no next is refused`() throws {
        var bench = bench()
        bench.seats[0].isSettled = false
        bench.restart(0)
        let last = try #require(
            bench.certificate(of: .down, by: [1, 2], against: 1) { $0.epoch = .max })
        bench.bring(last, to: [0])
        bench.run(for: .seconds(25))
        #expect(bench.state(at: 0) == .up)
    }

    @Test func `checks that are only heard of leave room for those that are configured`() {
        var book = CheckBook()
        for number in 0..<UInt64(VerdictBounds.checksMax) {
            _ = book.open(CheckID(Bytes16(high: number, low: 1)))
        }
        let check = Bench(1).shop
        let heard = book.open(check)
        #expect(heard == nil)
        let place = book.open(check, isConfigured: true)
        #expect(place != nil && book.place(of: check) == place)
    }

    @Test func `a check that is only heard of does not take a configured one's prefix`() {
        var book = CheckBook()
        let own = CheckID(Bytes16(high: 7, low: 1))
        let place = book.open(own, isConfigured: true)
        _ = book.open(CheckID(Bytes16(high: 7, low: 2)))
        #expect(book.place(of: CheckPrefix(of: own)) == place)
    }

    @Test func `calls to stand in make an owner look no more often than hints do`() {
        var bench = bench()
        let node = bench.seats[1].node
        let hint = Hints.Hint(
            check: CheckPrefix(of: bench.shop), kind: .standIn, state: nil)
        let before = bench.seats[0].looks.count
        for _ in 0..<100 {
            bench.act(0) { $0.receive(Hints([hint]), from: node, now: $1) }
            bench.run(for: .milliseconds(50))
        }
        #expect(bench.seats[0].looks.count - before <= 12)
    }
}

import MeshChecks
import MeshCore
import Testing

@testable import MeshVerdicts

/// Two different signed statements for one sequence number prove misbehaviour (section 6).
struct EquivocationStories {
    private func bench(_ nodes: Int = 3, checks: Int = 1) -> Bench {
        var bench = Bench(nodes, checks: checks)
        bench.run(for: .seconds(25))
        return bench
    }

    /// What `seat` has shown of `liar`, each time.
    private func shown(of liar: Int, at seat: Int, _ bench: Bench) -> [([UInt8], [UInt8])] {
        bench.events(at: seat).compactMap {
            if case .equivocated(bench.seats[liar].node, let first, let second) = $0 {
                (first, second)
            } else {
                nil
            }
        }
    }

    @Test func `two statements under one number are shown, and their signer does not count`() {
        var bench = bench()
        bench.silence(2)
        bench.tell(bench.entry(of: 2, .dissents(.down)), by: 2)
        bench.tell(bench.entry(of: 2, .dissents(.degraded)), by: 2)
        for seat in 0..<2 {
            let shown = bench.events(at: seat).contains {
                if case .equivocated(bench.seats[2].node, _, _) = $0 { true } else { false }
            }
            #expect(shown)
        }
        bench.tell(bench.entry(of: 2, sequence: 1_001), by: 2)
        bench.targetFails(for: [0])
        for sequence in 2..<12 as Range<UInt64> {
            bench.tell(bench.entry(of: 2, sequence: 1_000 + sequence), by: 2)
            bench.run(for: .seconds(3))
        }
        #expect(bench.epoch() == 1)
    }

    @Test func `what is shown proves it to anybody who has the key`() throws {
        var bench = bench()
        bench.silence(2)
        bench.tell(bench.entry(of: 2, .dissents(.down)), by: 2)
        bench.tell(bench.entry(of: 2, .withdrawn), by: 2)
        let (one, other) = try #require(shown(of: 2, at: 0, bench).first)
        let first = try SignedEntry.decode(one)
        let second = try SignedEntry.decode(other)
        #expect(first.entry != second.entry)
        #expect(first.entry.sequence == second.entry.sequence)
        #expect(first.entry.generation == second.entry.generation)
        for signed in [first, second] {
            #expect(
                signed.isValid(
                    by: bench.seats[2].key, mesh: bench.mesh, using: Bench.cryptography))
        }
    }

    @Test func `one number about two checks is as good a proof as two words about one`() {
        var bench = bench(checks: 2)
        bench.silence(2)
        let other = bench.checks[1].id
        bench.tell(bench.entry(of: 2), by: 2)
        #expect(shown(of: 2, at: 0, bench).isEmpty)
        bench.tell(bench.entry(of: 2) { $0.check = other }, by: 2)
        #expect(shown(of: 2, at: 0, bench).count == 1)
        #expect(shown(of: 2, at: 1, bench).count == 1)
    }

    @Test func `two nodes that were told different things find out`() {
        var bench = bench()
        bench.silence(2)
        let node = bench.seats[2].node
        for (seat, state) in [TargetState.down, .degraded].enumerated() {
            let signed = bench.entry(of: 2, .dissents(state))
            bench.act(seat) { try? $0.receive(signed.update(), from: node, now: $1) }
        }
        #expect(shown(of: 2, at: 0, bench).isEmpty)
        bench.exchange(0, 1)
        bench.run(for: .seconds(1))
        for seat in 0..<2 { #expect(shown(of: 2, at: seat, bench).count == 1) }
        // And agree on which of the two they keep: they would compare for ever.
        let hash = bench.seats[0].hashes[bench.shop.bytes]
        #expect(hash == bench.seats[1].hashes[bench.shop.bytes])
    }

    @Test func `who hears of one of the two only is told both`() {
        var bench = bench(4)
        bench.silence(2)
        bench.loses = { _, from, to in from == 2 }
        let node = bench.seats[2].node
        let first = bench.entry(of: 2, .dissents(.down))
        let second = bench.entry(of: 2, .dissents(.degraded))
        for signed in [first, second] {
            bench.act(0) { try? $0.receive(signed.update(), from: node, now: $1) }
        }
        bench.run(for: .seconds(1))
        for seat in [1, 3] { #expect(shown(of: 2, at: seat, bench).count == 1) }
    }

    @Test func `further lies of a known liar are no news`() {
        var bench = bench()
        bench.silence(2)
        for sequence in 0..<20 as Range<UInt64> {
            bench.tell(bench.entry(of: 2, .dissents(.down), sequence: 100 + sequence), by: 2)
            bench.tell(bench.entry(of: 2, .dissents(.degraded), sequence: 100 + sequence), by: 2)
        }
        #expect(shown(of: 2, at: 0, bench).count == 1)
    }

    @Test(arguments: [(0, .up), (2, .up), (4, .down)] as [(Int64, TargetState)])
    func `an equivocator counts again in a later generation, after its rest`(
        _ minutes: Int64, _ state: TargetState
    ) {
        var bench = bench()
        let liar = bench.seats[2].node
        for seat in 0..<2 {
            bench.act(seat) { verdicts, now in
                _ = verdicts.equivocators.add(liar, in: 1, until: now + .minutes(4), now: now)
            }
        }
        // What it mints itself proves as much as any certificate, and is not what this is about.
        bench.loses = { parcel, from, _ in
            guard from == 2, case .update(let update, _) = parcel else { return false }
            return update.kind == UpdateKind.certificate
        }
        bench.kill(1, noticedAfter: .seconds(1))
        bench.run(for: .seconds(5))
        bench.restart(2)
        bench.run(for: .minutes(minutes))
        bench.targetFails()
        bench.run(for: .seconds(40))
        // It takes the two of them.
        #expect(bench.state(at: 0) == state)
    }

    @Test func `an equivocator of this generation does not count however long it waits`() {
        var list = EquivocatorList()
        let node = Bench(1).seats[0].node
        let now = Bench.start
        let isNews = list.add(node, in: 3, until: now + .hours(1), now: now)
        #expect(isNews)
        #expect(list.has(node, in: 3, now: now + .hours(48)))
        #expect(list.has(node, in: 4, now: now + .minutes(59)))
        #expect(!list.has(node, in: 4, now: now + .hours(1)))
        // It does so again: news, for nobody knew of this life.
        let isNewsAgain = list.add(
            node, in: 4, until: now + .hours(3), now: now + .hours(2))
        #expect(isNewsAgain)
        #expect(list.has(node, in: 4, now: now + .hours(9)))
    }

    @Test func `equivocators and statements are remembered up to their bounds`() {
        var list = EquivocatorList()
        var index = StatementIndex()
        let bench = Bench(1)
        let signed = bench.entry(of: 0)
        for number in 0..<100 as Range<UInt64> {
            let node = NodeID(Bytes16(high: number, low: 0))
            _ = list.add(
                node, in: 1, until: Bench.start + .hours(1), now: Bench.start)
            var entry = signed.entry
            entry.sequence = number
            let other = index.note(entry, at: Int(number))
            #expect(other == nil)
        }
        // The oldest have given way.
        #expect(!list.has(NodeID(Bytes16(high: 35, low: 0)), in: 1, now: Bench.start))
        #expect(list.has(NodeID(Bytes16(high: 36, low: 0)), in: 1, now: Bench.start))
        var entry = signed.entry
        entry.sequence = 99
        let recent = index.note(entry, at: 7)
        #expect(recent == 99)
        entry.sequence = 12
        let old = index.note(entry, at: 7)
        #expect(old == nil)
    }
}

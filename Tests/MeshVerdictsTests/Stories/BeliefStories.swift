import MeshChecks
import MeshCore
import MeshPlacement
import MeshTestSupport
import Testing

@testable import MeshVerdicts

/// Certificates that prove themselves, and whether a node believes them: it holds the signers' rule
/// and lists against its own view (section 6: whose verdicts count).
struct BeliefStories {
    private func bench(_ nodes: Int = 5) -> Bench {
        var bench = Bench(nodes)
        bench.run(for: .seconds(25))
        return bench
    }

    private func alone(_ seat: Int, in bench: Bench) -> Roll {
        Roll(entries: [Roll.Entry(node: bench.seats[seat].node, zone: bench.seats[seat].zone)])
    }

    private func modest(_ entry: inout LogEntry) {
        entry.owners = 1
        entry.quorum = 1
        entry.zones = 1
    }

    @Test func `a rule of one and a list of itself convince nobody`() throws {
        var bench = bench()
        let lie = try #require(
            bench.certificate(
                of: .down, by: [4], roll: alone(4, in: bench), changing: modest))
        // It proves itself: five that had one another in no list would all be meshes of one.
        let proven = try? CertificateVerifier.verify(
            lie, mesh: bench.mesh, cryptography: Bench.cryptography, trusting: .any)
        #expect(proven?.signers == [bench.seats[4].node])
        for _ in 0..<10 {
            bench.bring(lie, to: [0, 1, 2, 3], by: 4)
            bench.run(for: .seconds(3))
        }
        #expect((0..<4).allSatisfy { bench.state(at: $0) == .up && bench.flip(at: $0)?.epoch == 1 })
    }

    @Test func `verdicts under such a rule are not minted either`() {
        var bench = bench()
        bench.silence(4)
        let roll = alone(4, in: bench)
        for sequence in 0..<10 as Range<UInt64> {
            let lie = bench.entry(of: 4, sequence: 1_000 + sequence) {
                modest(&$0)
                $0.rollDigest = roll.digest(using: Bench.cryptography)
            }
            bench.tell(lie, by: 4)
            let node = bench.seats[4].node
            for seat in 0..<4 {
                bench.act(seat) { verdicts, now in
                    let answer = RollAnswer(check: lie.entry.check, roll: roll)
                    verdicts.receive(answer, from: node, now: now)
                }
            }
            bench.run(for: .seconds(3))
        }
        #expect((0..<4).allSatisfy { bench.flip(at: $0)?.epoch == 1 })
    }

    @Test func `a definition that asks for one is nobody's but the liar's`() throws {
        var bench = bench()
        let lenient = Bench.check(
            "shop", VotingRule(confirmations: 1, delay: 0, interval: .seconds(10)),
            in: bench.mesh)
        let lie = try #require(
            bench.certificate(of: .down, by: [4], under: lenient, changing: modest))
        bench.bring(lie, to: [0, 1, 2, 3], by: 4)
        bench.run(for: .seconds(10))
        #expect((0..<4).allSatisfy { bench.flip(at: $0)?.epoch == 1 })
    }

    @Test func `two strangers are no quorum`() throws {
        var bench = bench()
        let strangers = Bench(2, seed: 77)
        let roll = Roll(
            entries: strangers.seats.sorted {
                Score(of: $0.node, for: bench.shop) < Score(of: $1.node, for: bench.shop)
            }.map { Roll.Entry(node: $0.node, zone: $0.zone) })
        var lie = try #require(
            bench.certificate(of: .down, by: [0, 1], roll: roll) { entry in
                entry.owners = 2
                entry.quorum = 2
            })
        for (index, seat) in strangers.seats.enumerated() {
            var entry = lie.supporters[index].entry
            entry.node = seat.node
            lie.supporters[index].entry = entry
            lie.supporters[index].key = seat.key
            lie.supporters[index].signature = Bench.cryptography.sign(
                entry.signedBytes(mesh: bench.mesh), by: seat.key)
        }
        lie.supporters.sort { $0.node < $1.node }
        #expect(throws: Never.self) {
            try CertificateVerifier.verify(
                lie, mesh: bench.mesh, cryptography: Bench.cryptography, trusting: .any)
        }
        bench.bring(lie, to: [0], by: 4)
        #expect(bench.epoch() == 1)
    }

    @Test func `another definition's flip is believed if it takes as much`() throws {
        var bench = bench()
        let changed = Bench.check(
            "shop", VotingRule(confirmations: 3, delay: 2, interval: .seconds(20)),
            in: bench.mesh)
        let flip = try #require(bench.certificate(of: .down, by: [0, 1], under: changed))
        bench.bring(flip, to: [4], by: 3)
        #expect(bench.flip(at: 4)?.definition == changed.definition)
        #expect(bench.state(at: 4) == .down)
    }

    @Test func `what does not fit is believed when as many as a quorum bring it`() throws {
        var bench = bench()
        // Certified while the mesh was one node: so it was for the others before this one joined.
        let odd = try #require(
            bench.certificate(
                of: .down, by: [4], roll: alone(4, in: bench), changing: modest))
        bench.bring(odd, to: [0], by: 4)
        bench.bring(odd, to: [0], by: 4)
        #expect(bench.epoch() == 1)
        bench.bring(odd, to: [0], by: 3)
        #expect(bench.epoch() == 2)
        #expect(bench.state(at: 0) == .down)
    }

    @Test func `whoever starts believes what a quorum of others brings, when it knows the mesh`()
        throws
    {
        var bench = bench()
        let odd = try #require(
            bench.certificate(
                of: .down, by: [4], roll: alone(4, in: bench), changing: modest))
        bench.act(0) { verdicts, now in verdicts.setSettled(false, now: now) }
        bench.bring(odd, to: [0], by: 4)
        bench.bring(odd, to: [0], by: 3)
        #expect(bench.state(at: 0) == .up)
        bench.act(0) { verdicts, now in verdicts.setSettled(true, now: now) }
        bench.bring(odd, to: [0], by: 2)
        #expect(bench.state(at: 0) == .down)
    }

    /// Of three the last one left alone has certified that the target is down.
    private func divided() -> Bench {
        var bench = bench(3)
        bench.leave(1)
        bench.leave(2)
        bench.targetFails()
        bench.run(until: .seconds(60)) { $0.state(at: 0) == .down }
        return bench
    }

    @Test func `those who come back together believe the one that stayed`() {
        var bench = divided()
        #expect(bench.flip(at: 0)?.epoch == 2)
        bench.return([1, 2])
        let agreed = bench.run(until: .seconds(10)) { $0.state() == .down }
        #expect(agreed)
        bench.targetRecovers()
        let recovered = bench.run(until: .seconds(60)) { $0.state() == .up }
        #expect(recovered)
        #expect(bench.epoch() == 3)
    }

    @Test func `one that was there all the time is waited for`() throws {
        var bench = bench(3)
        let odd = try #require(
            bench.certificate(of: .down, by: [2], roll: alone(2, in: bench), changing: modest))
        bench.restart(0)
        bench.run(for: .seconds(2))
        let liar = bench.seats[2].node
        for _ in 0..<20 {
            bench.bring(odd, to: [0, 1], by: 2)
            // Whoever excuses itself does not vouch either.
            bench.act(0) { $0.receive(Arrival(asks: false, age: .zero), from: liar, now: $1) }
            bench.run(for: .seconds(1))
        }
        #expect(bench.state(at: 0) == .up && bench.state(at: 1) == .up)
    }

    @Test func `a witness is not spared anybody's word`() throws {
        var bench = bench(3)
        let odd = try #require(
            bench.certificate(of: .down, by: [2], roll: alone(2, in: bench), changing: modest))
        bench.run(for: .minutes(1))
        let newcomer = bench.seats[1].node
        bench.act(0) { $0.receive(Arrival(asks: false, age: .zero), from: newcomer, now: $1) }
        bench.bring(odd, to: [0], by: 2)
        #expect(bench.state(at: 0) == .up)
    }

    @Test func `under a roster a signer that is not listed proves nothing`() throws {
        var bench = bench()
        let keys = Set(bench.seats.prefix(4).map(\.key))
        for seat in bench.seats.indices { bench.seats[seat].verdicts.trusted = .keys(keys) }
        let flip = try #require(bench.certificate(of: .down, by: [3, 4]))
        bench.bring(flip, to: [0], by: 3)
        #expect(bench.epoch() == 1)
        let listed = try #require(bench.certificate(of: .down, by: [2, 3]))
        bench.bring(listed, to: [0], by: 3)
        #expect(bench.epoch() == 2)
    }
}

import MeshChecks
import MeshCore
import Testing

@testable import MeshVerdicts

/// Two flips of one check that cannot both be, and chains of which a node has missed a part
/// (section 6).
struct ForkStories {
    private func bench(_ nodes: Int = 3, rule: VotingRule = Bench.rule) -> Bench {
        var bench = Bench(nodes, rule: rule)
        bench.run(for: .seconds(25))
        return bench
    }

    private func isConfirmed(_ certificate: Certificate, at seat: Int, _ bench: Bench) -> Bool {
        bench.events(at: seat).contains(.confirmed(certificate.flip))
    }

    /// A mesh that has certified *degraded*, and a *down* with the same parent.
    private func fork() throws -> (bench: Bench, loser: Certificate, winner: Certificate) {
        var bench = bench()
        let loser = try #require(bench.certificate(of: .degraded, by: [0, 1]))
        let winner = try #require(bench.certificate(of: .down, by: [1, 2]))
        bench.targetFails()
        bench.bring(loser, to: Array(bench.all))
        return (bench, loser, winner)
    }

    @Test func `of two children of one parent the worse state wins, told once it is confirmed`()
        throws
    {
        var (bench, loser, winner) = try fork()
        #expect(bench.state() == .degraded)
        bench.bring(winner, to: [0])
        #expect(bench.state(at: 0) == .down)
        #expect(bench.events(at: 0).contains(.forked(lost: loser.flip, won: winner.flip)))
        #expect(!bench.events(at: 0).contains(.confirmed(winner.flip)))
        bench.run(for: .seconds(30))
        #expect(bench.state() == .down)
        for seat in bench.all {
            #expect(bench.events(at: seat).contains(.confirmed(winner.flip)))
        }
    }

    @Test func `a fork's winner that an owner dissents from is not confirmed`() throws {
        var (bench, _, winner) = try fork()
        bench.targetRecovers()
        bench.targetFails(for: [1, 2])
        bench.bring(winner, to: Array(bench.all))
        bench.run(for: .seconds(60))
        #expect(bench.state() == .down)
        for seat in bench.all {
            #expect(!bench.events(at: seat).contains(.confirmed(winner.flip)))
        }
    }

    @Test func `a loser that is brought again and again does not contest the winner again`() throws
    {
        var (bench, loser, winner) = try fork()
        bench.bring(winner, to: Array(bench.all))
        for _ in 0..<30 {
            bench.run(for: .seconds(1))
            bench.bring(loser, to: [0])
        }
        #expect(bench.events(at: 0).contains(.confirmed(winner.flip)))
        let forks = bench.events(at: 0).count {
            if case .forked = $0 { true } else { false }
        }
        #expect(forks == 1)
        #expect(bench.seats[0].verdicts.view(of: bench.shop, now: bench.now)?.isContested == false)
    }

    @Test func `a child of the loser does not win over a later child of the winner`() throws {
        var (bench, _, winner) = try fork()
        bench.bring(winner, to: [0, 1, 2])
        bench.run(for: .seconds(30))
        bench.targetRecovers()
        bench.run(for: .seconds(30))
        #expect(bench.state() == .up)
        #expect(bench.epoch() == 3)
        #expect(bench.flip(at: 0)?.parent == winner.flip.id)
    }

    @Test func `whoever tells of a flip knows first that it is contested`() throws {
        var (bench, loser, winner) = try fork()
        bench.bring(winner, to: [0])
        let events = bench.events(at: 0)
        let forked = events.firstIndex(of: .forked(lost: loser.flip, won: winner.flip))
        let flipped = events.firstIndex(
            of: .flipped(winner.flip, from: .degraded, origin: .received))
        #expect(try #require(forked) < #require(flipped))
    }

    @Test func `a fork's winner is confirmed by one look of every live owner, not by waiting`()
        throws
    {
        var (bench, _, winner) = try fork()
        bench.bring(winner, to: [0])
        bench.run(for: .milliseconds(300))
        #expect(isConfirmed(winner, at: 0, bench))
        // Who has looked a moment ago answers the others at its next turn.
        bench.run(for: .seconds(13))
        for seat in bench.all { #expect(isConfirmed(winner, at: seat, bench)) }
    }

    @Test func `one who has only seen the winner hears of the loser before it tells`() throws {
        var (bench, loser, winner) = try fork()
        bench.exchanges = false
        bench.restart(2, withDisk: false)
        bench.run(for: .milliseconds(10))
        bench.bring(winner, to: [2])
        bench.bring(winner, to: [0])
        bench.run(for: .seconds(5))
        #expect(bench.events(at: 2).contains(.forked(lost: loser.flip, won: winner.flip)))
    }

    @Test func `an owner that does not answer is waited for, and not for ever`() throws {
        var (bench, _, winner) = try fork()
        bench.see(nil, at: 2)
        bench.bring(winner, to: [0])
        bench.run(for: .seconds(30))
        #expect(!isConfirmed(winner, at: 0, bench))
        bench.run(for: .seconds(30))
        #expect(isConfirmed(winner, at: 0, bench))
        #expect(isConfirmed(winner, at: 1, bench))
    }

    @Test func `an owner that is dead is not waited for`() throws {
        var (bench, _, winner) = try fork()
        bench.kill(2)
        bench.run(for: .seconds(4))
        bench.bring(winner, to: [0])
        bench.run(for: .seconds(1))
        #expect(isConfirmed(winner, at: 0, bench))
    }

    @Test func `a look that began before the fork was known confirms nothing`() throws {
        var (bench, _, winner) = try fork()
        bench.lookSpan = .milliseconds(900)
        let isLooking = bench.run(until: .seconds(20)) { $0.duty(of: 1)?.look != nil }
        #expect(isLooking)
        bench.bring(winner, to: [0])
        bench.run(for: .milliseconds(1_000))
        // The answer to the look under way has come, and the next one is not due yet.
        #expect(!isConfirmed(winner, at: 0, bench))
        bench.run(for: .seconds(15))
        #expect(isConfirmed(winner, at: 0, bench))
    }

    @Test func `an owner that sees something else once puts the telling off`() throws {
        var (bench, _, winner) = try fork()
        bench.targetFails(.degraded, for: [1])
        bench.bring(winner, to: [0])
        bench.run(for: .seconds(5))
        #expect(!isConfirmed(winner, at: 0, bench))
        bench.seeAsItIs(at: 1)
        bench.run(for: .seconds(25))
        #expect(isConfirmed(winner, at: 0, bench))
    }

    @Test func `a child of the loser that is higher wins, and is contested`() throws {
        var (bench, loser, winner) = try fork()
        // The child is made where the loser is certified; the others have gone on already.
        let child = try #require(bench.certificate(of: .down, by: [0, 1], against: 0))
        #expect(child.flip.parent == loser.flip.id)
        bench.bring(winner, to: [1])
        bench.bring(child, to: [1])
        #expect(bench.flip(at: 1) == child.flip)
        #expect(bench.events(at: 1).contains(.forked(lost: winner.flip, won: child.flip)))
    }

    // MARK: What has been missed

    /// Three flips on top of the one that all have certified, each with its certificate.
    private func chain() throws -> (bench: Bench, certificates: [Certificate]) {
        var bench = bench()
        bench.silence(2)
        bench.loses = { _, from, to in from == 2 || to == 2 }
        bench.exchanges = false
        // Nothing is signed in between: the flips are the story's.
        for seat in bench.all { bench.see(.abstained(.noUplink), at: seat) }
        var certificates: [Certificate] = []
        for state in [TargetState.down, .up, .degraded] {
            let next = try #require(bench.certificate(of: state, by: [0, 1]))
            bench.bring(next, to: [0, 1])
            certificates.append(next)
        }
        #expect(bench.flip(at: 0)?.epoch == 4 && bench.flip(at: 2)?.epoch == 1)
        return (bench, certificates)
    }

    private func hasForked(at seat: Int, _ bench: Bench) -> Bool {
        bench.events(at: seat).contains { if case .forked = $0 { true } else { false } }
    }

    @Test func `one that was away takes the chain where the others are`() throws {
        var (bench, chain) = try chain()
        bench.bring(chain[2], to: [2])
        #expect(bench.flip(at: 2) == chain[2].flip)
        #expect(!hasForked(at: 2, bench))
        // What comes late fits: it was only away.
        bench.bring(chain[1], to: [2])
        bench.bring(chain[0], to: [2])
        #expect(bench.flip(at: 2) == chain[2].flip)
        #expect(!hasForked(at: 2, bench))
    }

    @Test func `a chain that turns out to lead past one's own flip is a fork`() throws {
        var (bench, chain) = try chain()
        // Seat 2 has certified another flip in the place of the first.
        let own = try #require(bench.certificate(of: .degraded, by: [1, 2], against: 2))
        bench.bring(own, to: [2])
        bench.bring(chain[2], to: [2])
        #expect(!hasForked(at: 2, bench))
        bench.bring(chain[1], to: [2])
        #expect(bench.events(at: 2).contains(.forked(lost: own.flip, won: chain[2].flip)))
        #expect(bench.flip(at: 2) == chain[2].flip)
    }

    @Test func `a flip whose epoch does not follow its parent's is refused`() throws {
        var (bench, _) = try chain()
        let skipping = try #require(
            bench.certificate(of: .up, by: [0, 1]) { $0.epoch = 9 })
        let refused = bench.seats[0].verdicts.counters.certificatesRefused
        bench.bring(skipping, to: [0])
        #expect(bench.flip(at: 0)?.epoch == 4)
        #expect(bench.seats[0].verdicts.counters.certificatesRefused == refused + 1)
    }

    @Test func `losers are remembered up to a bound`() {
        var certified = CheckBook.Certified(
            flip: Bench(1).someFlip, certificate: [], learntAt: .zero)
        for number in 0..<40 as Range<UInt64> {
            let isNew = certified.lose(FlipID(Bytes16(high: number, low: 0)))
            #expect(isNew)
        }
        #expect(certified.rivals.count == CheckBook.Certified.rivalsMax)
        let again = certified.lose(FlipID(Bytes16(high: 39, low: 0)))
        #expect(!again)
    }
}

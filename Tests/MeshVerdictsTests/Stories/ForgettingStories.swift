import MeshChecks
import MeshCore
import Testing

@testable import MeshVerdicts

/// Checks that are configured no more, and what is kept of them.
struct ForgettingStories {
    /// A check that has been down and up again, watched by three.
    private func watched() -> Bench {
        var bench = Bench(3)
        bench.run(for: .seconds(20))
        bench.targetFails()
        bench.run(for: .seconds(30))
        bench.targetRecovers()
        bench.run(for: .seconds(30))
        return bench
    }

    /// All wall clocks are this many days on, and what is done at full hours is done.
    private func pass(_ days: UInt64, _ bench: inout Bench) {
        let time = WallTime(milliseconds: Bench.wallStart.milliseconds + days * 86_400_000)
        for seat in bench.all {
            let clock = WallClock(reading: time, at: bench.now)
            bench.act(seat) { verdicts, now in
                verdicts.set(clock)
                verdicts.sweep(now: now)
            }
        }
        bench.run(for: .seconds(3))
    }

    private func isKnown(at seat: Int, _ bench: Bench) -> Bool {
        bench.seats[seat].verdicts.checkIDs.contains(bench.shop)
    }

    @Test func `a check that nobody watches any more is forgotten by all`() throws {
        var bench = watched()
        for seat in bench.all { bench.set([], at: seat) }
        pass(20, &bench)
        #expect(bench.all.allSatisfy { isKnown(at: $0, bench) })
        pass(31, &bench)
        for seat in bench.all {
            #expect(!isKnown(at: seat, bench))
            #expect(bench.seats[seat].hashes[bench.shop.bytes] == 0)
            #expect(bench.seats[seat].verdicts.dossier(of: bench.shop).isEmpty)
            let item = try #require(bench.seats[seat].disk[Verdicts.key(of: bench.shop)])
            #expect(item.count == Flip.archivedByteCount)
        }
    }

    @Test func `it is looked for at every full hour`() {
        var bench = watched()
        for seat in bench.all { bench.set([], at: seat) }
        let time = WallTime(milliseconds: Bench.wallStart.milliseconds + 31 * 86_400_000 - 60_000)
        for seat in bench.all {
            let clock = WallClock(reading: time, at: bench.now)
            bench.act(seat) { verdicts, _ in verdicts.set(clock) }
        }
        bench.run(for: .minutes(62))
        #expect(!bench.all.contains { isKnown(at: $0, bench) })
    }

    @Test(arguments: [false, true])
    func `one that is configured again goes on from the epoch that it had`(_ restarts: Bool)
        throws
    {
        var bench = watched()
        let last = try #require(bench.flip(at: 0))
        #expect(last.epoch == 3)
        for seat in bench.all { bench.set([], at: seat) }
        pass(31, &bench)
        if restarts { for seat in bench.all { bench.restart(seat) } }
        bench.targetFails()
        for seat in bench.all { bench.set(bench.checks, at: seat) }
        #expect(bench.flip(at: 0) == last)
        #expect(bench.seats[0].verdicts.certificate(of: bench.shop) == nil)
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
        #expect(bench.flip(at: 0)?.epoch == 4 && bench.flip(at: 0)?.parent == last.id)
    }

    @Test func `what is configured is kept however long ago it was signed`() {
        var bench = watched()
        pass(4_000, &bench)
        #expect(bench.all.allSatisfy { isKnown(at: $0, bench) })
        #expect(bench.seats[0].verdicts.certificate(of: bench.shop) != nil)
        #expect(bench.state() == .up && bench.epoch() == 3)
    }

    @Test func `one node that does not watch forgets what the others keep, until there is news`() {
        var bench = watched()
        bench.set([], at: 0)
        pass(31, &bench)
        #expect(!isKnown(at: 0, bench))
        #expect(isKnown(at: 1, bench) && isKnown(at: 2, bench))
        bench.targetFails()
        bench.run(for: .seconds(40))
        #expect(bench.state() == .down)
        #expect(bench.flip(at: 0)?.epoch == 4)
    }

    @Test func `a flip from the archive is proved when somebody brings its certificate`() throws {
        var bench = watched()
        let body = try #require(bench.seats[1].verdicts.certificate(of: bench.shop))
        bench.set([], at: 0)
        pass(31, &bench)
        bench.exchanges = false
        bench.set(bench.checks, at: 0)
        #expect(bench.seats[0].verdicts.certificate(of: bench.shop) == nil)
        bench.act(0) { verdicts, now in
            let update = Update(kind: UpdateKind.certificate, body: body)
            try? verdicts.receive(update, from: nil, now: now)
        }
        #expect(bench.seats[0].verdicts.certificate(of: bench.shop) == body)
        #expect(bench.seats[0].disk[Verdicts.key(of: bench.shop)] == body)
    }

    @Test func `a page that was given back serves another check`() {
        var book = CheckBook()
        let checks = (1...3).map { CheckID(Bytes16(high: $0, low: 1)) }
        let first = book.open(checks[0])
        _ = book.open(checks[1])
        _ = book.close(0)
        let gone = book.takeChanged()
        #expect(gone.closed == [checks[0]])
        let reused = book.open(checks[2])
        #expect(reused == first && book.place(of: checks[0]) == nil)
        #expect(book.place(of: CheckPrefix(of: checks[0])) == nil)
        #expect(book[0].id == checks[2] && book.count == 2)
    }

    @Test func `archived flips are kept up to a bound, and the one put away first goes first`() {
        var archive = FlipArchive()
        let flip = Bench(1).someFlip
        var evicted: [CheckID] = []
        for number in 0..<UInt64(VerdictBounds.archiveMax + 3) {
            var other = flip
            other.check = CheckID(Bytes16(high: number, low: 0))
            if let check = archive.keep(other) { evicted.append(check) }
        }
        #expect(evicted == (0..<3).map { CheckID(Bytes16(high: $0, low: 0)) })
        #expect(archive.count == VerdictBounds.archiveMax)
    }

    @Test func `an archived flip on disk is read as it was written, and nothing else is`() {
        let bench = Bench(1)
        let flip = bench.someFlip
        let read = Flip.archived(
            flip.archived, mesh: bench.mesh, cryptography: Bench.cryptography)
        #expect(read == flip)
        for count in [0, 68, 70] {
            let none = Flip.archived(
                [UInt8](repeating: 1, count: count), mesh: bench.mesh,
                cryptography: Bench.cryptography)
            #expect(none == nil)
        }
    }

    /// What is held of a certificate leaves out what its flip says. What is shown, stored and sent
    /// is whole, and is what its minter made.
    @Test func `a proof is given out as it came, before and after a restart`() throws {
        var bench = watched()
        let flip = try #require(bench.flip(at: 0))
        for isRestarted in [false, true] {
            if isRestarted { for seat in bench.all { bench.restart(seat) } }
            for seat in bench.all {
                let verdicts = bench.seats[seat].verdicts
                let proof = try #require(verdicts.certificate(of: bench.shop))
                #expect(bench.seats[seat].disk[Verdicts.key(of: bench.shop)] == proof)
                #expect(verdicts.dossier(of: bench.shop).first?.body == proof)
                let certificate = try Certificate.decode(
                    ByteReader(proof), mesh: bench.mesh, cryptography: Bench.cryptography)
                #expect(certificate.flip == flip && certificate.encoded() == proof)
                #expect(throws: Never.self) {
                    try CertificateVerifier.verify(
                        certificate, mesh: bench.mesh, cryptography: Bench.cryptography,
                        trusting: .any)
                }
            }
        }
    }

    /// A disk is not verified again, but the name in front is what the rest is held under.
    @Test func `a stored proof under another flip's name is not taken up`() throws {
        var bench = watched()
        let key = Verdicts.key(of: bench.shop)
        var proof = try #require(bench.seats[0].disk[key])
        proof[0] ^= 1
        bench.seats[0].disk[key] = proof
        bench.restart(0)
        #expect(bench.flip(at: 0) == nil)
        bench.run(for: .seconds(20))
        #expect(bench.flip(at: 0) == bench.flip(at: 1))
    }
}

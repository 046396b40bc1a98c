import MeshChecks
import MeshCore
import Testing

@testable import MeshNotices

/// One flip, one notification per contact: who sends it, and who does when that one can't.
struct LadderStories {
    @Test func `the first rank tells, once, within its claim's round trip`() {
        var village = Village(5)
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [0])
        #expect(village.told.allSatisfy { $0.at - Village.start < .milliseconds(200) })
        #expect(village.claimsSent == 1)
        for number in village.all {
            let views = village.residents[number].notices.views(of: Names.check)
            #expect(views.map(\.status) == [.sent])
            #expect(views.map(\.node) == [Names.node(0)])
            #expect(village.residents[number].notices.openCount == 0)
        }
    }

    @Test func `all nodes that heard the same hold the same dossier, and claims are not in it`() {
        var village = Village(5)
        village.learn(village.flip(1, .down, from: nil))
        let before = village.residents.map { $0.notices.dossierHash(of: Names.check) }
        #expect(before == [0, 0, 0, 0, 0])
        village.run(for: .seconds(10))
        let hashes = Set(village.residents.map { $0.notices.dossierHash(of: Names.check) })
        #expect(hashes.count == 1 && hashes != [0])
        #expect(Set(village.residents.map(\.notices.dossierRoot)) == hashes)
    }

    @Test func `killed before its claim: the next rank tells one rung later`() {
        var village = Village(5)
        village.kill(0)
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [1])
        #expect(village.told.allSatisfy { $0.at - Village.start < .seconds(2) })
    }

    @Test func `a rank that is known to be suspect or dead is skipped at once`() {
        var village = Village(5)
        village.kill(0, noticedAfter: .zero)
        village.kill(1, noticedAfter: .zero)
        village.run(for: .seconds(1))
        let before = village.now
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [2])
        #expect(village.told.allSatisfy { $0.at - before < .milliseconds(400) })
    }

    @Test func `after the owners, any live node tells`() {
        var village = Village(7)
        for number in 0..<3 { village.kill(number, noticedAfter: .zero) }
        village.run(for: .seconds(1))
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [3])
    }

    @Test func `killed after its claim: the next rank takes over when the lease ends`() {
        var village = Village(5)
        village.residents[0].trap = .onClaim
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [1])
        #expect(village.told.allSatisfy { $0.at - Village.start < .seconds(6) })
    }

    @Test func `killed after the provider's yes: told twice at most, under one id`() {
        var village = Village(5)
        village.residents[0].trap = .onYes
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [0, 1])
        #expect(Set(village.told.map(\.notice.id)).count == 1)
    }

    @Test func `paused through its lease before sending: it asks again, and stays silent`() {
        var village = Village(5)
        village.learn(village.flip(1, .down, from: nil))
        // The claim is out, its acks are on their way back.
        village.run(for: .milliseconds(30))
        #expect(village.claimsSent == 1 && village.told.isEmpty)
        village.pause(0, for: .seconds(20))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [1])
    }

    @Test func `a node that may not claim does not: unsettled, or without the majority`() {
        var village = Village(5)
        village.cut([[0, 1], [2, 3, 4]])
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(2))
        #expect(village.told.map(\.by) == [2])
        village.heal()
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
    }

    @Test func `a minority that learnt first and is healed later does not tell again`() {
        var village = Village(5)
        village.cut([[0, 1], [2, 3, 4]])
        village.learn(village.flip(1, .down, from: nil), at: [2, 3, 4])
        village.run(for: .minutes(2))
        village.heal()
        village.learn(village.flip(1, .down, from: nil), at: [0, 1])
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [2])
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func `two that claim at once send one notice`(seed: UInt64) {
        var village = Village(5, seed: seed)
        // The second rank's rung ends just when the first learns the flip.
        village.learn(village.flip(1, .down, from: nil), at: [1, 2, 3, 4])
        village.run(for: .milliseconds(1_490 + Int64(seed % 60)))
        village.learn(village.flip(1, .down, from: nil), at: [0])
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func `a quarter of all packets lost, and still one notice`(seed: UInt64) {
        var village = Village(5, seed: seed)
        village.loss = 25
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
    }

    @Test func `a node alone tells at once`() {
        var village = Village(1)
        village.learn(village.flip(1, .down, from: nil, owners: 1))
        village.run(for: .milliseconds(20))
        #expect(village.told.map(\.by) == [0])
    }
}

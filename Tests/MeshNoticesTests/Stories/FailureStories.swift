import MeshChecks
import MeshCore
import Testing

@testable import MeshNotices

/// Providers that refuse or hang, contacts that not all know, nodes that start again.
struct FailureStories {
    @Test func `failed hands over at once`() {
        var village = Village(5)
        village.receiversOfNode = [0: .refuses]
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [1])
        #expect(village.told.allSatisfy { $0.at - Village.start < .milliseconds(500) })
    }

    @Test func `a provider that hangs is given up after thirty seconds`() {
        var village = Village(5)
        village.receiversOfNode = [0: .hangs]
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .seconds(29))
        #expect(village.told.isEmpty)
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [1])
        #expect(village.told.allSatisfy { $0.at - Village.start < .seconds(31) })
    }

    @Test func `a contact that only some nodes know is told by one of them, at once`() {
        var village = Village(5)
        for number in [0, 1] {
            village.residents[number].contacts = []
            village.act(number) {
                $0.setRoutes(
                    [Names.check: [Route(contact: Names.oncall, on: .both)]], contacts: [],
                    meshCheck: Names.meshCheck, now: $1)
            }
        }
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [2])
        #expect(village.told.allSatisfy { $0.at - Village.start < .milliseconds(600) })
    }

    @Test func `a node without the route never claims`() {
        var village = Village(5)
        village.act(0) {
            $0.setRoutes([:], contacts: [], meshCheck: Names.meshCheck, now: $1)
        }
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [1])
    }

    @Test func `when all have failed, all begin again after a pause, until one is heard`() {
        var village = Village(3)
        village.receivers = [Names.oncall: .refuses]
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .seconds(20))
        let views = village.residents[2].notices.views(of: Names.check)
        #expect(views.map(\.status) == [.failed(Reason("status 500"))])
        #expect(views.map(\.attempts) == [3])
        village.receivers = [:]
        village.run(for: .seconds(8))
        #expect(village.told.isEmpty)
        village.run(for: .seconds(10))
        #expect(village.told.map(\.by) == [0])
        village.run(for: .minutes(20))
        #expect(village.told.count == 1)
    }

    @Test func `an outage after a recovery that was tried in vain is told, however often it fails`()
    {
        var village = Village(3)
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .seconds(10))
        village.receivers = [Names.oncall: .refuses]
        village.learn(village.flip(2, .up, from: .down))
        village.run(for: .seconds(10))
        village.learn(village.flip(3, .down, from: .up))
        village.run(for: .seconds(40))
        village.receivers = [:]
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.state) == [.down, .down])
        #expect(village.told.map(\.notice.epoch) == [1, 3])
    }

    @Test func `the pauses double up to five minutes`() {
        let parameters = NoticeParameters()
        #expect(
            (0..<7 as Range<UInt32>).map { parameters.pause(after: $0) }
                == [30, 60, 120, 240, 300, 300, 300].map { .seconds($0) })
        #expect(parameters.pause(after: .max) == .minutes(5))
    }

    @Test func `all killed during an outage and started again from disk tell nothing twice`() {
        var village = Village(5)
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .seconds(10))
        for number in village.all { village.kill(number) }
        village.run(for: .seconds(10))
        for number in village.all {
            village.restart(number, learning: village.flip(1, .down, from: nil))
        }
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
        village.learn(village.flip(2, .up, from: .down))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.state) == [.down, .up])
        #expect(Set(village.told.map(\.notice.incident)).count == 1)
    }

    @Test func `a node that starts with nothing hears the receipt before it could tell again`() {
        var village = Village(5)
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .seconds(10))
        village.kill(0)
        village.run(for: .seconds(10))
        village.restart(0, withDisk: false, learning: village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
    }

    @Test func `a claim for what was told is answered with its receipt`() {
        var village = Village(5)
        village.learn(village.flip(1, .down, from: nil), at: [1, 2, 3, 4])
        village.run(for: .seconds(10))
        #expect(village.told.map(\.by) == [1])
        let receipts = village.residents[2].notices.dossier(of: Names.check)
        let claim = Claim(
            number: 1, topic: .chain(Names.check), check: Names.check, contact: Names.oncall,
            ordinal: 0, occasion: Names.flip(1), birth: Names.birth, epoch: 1, state: .down,
            rank: 0, round: 0, hasLeft: false)
        var owner = village.residents[2].notices
        _ = owner.receive(claim: claim.update(), from: Names.node(0), now: village.now)
        #expect(receipts.count == 1)
        #expect(owner.popEffect() == .answer(receipts[0], to: Names.node(0)))
    }

    @Test
    func `started again after its claim, alone: it waits for receipts, then sends the same id`() {
        var village = Village(1)
        village.receiversOfNode = [0: .accepts]
        village.residents[0].trap = .onYes
        village.learn(village.flip(1, .down, from: nil, owners: 1))
        village.run(for: .seconds(5))
        #expect(village.told.count == 1)
        let before = village.now
        village.restart(0, learning: village.flip(1, .down, from: nil, owners: 1))
        village.run(for: .minutes(5))
        #expect(village.told.count == 2)
        #expect(Set(village.told.map(\.notice.id)).count == 1)
        #expect(village.told[1].at - before >= .seconds(4))
    }

    @Test func `a yes that comes after the attempt was given up still makes a receipt`() throws {
        var village = Village(1)
        village.receivers = [Names.oncall: .hangs]
        village.learn(village.flip(1, .down, from: nil, owners: 1))
        village.run(for: .seconds(40))
        let token = try #require(village.residents[0].notices.deliveries.keys.first)
        village.act(0) { $0.handle(.sent, for: token, now: $1) }
        village.run(for: .minutes(10))
        #expect(village.residents[0].notices.views(of: Names.check).map(\.status) == [.sent])
        #expect(village.residents[0].notices.openCount == 0)
    }

    @Test func `the claim is on disk before it leaves, and gone when the receipt is there`() {
        var village = Village(3)
        village.learn(village.flip(1, .down, from: nil), at: [0])
        var seen: [Bool] = []
        for _ in 0..<100 {
            village.run(for: .milliseconds(1))
            let hasClaim = village.residents[0].disk.keys.contains {
                $0.starts(with: StoredKey.claim)
            }
            if village.claimsSent > 0 || hasClaim { seen.append(hasClaim) }
        }
        #expect(seen.first == true)
        village.run(for: .seconds(5))
        #expect(!village.residents[0].disk.keys.contains { $0.starts(with: StoredKey.claim) })
        #expect(village.residents.allSatisfy { $0.disk.count == 1 })
    }
}

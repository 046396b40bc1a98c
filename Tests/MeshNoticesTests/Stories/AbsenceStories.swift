import MeshChecks
import MeshCore
import Testing

@testable import MeshNotices

/// Who was away while others told: it may hear of a flip before it hears that it was told, and must
/// not tell it again; nor may it be silent where nobody has.
struct AbsenceStories {
    /// Long enough for what was sent to one who is away to be given up.
    private static let absence = TimeSpan.minutes(2)

    /// `sleepers` stand still while `teller` tells, which dies before they wake. What came for them
    /// meanwhile is lost: they were held dead, and nothing was sent to them.
    private static func wake(
        _ sleepers: [Int], after teller: Int, _ flip: ToldFlip, in village: inout Village
    ) {
        for sleeper in sleepers { village.pause(sleeper, for: absence) }
        village.learn(flip)
        village.run(for: absence - .seconds(1))
        #expect(village.told.map(\.by) == [teller])
        village.kill(teller, noticedAfter: .seconds(3))
        for sleeper in sleepers { village.residents[sleeper].backlog = [] }
        village.run(for: .milliseconds(1_001))
    }

    @Test(arguments: [0, 1])
    func `who slept while another told asks more than that one before it tells`(sleeper: Int) {
        var village = Village(5)
        let flip = village.flip(1, .down, from: nil, owners: 2)
        Self.wake([sleeper], after: 1 - sleeper, flip, in: &village)
        village.learn(flip, at: [sleeper])
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
    }

    @Test func `two that wake together do not take each other's leave for everybody's`() {
        var village = Village(5)
        var flip = village.flip(1, .down, from: nil)
        Self.wake([0, 1], after: 2, flip, in: &village)
        // The dead one is an owner no more.
        for sleeper in [0, 1] {
            village.act(sleeper) { $0.memberChanged(Names.node(2), isAlive: false, now: $1) }
        }
        flip.ladder = [0, 1, 3, 4].map(Names.node)
        flip.ownerCount = 2
        village.learn(flip, at: [0, 1])
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
    }

    @Test func `two that come back from a cut together do not either`() {
        var village = Village(5)
        var flip = village.flip(1, .down, from: nil)
        village.cut([[0, 1], [2, 3, 4]])
        village.learn(flip, at: [2, 3, 4])
        village.run(for: Self.absence)
        #expect(village.told.map(\.by) == [2])
        village.kill(2, noticedAfter: .zero)
        village.cut([Array(village.all)])
        village.run(for: .seconds(5))
        flip.ladder = [0, 1, 3, 4].map(Names.node)
        flip.ownerCount = 2
        village.learn(flip, at: [0, 1])
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
    }

    @Test func `who slept with a claim that nobody has heard asks again`() {
        var village = Village(5)
        village.loss = 100
        // So that it asks everybody from the start, and is not to ask more when the wait is over.
        village.act(0) { $0.memberChanged(Names.node(2), isAlive: false, now: $1) }
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .milliseconds(45))
        #expect(village.claimsSent == 1)
        village.pause(0, for: .seconds(3))
        village.loss = 0
        village.run(for: .milliseconds(2_900))
        #expect(village.told.map(\.by) == [1])
        village.residents[0].backlog = []
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [1])
    }

    @Test func `an owner that does not answer is as one that is dead: the others are asked`() {
        var village = Village(5)
        let flip = village.flip(1, .down, from: nil, owners: 2)
        // So short a cut that the node does not notice, and its mail all the same lost.
        village.residents[0].side = 1
        village.learn(flip, at: [1, 2, 3, 4])
        village.run(for: Self.absence)
        village.kill(1, noticedAfter: .seconds(3))
        village.residents[0].side = 0
        village.learn(flip, at: [0])
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [1])
    }

    @Test func `where all have slept, what happened since is told, and soon`() {
        var village = Village(5)
        for number in village.all { village.pause(number, for: .minutes(1)) }
        village.run(for: .minutes(1) + .milliseconds(1))
        let before = village.now
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [0])
        #expect(village.told.allSatisfy { $0.at - before < .milliseconds(200) })
    }

    @Test func `where all have slept and some never woke, what happened since is told, and soon`() {
        var village = Village(5)
        for number in village.all { village.pause(number, for: .minutes(1)) }
        village.run(for: .minutes(1) + .milliseconds(1))
        village.kill(1)
        village.kill(4)
        let before = village.now
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.by) == [0])
        #expect(village.told.allSatisfy { $0.at - before < .seconds(1) })
    }
}

import MeshCore
import Testing

@testable import MeshMembership

@Suite struct NameTests {
    let me = Character(1)

    @Test func `of two living holders of a name the older keeps it`() throws {
        let old = Character(2, name: "web", born: 10)
        let young = Character(3, name: "web", born: 20)
        for order in [[old, young], [young, old]] {
            let stage = try Stage(me, knowing: order)
            #expect(stage.node.member(old.id)?.counts == true)
            #expect(stage.node.member(young.id)?.counts == false)
        }
    }

    @Test func `both are told of the conflict`() throws {
        var stage = try Stage(me, knowing: [Character(2, name: "web", born: 10)])
        let young = Character(3, name: "web", born: 20)
        try stage.hear([young.alive()], from: young)
        #expect(
            stage.events.contains(
                .nameConflict(young.name, keeper: Character(2).id, loser: young.id)))
    }

    @Test func `a new key takes the name of one that has left, which stops counting at once`()
        throws
    {
        let old = Character(2, name: "web", born: 10)
        let new = Character(3, name: "web", born: 20)
        var stage = try Stage(me, knowing: [old])
        try stage.hear([old.claims(.left, of: old)], from: old)
        try stage.hear([new.alive()], from: new)
        #expect(stage.node.member(new.id)?.counts == true)
        #expect(stage.node.member(old.id)?.counts == false)
        #expect(stage.events.contains(.nameTaken(new.name, by: new.id, from: old.id)))
    }

    @Test func `with a roster only a listed key takes a name`() throws {
        let old = Character(2, name: "web", born: 10)
        let thief = Character(3, name: "web", born: 5)
        let roster: Set = [me.key, old.key]
        let stage = try Stage(me, knowing: [old, thief], roster: roster)
        #expect(stage.node.member(old.id)?.counts == true)
        #expect(stage.node.member(thief.id)?.counts == false)
    }

    @Test func `with a roster only a listed key speaks of others`() throws {
        let listed = Character(2)
        let subject = Character(3)
        let thief = Character(4)
        var stage = try Stage(
            me, knowing: [listed, subject, thief], roster: [me.key, listed.key, subject.key])
        try stage.hear([thief.claims(.suspect, of: subject)], from: thief)
        #expect(stage.state(of: subject) == .alive)
        try stage.hear([listed.claims(.suspect, of: subject)], from: listed)
        #expect(stage.state(of: subject) == .suspect)
        try stage.wait(.seconds(30), answeredBy: [listed, thief])
        #expect(stage.state(of: subject) == .dead)
        try stage.hear([thief.claims(.forgotten, of: subject)], from: thief)
        #expect(stage.state(of: subject) == .dead, "the dead count in majorities")
        try stage.hear([thief.claims(.left, of: thief)], from: thief)
        #expect(stage.state(of: thief) == .left, "of itself anybody speaks")
    }
}

@Suite struct CloneTests {
    let friend = Character(2)

    private func copy(of original: Character, generation: UInt32, boot: UInt64) -> Character {
        var copy = original
        copy.generation = generation
        copy.bootID = BootID(boot)
        return copy
    }

    @Test func `a node that hears a higher generation of its own takes the next and goes on`()
        throws
    {
        let me = Character(1)
        var stage = try Stage(me, knowing: [friend])
        let past = copy(of: me, generation: 7, boot: 99)
        try stage.hear([past.alive()], from: friend)
        #expect(stage.generationsToStore == [8])
        #expect(stage.node.member(me.id)?.standing.generation == 1, "not before it is stored")
        let isTaken = stage.node.handleGenerationStored(8, now: stage.now)
        #expect(isTaken)
        stage.settle()
        #expect(stage.node.member(me.id)?.standing.generation == 8)
        #expect(stage.stops.isEmpty)
    }

    @Test(arguments: [0, UInt64.max])
    func `of two with one generation each takes the next`(boot: UInt64) throws {
        let me = Character(1)
        var stage = try Stage(me, knowing: [friend])
        try stage.hear([copy(of: me, generation: 1, boot: boot).alive()], from: friend)
        #expect(stage.generationsToStore == [2])
    }

    @Test func `a member from another process hears what its key said before`() throws {
        let me = Character(1)
        var stage = try Stage(me, knowing: [friend])
        let restored = copy(of: friend, generation: 1, boot: 77)
        try stage.hear(
            [restored.alive()],
            .ping(sequence: 16, target: NodePrefix(of: me.id), digest: 0, truth: 0),
            from: restored)
        let ack = try #require(stage.sent.last)
        #expect(ack.updates == [friend.alive()])
    }

    @Test func `a second collision within a minute stops the one with the smaller boot id`() throws
    {
        let me = Character(1)
        for (boot, stops): (UInt64, Bool) in [(UInt64.max, true), (0, false)] {
            var stage = try Stage(me, knowing: [friend])
            try stage.hear([copy(of: me, generation: 2, boot: boot).alive()], from: friend)
            _ = stage.node.handleGenerationStored(3, now: stage.now)
            stage.settle()
            try stage.hear([copy(of: me, generation: 4, boot: boot).alive()], from: friend)
            #expect(stage.stops == (stops ? [.clone(me.address)] : []))
        }
    }

    @Test func `collisions far apart are restored directories, not clones`() throws {
        let me = Character(1)
        var stage = try Stage(me, knowing: [friend])
        try stage.hear([copy(of: me, generation: 2, boot: .max).alive()], from: friend)
        _ = stage.node.handleGenerationStored(3, now: stage.now)
        stage.settle()
        try stage.wait(.seconds(61), answeredBy: [friend])
        try stage.hear([copy(of: me, generation: 4, boot: .max).alive()], from: friend)
        #expect(stage.stops.isEmpty)
        #expect(stage.generationsToStore == [3, 5])
    }

    @Test func `several processes of the past are no clone`() throws {
        let me = Character(1)
        var stage = try Stage(me, knowing: [friend])
        let past = copy(of: me, generation: 2, boot: .max - 1)
        let later = copy(of: me, generation: 3, boot: .max)
        try stage.hear([past.alive()], from: friend)
        _ = stage.node.handleGenerationStored(3, now: stage.now)
        stage.settle()
        try stage.hear([later.alive()], from: friend)
        #expect(stage.stops.isEmpty, "neither has said anything in answer to us")
        #expect(stage.generationsToStore == [3, 4])
        _ = stage.node.handleGenerationStored(4, now: stage.now)
        stage.settle()
        try stage.hear([later.claims(.left, of: later, generation: 5)], from: friend)
        #expect(stage.stops.isEmpty, "a claim names no process")
        #expect(stage.generationsToStore == [3, 4, 6])
    }

    @Test func `a member heard under two boot ids in turn has no voice for a minute`() throws {
        let me = Character(1)
        var stage = try Stage(me, knowing: [friend])
        let clone = copy(of: friend, generation: 2, boot: 5)
        let again = copy(of: friend, generation: 3, boot: friend.bootID.word)
        try stage.hear([clone.alive()], from: clone)
        #expect(stage.node.member(friend.id)?.counts == true, "a restart is no clone")
        try stage.hear([again.alive()], from: again)
        #expect(stage.node.member(friend.id)?.counts == true, "or fewer would be a majority")
        #expect(stage.node.countedClones == [friend.id])
        try stage.wait(.seconds(61), answeredBy: [again])
        #expect(stage.node.countedClones.isEmpty)
    }
}

@Suite struct LeaveTests {
    @Test func `a node whose goodbye is never signed stops all the same`() throws {
        var stage = try Stage(Character(1), knowing: [Character(2)])
        stage.signsAtOnce = false
        stage.node.leave(now: stage.now)
        stage.settle()
        stage.wait(.seconds(2))
        #expect(stage.stops == [.left])
    }

    @Test func `a goodbye is over once`() throws {
        var stage = try Stage(Character(1), knowing: [Character(2)])
        stage.node.leave(now: stage.now)
        stage.settle()
        stage.wait(.seconds(10))
        #expect(stage.stops == [.left])
    }
}

@Suite struct RetentionTests {
    let me = Character(1)
    let others = (2...4).map { Character($0) }

    @Test func `the dead are kept for a day and then gone`() throws {
        var stage = try Stage(me, knowing: others)
        try stage.hear([others[0].claims(.dead, of: others[2])], from: others[0])
        try stage.wait(.seconds(10), answeredBy: [others[0], others[1]])
        #expect(stage.state(of: others[2]) == .dead)
        try stage.wait(.hours(23), answeredBy: [others[0], others[1]])
        #expect(stage.state(of: others[2]) == .dead)
        try stage.wait(.hours(2), answeredBy: [others[0], others[1]])
        #expect(stage.state(of: others[2]) == nil)
        #expect(stage.events.contains(.removed(others[2].id)))
    }

    @Test func `a minority forgets nobody`() throws {
        var stage = try Stage(me, knowing: others)
        stage.wait(.hours(30))
        for other in others { #expect(stage.state(of: other) == .dead) }
        #expect(!stage.node.hasMajority)
    }

    @Test func `members read from disk are known and dead, and alive once they answer`() throws {
        let entries = others.map { MemberEntry(secondsEnded: 0, alive: $0.alive(), claim: nil) }
        var stage = try Stage(me, restored: entries)
        for other in others {
            #expect(stage.state(of: other) == .dead)
            #expect(stage.node.member(other.id)?.counts == true)
        }
        #expect(!stage.node.hasMajority)
        try stage.wait(.minutes(2), answeredBy: others)
        for other in others { #expect(stage.state(of: other) == .alive) }
        #expect(stage.node.hasMajority)
    }
}

import MeshCore
import Testing

@testable import MeshMembership

@Suite struct ExchangeTests {
    let me = Character(1)
    let seed = Character(2)
    let third = Character(3)
    let fourth = Character(4)

    private func hello(_ character: Character) -> Frame {
        .hello(
            Frame.Hello(
                node: character.id, generation: character.generation, bootID: character.bootID,
                wireVersions: 1...1))
    }

    private func say(_ frames: [Frame], on stream: StreamID, _ stage: inout Stage) {
        stage.node.handle(
            .received(frames.flatMap { $0.encoded() }), on: stream, now: stage.now)
        stage.settle()
    }

    private func entry(_ character: Character, _ claim: Update? = nil, seconds: UInt32 = 0)
        -> MemberEntry
    {
        MemberEntry(secondsEnded: seconds, alive: character.alive(), claim: claim)
    }

    private func accepted(_ stage: inout Stage) throws -> StreamID {
        let stream = stage.node.acceptStream(from: seed.address, now: stage.now)
        return try #require(stream)
    }

    /// Starts a node with one seed and brings its stream to the point where entries may come.
    private func joining() throws -> (Stage, StreamID) {
        var stage = try Stage(me, seedCount: 1)
        stage.wait(.milliseconds(1))
        #expect(stage.resolutions == [0])
        stage.node.handle(addresses: [seed.address], ofSeed: 0, now: stage.now)
        stage.settle()
        let stream = try #require(stage.opened.first?.stream)
        #expect(stage.opened.first?.to == seed.address)
        stage.node.handle(.opened, on: stream, now: stage.now)
        stage.settle()
        #expect(stage.frames.count == 2)
        return (stage, stream)
    }

    @Test func `a newcomer learns the list from its seed and tells who it is`() throws {
        var (stage, stream) = try joining()
        let all: [Frame] = [
            hello(seed), .request(.max), .entries([entry(seed), entry(third)]), .end,
        ]
        say(all, on: stream, &stage)
        #expect(stage.state(of: seed) == .alive)
        #expect(stage.state(of: third) == .alive)
        #expect(stage.frames.contains { $0.frame == .entries([entry(me)]) })
        #expect(stage.events.contains(.synced(seed.id)))
        #expect(stage.closed == [stream])
        stage.wait(.milliseconds(500))
        let passedOn = stage.sentUpdates(of: UpdateKind.alive).filter { $0 != me.alive() }
        #expect(passedOn.isEmpty, "what everybody knew before us is no news")
    }

    @Test func `a seed that closes the stream is tried again`() throws {
        var (stage, stream) = try joining()
        stage.node.handle(.closed, on: stream, now: stage.now)
        stage.settle()
        stage.wait(.seconds(2))
        #expect(stage.resolutions == [0, 0])
    }

    @Test func `a seed that is silent after opening is given up`() throws {
        var (stage, stream) = try joining()
        stage.wait(.seconds(11))
        #expect(stage.closed == [stream])
    }

    @Test func `our own address among the seeds is nothing to join`() throws {
        var stage = try Stage(me, seedCount: 1)
        stage.wait(.milliseconds(1))
        stage.node.handle(addresses: [me.address], ofSeed: 0, now: stage.now)
        stage.settle()
        stage.wait(.minutes(4))
        #expect(stage.opened.isEmpty)
        #expect(stage.resolutions == [0])
        stage.wait(.minutes(2))
        #expect(stage.resolutions == [0, 0], "the name may have moved")
    }

    @Test func `a seed name that is ours and others' leads to the others`() throws {
        var stage = try Stage(me, seedCount: 1)
        stage.wait(.milliseconds(1))
        stage.node.handle(
            addresses: [me.address, seed.address], ofSeed: 0, now: stage.now)
        stage.settle()
        #expect(stage.opened.map(\.to) == [seed.address])
    }

    @Test func `a living member is not forgotten by an exchange, but told`() throws {
        var stage = try Stage(me, knowing: [seed, third])
        let stream = try accepted(&stage)
        let claim = fourth.claims(.forgotten, of: third)
        say(
            [
                hello(seed), .offer(MemberDigest().buckets),
                .entries([entry(fourth), entry(third, claim, seconds: 86_400)]), .end,
            ], on: stream, &stage)
        #expect(stage.state(of: third) == .alive)
        #expect(stage.sent.contains { $0.to == third.address && $0.updates == [claim] })
    }

    @Test func `an unsigned age does not shorten our memory of a member that we knew`() throws {
        var stage = try Stage(me, knowing: [seed, third, fourth])
        try stage.hear([seed.claims(.dead, of: third)], from: seed)
        try stage.wait(.seconds(2), answeredBy: [seed, fourth])
        #expect(stage.state(of: third) == .dead)
        let stream = try accepted(&stage)
        let claim = seed.claims(.forgotten, of: third)
        say(
            [
                hello(seed), .offer(MemberDigest().buckets),
                .entries([entry(third, claim, seconds: 86_400)]), .end,
            ], on: stream, &stage)
        try stage.wait(.minutes(10), answeredBy: [seed, fourth])
        #expect(stage.state(of: third) == .forgotten)
    }

    @Test func `one stream is answered once`() throws {
        var stage = try Stage(me, knowing: [seed, third])
        let stream = try accepted(&stage)
        let offer = Frame.offer(MemberDigest().buckets)
        say([hello(seed), offer, offer, offer], on: stream, &stage)
        let answers = stage.frames.filter {
            if case .request = $0.frame { true } else { false }
        }
        #expect(answers.count == 1)
        #expect(stage.closed == [stream])
    }

    @Test func `an unsigned hello under our key makes nobody raise or stop`() throws {
        var stage = try Stage(me, knowing: [seed])
        var liar = me
        liar.bootID = BootID(.max)
        liar.generation = 4_000_000_000
        for _ in 0..<3 {
            let stream = try accepted(&stage)
            say([hello(liar), .offer(MemberDigest().buckets)], on: stream, &stage)
        }
        #expect(stage.generationsToStore.isEmpty && stage.stops.isEmpty)
    }

    @Test func `an accepted offer is answered with the differing buckets only`() throws {
        var stage = try Stage(me, knowing: [seed, third])
        let stream = try accepted(&stage)
        var theirs = MemberDigest()
        for other in [me, seed] {
            theirs.toggle(other.id, generation: 1, state: .alive)
        }
        say([hello(seed), .offer(theirs.buckets)], on: stream, &stage)
        let bucket = UInt64(MemberDigest.bucket(of: third.id))
        #expect(stage.frames.contains { $0.frame == .request(1 << bucket) })
        #expect(stage.frames.contains { $0.frame == .entries([entry(third)]) })
    }

    @Test func `a member that we reach is not believed dead from a list, but told`() throws {
        var stage = try Stage(me, knowing: [seed, third])
        let stream = try accepted(&stage)
        let claim = seed.claims(.dead, of: third)
        say(
            [
                hello(seed), .offer(MemberDigest().buckets), .entries([entry(third, claim)]),
                .end,
            ], on: stream, &stage)
        let told = stage.sent.filter { $0.to == third.address }.flatMap(\.updates)
        #expect(told.contains(claim))
        try stage.wait(.seconds(2), answeredBy: [seed, third])
        #expect(stage.state(of: third) == .alive)
    }

    @Test func `a stranger's death by a stranger's word is kept as hearsay`() throws {
        var (stage, stream) = try joining()
        let claim = fourth.claims(.dead, of: third)
        say(
            [hello(seed), .request(0), .entries([entry(seed), entry(third, claim)]), .end],
            on: stream, &stage)
        #expect(stage.state(of: third) == .dead)
        #expect(stage.node.entriesToStore.contains { $0.alive == third.alive() })
        var expected = MemberDigest()
        for other in [me, seed] { expected.toggle(other.id, generation: 1, state: .alive) }
        #expect(stage.node.rootDigest == expected.root, "hearsay is not asserted")
    }

    /// A node that has read `third` from its disk, and a stream on which `seed` is about to tell it
    /// of members.
    private func remembering(_ third: Character, incarnation: UInt32) throws -> (Stage, StreamID) {
        let remembered = MemberEntry(
            secondsEnded: 0, alive: third.alive(incarnation: incarnation), claim: nil)
        var stage = try Stage(me, knowing: [seed], restored: [remembered])
        stage.events = []
        let stream = try accepted(&stage)
        say([hello(seed), .offer(MemberDigest().buckets)], on: stream, &stage)
        return (stage, stream)
    }

    @Test func `one dead on disk and dead over there is not taken for alive in between`() throws {
        var (stage, stream) = try remembering(third, incarnation: 0)
        let claim = seed.claims(.dead, of: third)
        say([.entries([entry(third, claim)]), .end], on: stream, &stage)
        #expect(stage.state(of: third) == .dead)
        #expect(stage.events.isEmpty, "nothing has changed but that it is proved")
        var expected = MemberDigest()
        for other in [me, seed] { expected.toggle(other.id, generation: 1, state: .alive) }
        expected.toggle(third.id, generation: 1, state: .dead)
        #expect(stage.node.rootDigest == expected.root)
    }

    @Test func `one dead on disk by a later word than theirs is declared dead by us`() throws {
        var (stage, stream) = try remembering(third, incarnation: 1)
        let claim = seed.claims(.dead, of: third)
        say([.entries([entry(third, claim)]), .end], on: stream, &stage)
        #expect(stage.state(of: third) == .dead)
        stage.wait(.milliseconds(100))
        let told = stage.sentUpdates(of: MemberClaim.Kind.dead.rawValue)
        #expect(told.contains(me.claims(.dead, of: third, incarnation: 1)))
        var expected = MemberDigest()
        for other in [me, seed] { expected.toggle(other.id, generation: 1, state: .alive) }
        expected.toggle(third.id, generation: 1, state: .dead)
        #expect(stage.node.rootDigest == expected.root, "the lists agree")
    }

    @Test func `one dead on disk and alive over there is alive`() throws {
        var (stage, stream) = try remembering(third, incarnation: 0)
        say([.entries([entry(third)]), .end], on: stream, &stage)
        #expect(stage.state(of: third) == .alive)
    }

    @Test func `a stream that goes on for ever is closed`() throws {
        var stage = try Stage(me, knowing: [seed])
        let stream = try accepted(&stage)
        say([hello(seed)], on: stream, &stage)
        for _ in 0..<70 where stage.closed.isEmpty {
            say([.unknown(kind: 200)], on: stream, &stage)
            try stage.wait(.seconds(5), answeredBy: [seed])
        }
        #expect(stage.closed == [stream])
    }

    @Test func `a seed that answers under our own key is asked again`() throws {
        var (stage, stream) = try joining()
        var clone = me
        clone.bootID = BootID(7)
        say([hello(clone), .request(0), .end], on: stream, &stage)
        #expect(stage.closed == [stream])
        stage.wait(.seconds(2))
        #expect(stage.resolutions == [0, 0])
    }

    @Test func `one that ended long ago is not taken up again`() throws {
        var (stage, stream) = try joining()
        let claim = seed.claims(.dead, of: third)
        let old = entry(third, claim, seconds: 13 * 3_600)
        say([hello(seed), .request(0), .entries([entry(seed), old]), .end], on: stream, &stage)
        #expect(stage.state(of: third) == nil)
    }

    @Test(arguments: [
        [Frame.end], [Frame.offer(MemberDigest().buckets)], [Frame.datagram([1])],
    ])
    func `a stream that does not begin with hello is closed`(frames: [Frame]) throws {
        var stage = try Stage(me, knowing: [seed])
        let stream = try accepted(&stage)
        say(frames, on: stream, &stage)
        #expect(stage.closed == [stream])
        #expect(stage.node.counters.streamsRefused == 1)
    }

    @Test func `streams beyond the bound are refused`() throws {
        var stage = try Stage(me)
        for _ in 0..<MembershipBounds.streamsMax * 3 / 4 {
            let stream = stage.node.acceptStream(from: seed.address, now: stage.now)
            #expect(stream != nil)
        }
        let refused = stage.node.acceptStream(from: seed.address, now: stage.now)
        #expect(refused == nil)
        stage.wait(.seconds(11))
        let again = stage.node.acceptStream(from: seed.address, now: stage.now)
        #expect(again != nil, "silent ones make room")
    }

    @Test func `lists are exchanged when a difference outlasts the talk`() throws {
        var stage = try Stage(me, knowing: [seed])
        func pinged(_ stage: inout Stage) throws {
            try stage.hear(
                [], .ping(sequence: 1, target: NodePrefix(of: me.id), digest: 42, truth: 0),
                from: seed)
        }
        try pinged(&stage)
        #expect(stage.opened.isEmpty, "not at once")
        for _ in 0..<6 {
            try stage.wait(.milliseconds(500), answeredBy: [seed])
            try pinged(&stage)
        }
        #expect(stage.opened.map(\.to) == [seed.address])
    }
}

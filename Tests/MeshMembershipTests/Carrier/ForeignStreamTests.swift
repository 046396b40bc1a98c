import MeshCore
import Testing

@testable import MeshMembership

/// Streams of the other parts of a node, which membership opens, greets on and ends.
@Suite struct ForeignStreamTests {
    let me = Character(1)
    let bob = Character(2)
    let carol = Character(3)

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
    private func peer(_ character: Character, _ stream: StreamID) -> Peer {
        Peer(node: character.id, bootID: character.bootID, path: .stream(stream), wireVersion: 1)
    }
    private func inbound(_ stage: inout Stage) -> [Inbound] {
        var all: [Inbound] = []
        while let one = stage.node.popInbound() { all.append(one) }
        return all
    }
    private func accepted(_ stage: inout Stage) throws -> StreamID {
        let stream = stage.node.acceptStream(from: bob.address, now: stage.now)
        return try #require(stream)
    }
    private func opened(_ stage: inout Stage) throws -> StreamID {
        let stream = stage.node.openForeignStream(to: bob.id, now: stage.now)
        stage.settle()
        return try #require(stream)
    }

    @Test func `a stream that we open greets first and hands frames up with their peer`() throws {
        var stage = try Stage(me, knowing: [bob])
        let stream = try opened(&stage)
        #expect(stage.opened.last?.to == bob.address)
        let isEarly = stage.node.writeForeign(32, [1], on: stream)
        #expect(!isEarly)
        stage.node.handle(.opened, on: stream, now: stage.now)
        let isWritten = stage.node.writeForeign(32, [1], on: stream)
        #expect(isWritten)
        stage.settle()
        #expect(stage.frames.map(\.frame).last == .foreign(kind: 32, body: [1]))
        #expect(stage.frames.count == 2)
        say([hello(bob), .foreign(kind: 33, body: [2])], on: stream, &stage)
        stage.node.handle(.closed, on: stream, now: stage.now)
        #expect(
            inbound(&stage) == [
                .stream(stream, .opened, nil),
                .stream(stream, .frame(kind: 33, body: [2]), peer(bob, stream)),
                .stream(stream, .closed, peer(bob, stream)),
            ])
    }

    @Test func `a stream that a peer opens is lent on its first foreign frame`() throws {
        var stage = try Stage(me, knowing: [bob])
        let stream = try accepted(&stage)
        say([hello(bob), .foreign(kind: 32, body: [1])], on: stream, &stage)
        #expect(
            inbound(&stage) == [
                .stream(stream, .frame(kind: 32, body: [1]), peer(bob, stream))
            ])
        let isWritten = stage.node.writeForeign(33, [2], on: stream)
        #expect(isWritten)
        stage.node.closeForeign(stream)
        stage.settle()
        #expect(stage.closed == [stream])
        #expect(inbound(&stage).isEmpty, "who closes knows")
    }

    @Test func `one that speaks before its hello is closed unheard`() throws {
        var stage = try Stage(me, knowing: [bob])
        let stream = try accepted(&stage)
        say([.foreign(kind: 32, body: [1])], on: stream, &stage)
        #expect(stage.closed == [stream])
        #expect(inbound(&stage).isEmpty)
    }

    @Test func `another who answers at the wanted address gets nothing`() throws {
        var stage = try Stage(me, knowing: [bob, carol])
        let stream = try opened(&stage)
        stage.node.handle(.opened, on: stream, now: stage.now)
        say([hello(carol), .foreign(kind: 33, body: [2])], on: stream, &stage)
        #expect(stage.closed == [stream])
        #expect(
            inbound(&stage) == [.stream(stream, .opened, nil), .stream(stream, .closed, nil)])
    }

    @Test func `a stream has one conversation`() throws {
        var stage = try Stage(me, knowing: [bob])
        let lent = try accepted(&stage)
        say(
            [hello(bob), .foreign(kind: 32, body: []), .offer(MemberDigest().buckets)], on: lent,
            &stage)
        #expect(stage.closed == [lent])
        #expect(inbound(&stage).last == .stream(lent, .closed, peer(bob, lent)))

        let lists = try accepted(&stage)
        say(
            [hello(bob), .offer(MemberDigest().buckets), .foreign(kind: 32, body: [])], on: lists,
            &stage)
        #expect(stage.closed == [lent, lists])
        #expect(inbound(&stage).isEmpty)
    }

    @Test func `a seventeenth stream of peers is refused until one ends`() throws {
        var stage = try Stage(me, knowing: [bob])
        var streams: [StreamID] = []
        for _ in 0...MembershipBounds.foreignStreamsAcceptedMax {
            let stream = try accepted(&stage)
            say([hello(bob), .foreign(kind: 32, body: [])], on: stream, &stage)
            streams.append(stream)
        }
        #expect(stage.closed == [streams[16]])
        stage.node.closeForeign(streams[0])
        let next = try accepted(&stage)
        say([hello(bob), .foreign(kind: 32, body: [])], on: next, &stage)
        #expect(!stage.closed.contains(next))
    }

    @Test func `a silent stream ends and its part is told`() throws {
        var stage = try Stage(me, knowing: [bob])
        let stream = try accepted(&stage)
        say([hello(bob), .foreign(kind: 32, body: [])], on: stream, &stage)
        _ = inbound(&stage)
        try stage.wait(.seconds(11), answeredBy: [bob])
        #expect(stage.closed == [stream])
        #expect(
            inbound(&stage).contains(.stream(stream, .closed, peer(bob, stream))))
    }
}

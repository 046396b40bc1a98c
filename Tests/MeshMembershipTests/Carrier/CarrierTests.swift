import MeshCore
import Testing

@testable import MeshMembership

/// Membership as the carrier of the other parts of a node.
@Suite struct CarrierTests {
    let me = Character(1)
    let bob = Character(2)
    let carol = Character(3)

    private func inbound(_ stage: inout Stage) -> [Inbound] {
        var all: [Inbound] = []
        while let one = stage.node.popInbound() { all.append(one) }
        return all
    }
    private func key(_ number: UInt64) -> DisseminationQueue.Key {
        .init(subject: Bytes16(high: number, low: 0))
    }

    @Test func `another part's message comes after its updates, each with its peer`() throws {
        var stage = try Stage(me, knowing: [bob])
        let verdict = Update(kind: UpdateKind.stance, body: [1])
        let receipt = Update(kind: UpdateKind.receipt, body: [2])
        try stage.hear(
            [verdict, carol.alive(), receipt], .foreign(kind: 16, fields: [7]), from: bob)
        let peer = Peer(
            node: bob.id, bootID: bob.bootID,
            path: .datagram(from: bob.address, usedShortHeader: true), wireVersion: 1)
        #expect(
            inbound(&stage) == [
                .update(verdict, peer), .update(receipt, peer),
                .message(kind: 16, fields: [7], peer),
            ])
        #expect(stage.node.counters.updatesUnknown == 0)
        #expect(stage.state(of: carol) == .alive)
    }

    @Test func `a membership kind that is not known is counted and not handed up`() throws {
        var stage = try Stage(me, knowing: [bob])
        try stage.hear([Update(kind: 9, body: [1])], from: bob)
        #expect(stage.node.counters.updatesUnknown == 1)
        #expect(inbound(&stage).isEmpty)
    }

    @Test func `every ping brings the truth digest of a member, and takes ours back`() throws {
        var stage = try Stage(me, knowing: [bob])
        stage.node.truthDigest = 77
        let ping = Message.ping(
            sequence: 9, target: NodePrefix(of: me.id), digest: stage.node.rootDigest, truth: 55)
        try stage.hear([], ping, from: bob)
        #expect(inbound(&stage) == [.truthDigest(55, bob.id)])
        let ack = try #require(stage.sent.last)
        #expect(ack.message == .ack(sequence: 9, digest: stage.node.rootDigest, truth: 77))
        #expect(ack.byteCount <= 30, "an ack is not larger than its ping")

        try stage.hear([], ping, from: carol)
        #expect(inbound(&stage).isEmpty, "who is no member has nothing to compare")
    }

    @Test func `a message to a member has its updates and news behind it`() throws {
        var stage = try Stage(me, knowing: [bob, carol])
        let update = Update(kind: UpdateKind.stance, body: [UInt8](repeating: 5, count: 200))
        let isSent = stage.node.send(
            kind: 16, fields: [1, 2], updates: [update], to: bob.id, now: stage.now)
        #expect(isSent)
        stage.settle()
        let packet = try #require(stage.sent.last)
        #expect(packet.to == bob.address)
        #expect(packet.message == .foreign(kind: 16, fields: [1, 2]))
        #expect(packet.updates.first == update)
        #expect(packet.updates.count > 1, "what the node has to say about members fills the rest")

        let isKnown = stage.node.send(
            kind: 16, fields: [], updates: [], to: Character(9).id, now: stage.now)
        #expect(!isKnown)
        let toSelf = stage.node.send(kind: 16, fields: [], updates: [], to: me.id, now: stage.now)
        #expect(!toSelf)
    }

    @Test func `updates as large as the room leave a datagram within its bound`() throws {
        var stage = try Stage(me, knowing: [bob])
        let room = stage.node.payloadRoom(fieldsByteCount: 4)
        let large = Update(kind: 32, body: [UInt8](repeating: 1, count: 1_000))
        let rest = Update(
            kind: 32, body: [UInt8](repeating: 2, count: room - large.encodedByteCount - 3))
        #expect(large.encodedByteCount + rest.encodedByteCount == room)
        _ = stage.node.send(
            kind: 16, fields: [0, 0, 0, 1], updates: [large, rest], to: bob.id, now: stage.now)
        stage.settle()
        #expect(stage.sent.last?.updates == [large, rest])
        #expect(stage.sent.last?.byteCount == Membership.payloadByteCountMax)
    }

    @Test func `an answer goes where the question came from, and alone`() throws {
        var stage = try Stage(me, knowing: [bob])
        let elsewhere = SocketAddress(ipv4: 0x0102_0304, port: 5)
        stage.node.reply(
            kind: 17, fields: [1],
            to: Peer(
                node: bob.id, bootID: bob.bootID,
                path: .datagram(from: elsewhere, usedShortHeader: false), wireVersion: 1))
        stage.settle()
        #expect(stage.sent.last?.to == elsewhere)
        #expect(stage.sent.last?.byteCount == 3)
    }

    @Test func `other parts' news is told six times whatever the size of the mesh`()
        throws
    {
        let many = (2..<42).map { Character($0) }
        var stage = try Stage(me, knowing: many)
        let verdict = Update(kind: UpdateKind.stance, body: [1, 2, 3])
        stage.node.broadcast(verdict, about: key(1), now: stage.now)
        stage.wait(.seconds(5))
        #expect(stage.sentUpdates(of: UpdateKind.stance).count == 6)
    }

    @Test func `what others tell word for word need not be told as often`() throws {
        var stage = try Stage(me, knowing: (2..<8).map { Character($0) })
        let verdict = Update(kind: UpdateKind.stance, body: [1, 2, 3])
        stage.node.broadcast(verdict, about: key(1), now: stage.now)
        for _ in 0..<4 { stage.node.noteHeard(verdict, about: key(1)) }
        let other = Update(kind: UpdateKind.stance, body: [9])
        stage.node.noteHeard(other, about: key(1))
        stage.wait(.seconds(5))
        #expect(stage.sentUpdates(of: UpdateKind.stance).count == 2)
    }

    @Test func `news that is taken back is told no more, and members' news stays`() throws {
        var stage = try Stage(me, knowing: [bob, carol])
        let before = stage.node.queuedUpdatesCount
        stage.node.broadcast(Update(kind: 64, body: [1]), about: key(1), now: stage.now)
        stage.node.unbroadcast(key(1))
        stage.node.unbroadcast(.init(subject: bob.id.bytes))
        #expect(stage.node.queuedUpdatesCount == before)
    }

    @Test func `the lane of flips holds 512 and the least known stay`() {
        var lanes = GossipLanes()
        for number in 0..<600 {
            lanes[.flips].enqueue(Update(kind: 32, body: [1]), about: key(UInt64(number)))
        }
        #expect(lanes[.flips].count == MembershipBounds.queuedFlipsMax)
    }

    @Test func `a full inbox drops what comes and counts it`() throws {
        var stage = try Stage(me, knowing: [bob])
        for _ in 0..<MembershipBounds.inboxMax + 3 {
            try stage.hear([], .foreign(kind: 16, fields: []), from: bob)
        }
        #expect(inbound(&stage).count == MembershipBounds.inboxMax)
        #expect(stage.node.counters.inboxOverflows == 3)
    }
}

/// What the engine asks of membership about the members.
@Suite struct FactsTests {
    let me = Character(1)
    let bob = Character(2)
    let carol = Character(3)

    @Test func `a node without named peers has nobody to wait for`() throws {
        let alone = try Stage(me)
        #expect(alone.node.seedsAreSettled && !alone.node.hasNamedPeers)
    }

    @Test func `named peers are settled when each has failed three tries`() throws {
        var stage = try Stage(me, seedCount: 1)
        #expect(stage.node.hasNamedPeers && !stage.node.seedsAreSettled)
        for _ in 0..<3 {
            #expect(!stage.node.seedsAreSettled)
            stage.wait(.seconds(2))
            stage.node.handle(addresses: [], ofSeed: 0, now: stage.now)
            stage.settle()
        }
        #expect(stage.node.seedsAreSettled)
    }

    @Test func `our own address among the named is nobody to wait for`() throws {
        var stage = try Stage(me, seedCount: 1)
        stage.wait(.milliseconds(1))
        stage.node.handle(addresses: [me.address], ofSeed: 0, now: stage.now)
        #expect(stage.node.seedsAreSettled && !stage.node.hasNamedPeers)
    }

    @Test func `the member list has not changed for as long as nobody comes or goes`() throws {
        var stage = try Stage(me, knowing: [bob, carol])
        stage.wait(.milliseconds(300))
        let quiet = stage.node.lastMemberChange
        #expect(quiet < stage.now)
        try stage.hear([bob.claims(.suspect, of: carol)], from: bob)
        #expect(stage.state(of: carol) == .suspect)
        #expect(stage.node.lastMemberChange == quiet, "a suspicion may end either way")
        try stage.hear([carol.claims(.left, of: carol)], from: carol)
        #expect(stage.node.lastMemberChange == stage.now)
    }

    @Test func `those that count are told in the order of their ids`() throws {
        var stage = try Stage(me, knowing: [bob, carol])
        try stage.hear([bob.claims(.suspect, of: carol)], from: bob)
        #expect(stage.node.countedKnown == [me, bob, carol].map(\.id).sorted())
        let members = stage.node.countedMembers
        #expect(members.map(\.id) == stage.node.countedKnown)
        #expect(members.filter(\.isSuspect).map(\.id) == [carol.id])
        #expect(members.allSatisfy { $0.isReachable && $0.zone.text == "zone" })
        #expect(stage.node.key(of: bob.id) == bob.key)
        #expect(stage.node.key(of: Character(9).id) == nil)
        #expect(stage.node.isReachable(carol.id) && !stage.node.isReachable(Character(9).id))
        try stage.hear([carol.claims(.left, of: carol)], from: carol)
        #expect(stage.node.countedKnown == [me, bob].map(\.id).sorted())
    }
}

import MeshChecks
import MeshCore
import MeshEngine
import MeshMembership
import MeshNotices
import MeshVerdicts

/// The node, and the shell around it that does what it asks at once.
struct NodeStage {
    private static let secret: [UInt8] = [1, 2, 3]
    static let mesh = Seeds.label("mesh")
    static let own = AliveStatement(
        key: PublicKey(bytes32(from: 200)), name: Seeds.label("self"), zone: Seeds.label("eu"),
        address: SocketAddress(ipv4: 0xC000_0263, port: 7_946), generation: 2, bootID: BootID(77),
        incarnation: 0, born: 5, wireVersions: 1...1)

    private var node: Node
    private var now = Instant.zero + .hours(1)
    private var streams: [StreamID] = []
    private var counter: UInt64 = 0
    private var looks: [LookToken] = []
    private var deliveries: [DeliveryToken] = []
    /// Roll calls that have left, each with whom it was for.
    private var rollCalls: [(fields: [UInt8], peer: UInt8)] = []

    /// Members answer at once when they are asked whether they are there.
    private let isAnswered: Bool

    init(isAlone: Bool, isAnswered: Bool) {
        self.isAnswered = isAnswered
        let local = LocalNode(
            mesh: Self.mesh, key: Self.own.key, name: Self.own.name, zone: Self.own.zone,
            address: Self.own.address, generation: Self.own.generation, bootID: Self.own.bootID,
            born: Self.own.born, seedCount: isAlone ? 0 : 2)
        let plan = WatchPlan(
            checks: [Seeds.check],
            routes: [Seeds.check.id: [Route(contact: Seeds.contact, on: .both)]],
            contacts: [Seeds.contact])
        let birth = StoredItem(key: Array("b".utf8), value: Seeds.signedBirth.update().body)
        node = Node(
            NodeConfiguration(
                local: local, secrets: [Self.secret], stored: [birth], plan: plan,
                wallClock: WallClock(reading: Seeds.wallTime, at: now)),
            cryptography: OpenCryptography(), generator: SeededGenerator(seed: 1))
        node.start(now: now)
        doEffects()
    }

    mutating func wait(_ span: TimeSpan) {
        let end = now + span
        // A day is slept through: only its last deadlines are looked at, late as after a stall.
        if span > .minutes(1) { now = end - .seconds(1) }
        while let deadline = node.nextDeadline, deadline <= end {
            now = max(now, deadline)
            node.handleDeadline(now: now)
            doEffects()
        }
        now = end
    }

    mutating func receive(payload: [UInt8], from peer: UInt8) {
        counter += 1
        var name = ByteWriter()
        name.writePrefixed(Array("checkmesh key id 1".utf8))
        name.write(Self.mesh)
        name.writePrefixed(Self.secret)
        let keyID = UInt32(
            truncatingIfNeeded: OpenCryptography().sha256(name.bytes).high.high >> 32)
        let isShort = peer & 0x80 != 0
        let sender = Seeds.peers[Int(peer & 0x7F) % Seeds.peers.count]
        let header = PacketHeader(
            wireVersion: 1, keyID: keyID, bootID: sender.bootID, counter: counter,
            introduction: isShort ? nil : .init(node: sender.id, generation: sender.generation))
        var writer = ByteWriter()
        header.write(to: &writer)
        writer.writeRaw(payload)
        writer.writeRaw([UInt8](repeating: 0, count: sealTagByteCount))
        receive(datagram: writer.bytes, from: peer)
    }

    mutating func receive(datagram: [UInt8], from peer: UInt8) {
        node.handle(datagram: datagram, from: Self.address(peer), now: now)
        doEffects()
    }

    mutating func accept(from peer: UInt8) {
        if let stream = node.acceptStream(from: Self.address(peer), now: now) {
            streams.append(stream)
        }
        doEffects()
    }

    mutating func happen(_ event: StreamEvent, onStream number: UInt8) {
        guard !streams.isEmpty else { return }
        let stream = streams[Int(number) % streams.count]
        // What has closed is gone for both sides: the node says nothing more about it.
        if event == .closed { streams.removeAll { $0 == stream } }
        node.handle(event, on: stream, now: now)
        doEffects()
    }

    mutating func resolve(_ argument: UInt8) {
        let addresses = (0..<argument & 3).map { Self.address(argument &+ $0) }
        node.handle(addresses: addresses, ofSeed: Int(argument >> 2 & 3), now: now)
        doEffects()
    }

    mutating func forget(_ argument: UInt8) {
        let members = node.members
        _ = node.forget(members[Int(argument) % members.count].id, now: now)
        doEffects()
    }

    mutating func leave() {
        node.leave(now: now)
        doEffects()
    }

    mutating func look(_ argument: UInt8) {
        guard !looks.isEmpty else { return }
        let token = looks.remove(at: Int(argument >> 4) % looks.count)
        let outcomes: [Observation.Outcome] = [
            .saw(.up, .none), .saw(.degraded, Reason("slow")), .saw(.down, Reason("refused")),
            .abstained(.noUplink),
        ]
        node.handle(
            Observation(outcomes[Int(argument & 3)], latency: .milliseconds(5)), for: token,
            now: now)
        doEffects()
    }

    mutating func deliver(_ argument: UInt8) {
        guard !deliveries.isEmpty else { return }
        let token = deliveries.remove(at: Int(argument >> 1) % deliveries.count)
        node.handle(
            argument & 1 == 0 ? .sent : .failed(Reason("no")), for: token, now: now)
        doEffects()
    }

    mutating func answerRollCalls() {
        let calls = rollCalls
        rollCalls = []
        for call in calls {
            var writer = ByteWriter()
            Message.foreign(kind: 19, fields: call.fields).write(to: &writer)
            receive(payload: writer.bytes, from: call.peer)
        }
    }

    mutating func silence(_ argument: UInt8) {
        if argument & 1 == 0 {
            let end = WallTime(milliseconds: UInt64.max >> UInt64(argument & 63))
            node.silence(Seeds.check.id, until: end, actor: "ann", now: now)
        } else {
            node.unsilence(Seeds.check.id, actor: "ann", now: now)
        }
        node.acknowledge(Seeds.check.id, actor: "ann", now: now)
        node.post("hello", about: nil, actor: "ann", now: now)
        doEffects()
    }

    mutating func setClock(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let time = try? reader.readUInt64() else { return }
        node.handle(WallClock(reading: WallTime(milliseconds: time), at: now), now: now)
        doEffects()
    }

    private static func address(_ peer: UInt8) -> SocketAddress {
        SocketAddress(ipv4: 0xC000_0200 | UInt32(peer), port: 7_946)
    }

    private mutating func doEffects() {
        perform()
        while isAnswered, !rollCalls.isEmpty { answerRollCalls() }
    }

    private mutating func perform() {
        var effectsCount = 0
        while let effect = node.popEffect() {
            effectsCount += 1
            precondition(effectsCount < 100_000, "expected the effects to end")
            switch effect {
            case .sign(_, let token):
                node.handle(signature: Seeds.signature, for: token, now: now)
            case .storeGeneration(let generation):
                node.handleGenerationStored(generation, now: now)
            case .openStream(let stream, _): streams.append(stream)
            case .close(let stream): streams.removeAll { $0 == stream }
            case .send(let datagram, let address):
                note(datagram, to: address)
                precondition(
                    datagram.count <= MembershipBounds.datagramByteCountMax,
                    "expected a datagram within its bound")
            case .write(let bytes, _):
                var assembler = FrameAssembler()
                assembler.append(bytes)
                guard let frame = try? assembler.next(), frame.encoded() == bytes else {
                    preconditionFailure("expected one whole frame")
                }
            case .store(_, let token?): node.handleStored(token, now: now)
            case .look(let order):
                if looks.count == 64 { looks.removeFirst() }
                looks.append(order.token)
            case .deliver(let order):
                if deliveries.count == 64 { deliveries.removeFirst() }
                deliveries.append(order.token)
            case .resolve, .report, .reportCheck, .reportNotice, .store, .stop: break
            }
        }
        precondition(
            node.members.count <= MembershipBounds.membersMax, "expected the members' bound")
        precondition(node.members.contains { $0.id == node.id }, "expected itself among them")
        precondition(
            streams.count <= MembershipBounds.streamsMax, "expected the streams' bound")
    }
}

extension NodeStage {
    /// Remembers a roll call, which no script could answer: its number is drawn.
    private mutating func note(_ datagram: [UInt8], to address: SocketAddress) {
        var reader = ByteReader(datagram, in: 0..<max(0, datagram.count - sealTagByteCount))
        guard (try? PacketHeader.decode(&reader)) != nil,
            case .foreign(18, let fields)? = try? Message.decode(&reader), rollCalls.count < 64,
            let peer = (0..<UInt8(4)).first(where: { Self.address($0) == address })
        else { return }
        rollCalls.append((fields, peer))
    }
}

// MARK: Who speaks

extension Seeds {
    /// A few members that speak, the last of them this node's own key in another boot: a clone.
    static let peers = [speaker(0), speaker(1), speaker(2), speaker(3)]

    private static func speaker(_ number: UInt8) -> Speaker {
        let key = PublicKey(bytes32(from: 10 * number))
        let isClone = number == 3
        return Speaker(
            AliveStatement(
                key: isClone ? NodeStage.own.key : key, name: label("peer-\(number)"),
                zone: label("zone-\(number % 2)"),
                address: SocketAddress(ipv4: 0xC000_0200 | UInt32(number), port: 7_946),
                generation: 2, bootID: BootID(100 + UInt64(number)), incarnation: 1,
                born: 1_000 + UInt32(number), wireVersions: 1...1))
    }

    struct Speaker {
        let statement: AliveStatement
        let id: NodeID
        var bootID: BootID { statement.bootID }
        var generation: UInt32 { statement.generation }
        var update: Update { .alive(statement, Seeds.signature) }

        init(_ statement: AliveStatement) {
            self.statement = statement
            id = NodeID(of: statement.key, using: OpenCryptography())
        }

        func claim(_ kind: MemberClaim.Kind, of subject: Speaker) -> Update {
            .claim(
                MemberClaim(
                    kind, subject: subject.id, generation: subject.generation,
                    incarnation: subject.statement.incarnation, author: id), Seeds.signature)
        }
    }
}

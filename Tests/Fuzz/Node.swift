import MeshCore
import MeshEngine
import MeshMembership

/// A whole node under a script of datagrams, stream bytes and time, by peers that hold the mesh's
/// secret and say anything. Every signature is good and every seal opens: this looks for what
/// breaks a node, not for what cryptography keeps out.
///
/// A script is a row of steps: an operation, its argument, and for those that carry bytes a length
/// of two bytes and that many.
enum Target: FuzzTarget {
    enum Operation: UInt8, CaseIterable {
        /// Time passes; the argument chooses how much.
        case wait
        /// A payload in a datagram from the peer that the argument names.
        case payload
        /// Bytes as a datagram, whatever they are.
        case datagram
        /// The peer that the argument names opens a stream.
        case accept
        /// Bytes, or the end, of the stream that the argument chooses among those open.
        case stream
        case close
        /// A stream that the node asked for is open.
        case opened
        /// The name of a seed has been looked up.
        case resolved
        /// Commands of the operator.
        case forget
        case leave
    }

    static let waits: [TimeSpan] = [
        .zero, .milliseconds(20), .milliseconds(200), .seconds(1), .seconds(5), .seconds(40),
        .hours(25),
    ]
    static let stepsMax = 128

    static func run(_ bytes: [UInt8]) {
        var stage = Stage()
        var reader = ByteReader(bytes)
        for _ in 0..<stepsMax {
            guard let code = try? reader.readUInt8(), let argument = try? reader.readUInt8()
            else { return }
            let operations = Operation.allCases
            switch operations[Int(code) % operations.count] {
            case .wait: stage.wait(waits[Int(argument) % waits.count])
            case .payload: stage.receive(payload: carried(&reader), from: argument)
            case .datagram: stage.receive(datagram: carried(&reader), from: argument)
            case .accept: stage.accept(from: argument)
            case .stream: stage.happen(.received(carried(&reader)), onStream: argument)
            case .close: stage.happen(.closed, onStream: argument)
            case .opened: stage.happen(.opened, onStream: argument)
            case .resolved: stage.resolve(argument)
            case .forget: stage.forget(argument)
            case .leave: stage.leave()
            }
        }
    }

    private static func carried(_ reader: inout ByteReader) -> [UInt8] {
        guard let count = try? reader.readUInt16() else { return [] }
        return Array((try? reader.readRaw(min(Int(count), reader.remaining))) ?? [])
    }
}

/// The node, and the shell around it that does what it asks at once.
private struct Stage {
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

    init() {
        let local = LocalNode(
            mesh: Self.mesh, key: Self.own.key, name: Self.own.name, zone: Self.own.zone,
            address: Self.own.address, generation: Self.own.generation, bootID: Self.own.bootID,
            born: Self.own.born, seedCount: 2)
        node = Node(
            NodeConfiguration(local: local, secrets: [Self.secret]),
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

    private static func address(_ peer: UInt8) -> SocketAddress {
        SocketAddress(ipv4: 0xC000_0200 | UInt32(peer), port: 7_946)
    }

    private mutating func doEffects() {
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
            case .send(let datagram, _):
                precondition(
                    datagram.count <= MembershipBounds.datagramByteCountMax,
                    "expected a datagram within its bound")
            case .write(let bytes, _):
                var assembler = FrameAssembler()
                assembler.append(bytes)
                guard let frame = try? assembler.next(), frame.encoded() == bytes else {
                    preconditionFailure("expected one whole frame")
                }
            case .resolve, .report, .stop: break
            }
        }
        precondition(
            node.members.count <= MembershipBounds.membersMax, "expected the members' bound")
        precondition(node.members.contains { $0.id == node.id }, "expected itself among them")
        precondition(
            streams.count <= MembershipBounds.streamsMax, "expected the streams' bound")
    }
}

/// Digests are stable hashes, every signature is good, every seal opens.
private struct OpenCryptography: Cryptography {
    func sha256(_ bytes: [UInt8]) -> Bytes32 {
        func word(_ seed: UInt64) -> UInt64 {
            var hash = StableHash(seed: seed)
            hash.combine(bytes)
            return hash.finalize()
        }
        return Bytes32(
            high: Bytes16(high: word(1), low: word(2)), low: Bytes16(high: word(3), low: word(4)))
    }

    func isValid(_ signature: Signature, over message: [UInt8], by key: PublicKey) -> Bool { true }
    func deriveKey(secret: [UInt8], salt: [UInt8], info: [UInt8]) -> any SealingKey { OpenKey() }
}

private struct OpenKey: SealingKey {
    func seal(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) {
        packet.append(contentsOf: repeatElement(0, count: sealTagByteCount))
    }
    func open(_ packet: inout [UInt8], headerCount: Int, counter: UInt64) -> Bool {
        packet.removeLast(sealTagByteCount)
        return true
    }
}

// MARK: Scripts to start from

extension Seeds {
    /// A few members that speak, the last of them this node's own key in another boot: a clone.
    fileprivate static let peers = [speaker(0), speaker(1), speaker(2), speaker(3)]

    private static func speaker(_ number: UInt8) -> Speaker {
        let key = PublicKey(bytes32(from: 10 * number))
        let isClone = number == 3
        return Speaker(
            AliveStatement(
                key: isClone ? Stage.own.key : key, name: label("peer-\(number)"),
                zone: label("zone-\(number % 2)"),
                address: SocketAddress(ipv4: 0xC000_0200 | UInt32(number), port: 7_946),
                generation: 2, bootID: BootID(100 + UInt64(number)), incarnation: 1,
                born: 1_000 + UInt32(number), wireVersions: 1...1))
    }

    fileprivate struct Speaker {
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

extension Target {
    static var seeds: [[UInt8]] {
        let peers = Seeds.peers
        let ownID = NodeID(of: Stage.own.key, using: OpenCryptography())
        let joining: [UInt8] = peers.indices.flatMap { number in
            payload(.gossip, [peers[number].update], from: number)
        }
        let pings: [Message] = [
            .ping(sequence: 1, target: NodePrefix(of: ownID), digest: 9, truth: 8),
            .pingRequest(sequence: 2, target: peers[1].id), .nack(sequence: 3),
            .ack(sequence: 1, digest: 9, truth: 8),
        ]
        let talk: [UInt8] = pings.flatMap { payload($0, [], from: 0) + step(.wait, 3) }
        let claims: [UInt8] = MemberClaim.Kind.allCases.flatMap { kind in
            payload(
                .gossip, [peers[0].claim(kind, of: kind == .left ? peers[0] : peers[1])],
                from: 0) + step(.wait, 5)
        }
        let accusation = payload(
            .gossip,
            [
                .claim(
                    MemberClaim(
                        .suspect, subject: ownID, generation: 2, incarnation: 0,
                        author: peers[0].id), Seeds.signature)
            ], from: 0)
        let hello = Frame.hello(
            .init(
                node: peers[0].id, generation: 2, bootID: peers[0].bootID, wireVersions: 1...1))
        let ownHello = Frame.hello(
            .init(node: ownID, generation: 9, bootID: BootID(1), wireVersions: 1...1))
        let entries: [MemberEntry] = peers.map {
            MemberEntry(secondsEnded: 0, alive: $0.update, claim: nil)
        }
        let dead = MemberEntry(
            secondsEnded: 60, alive: peers[1].update, claim: peers[0].claim(.dead, of: peers[1]))
        let lists: [Frame] = [
            .offer([UInt64](repeating: 5, count: MemberDigest.bucketCount)), .request(.max),
            .entries(entries + [dead]), .end,
        ]
        let talkOfLists: [UInt8] = lists.flatMap { stream($0) }
        let sync = step(.accept, 0) + stream(hello) + talkOfLists + step(.wait, 4)
        let answer: [UInt8] = lists.dropFirst().flatMap { stream($0) }
        let asked = step(.resolved, 2) + step(.opened, 0) + stream(hello) + answer
        let clone = step(.accept, 3) + stream(ownHello) + step(.wait, 4)
        return [
            joining, joining + talk, joining + claims, joining + accusation + step(.wait, 5), sync,
            asked, clone + clone, joining + step(.wait, 6) + step(.forget, 1) + step(.wait, 5),
            joining + step(.leave, 0) + step(.wait, 4),
        ]
    }

    private static func step(_ operation: Operation, _ argument: UInt8) -> [UInt8] {
        [operation.rawValue, argument]
    }

    private static func carry(
        _ operation: Operation, _ argument: UInt8, _ bytes: [UInt8]
    ) -> [UInt8] {
        step(operation, argument) + [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
    }

    private static func payload(
        _ message: Message, _ updates: [Update], from peer: Int
    ) -> [UInt8] {
        var writer = ByteWriter()
        message.write(to: &writer)
        for update in updates { writer.write(update) }
        return carry(.payload, UInt8(peer), writer.bytes)
    }

    private static func stream(_ frame: Frame) -> [UInt8] { carry(.stream, 0, frame.encoded()) }
}

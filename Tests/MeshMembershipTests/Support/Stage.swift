import MeshCore
import MeshTestSupport

@testable import MeshMembership

/// One membership under test, and what it did: the test plays everybody else.
struct Stage {
    var node: Membership
    let me: Character
    var now = Instant(nanoseconds: 5_000_000_000)
    /// What has been sent and not looked at yet.
    var sent: [(message: Message, updates: [Update], to: SocketAddress, byteCount: Int)] = []
    var events: [MembershipEvent] = []
    var opened: [(stream: StreamID, to: SocketAddress)] = []
    var frames: [(frame: Frame, stream: StreamID)] = []
    var closed: [StreamID] = []
    var resolutions: [Int] = []
    var generationsToStore: [UInt32] = []
    var stops: [StopReason] = []
    var signsAtOnce = true

    init(
        _ me: Character, knowing others: [Character] = [], seedCount: Int = 0,
        roster: Set<PublicKey>? = nil, restored: [MemberEntry] = [],
        parameters: MembershipParameters = .init()
    ) throws {
        self.me = me
        node = Membership(
            me.local(seedCount: seedCount, roster: roster), parameters: parameters,
            restored: restored, cryptography: StubCryptography(),
            generator: SeededGenerator(seed: 1))
        node.start(now: now)
        settle()
        for other in others { try hear([other.alive()], from: other) }
        sent = []
        events = []
    }

    /// Delivers a payload from another character.
    mutating func hear(
        _ updates: [Update], _ message: Message = .gossip, from other: Character
    ) throws {
        var writer = ByteWriter()
        message.write(to: &writer)
        for update in updates { writer.write(update) }
        try node.handle(
            payload: writer.bytes,
            from: Peer(
                node: other.id, bootID: other.bootID,
                path: .datagram(from: other.address, usedShortHeader: true),
                wireVersion: 1),
            now: now)
        settle()
    }

    /// Lets time pass, timer by timer.
    mutating func wait(_ span: TimeSpan) {
        let end = now + span
        while let deadline = node.nextDeadline, deadline <= end {
            now = max(now, deadline)
            node.handleDeadline(now: now)
            settle()
        }
        now = end
    }

    /// Lets time pass while every ping to one of `others` is answered.
    mutating func wait(_ span: TimeSpan, answeredBy others: [Character]) throws {
        let end = now + span
        while let deadline = node.nextDeadline, deadline <= end {
            now = max(now, deadline)
            node.handleDeadline(now: now)
            settle()
            try answerPings(others)
        }
        now = end
    }

    private mutating func answerPings(_ others: [Character]) throws {
        let pings = sent
        for packet in pings {
            guard case .ping(let sequence, _, _, _) = packet.message,
                let other = others.first(where: { $0.address == packet.to })
            else { continue }
            try hear(
                [],
                .ack(sequence: sequence, digest: node.rootDigest, truth: node.truthDigest),
                from: other)
        }
        sent.removeAll()
    }

    mutating func settle() {
        while let effect = node.popEffect() {
            switch effect {
            case .send(let payload, let address, _, _):
                record(payload, to: address)
            case .openStream(let stream, let address): opened.append((stream, address))
            case .write(let bytes, let stream): record(frames: bytes, on: stream)
            case .close(let stream): closed.append(stream)
            case .sign(let bytes, let token):
                guard signsAtOnce else { continue }
                node.handle(
                    signature: StubCryptography().sign(bytes, by: me.key), for: token, now: now)
            case .resolve(let seed): resolutions.append(seed)
            case .storeGeneration(let generation): generationsToStore.append(generation)
            case .report(let event): events.append(event)
            case .stop(let reason): stops.append(reason)
            }
        }
    }

    private mutating func record(_ payload: [UInt8], to address: SocketAddress) {
        var reader = ByteReader(payload)
        guard let message = try? Message.decode(&reader) else {
            preconditionFailure("expected our own payload to be readable")
        }
        var updates: [Update] = []
        while !reader.isAtEnd {
            guard let update = try? reader.readUpdate() else {
                preconditionFailure("expected our own updates to be readable")
            }
            updates.append(update)
        }
        sent.append((message, updates, address, payload.count))
    }

    private mutating func record(frames bytes: [UInt8], on stream: StreamID) {
        var assembler = FrameAssembler()
        assembler.append(bytes)
        while let frame = try? assembler.next() { frames.append((frame, stream)) }
    }

    func state(of other: Character) -> MemberState? { node.member(other.id)?.state }

    /// The updates of one kind about anything that have been sent.
    func sentUpdates(of kind: UInt8) -> [Update] {
        sent.flatMap(\.updates).filter { $0.kind == kind }
    }
}

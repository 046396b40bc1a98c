import MeshCore
import MeshCrypto
import MeshEngine
import MeshMembership
import Testing

/// A few nodes in one process with OpenSSL's signatures and seals, and a network that loses
/// nothing: what the simulator's fake stands for works with the real thing.
private struct SmallMesh {
    private enum Event: Sendable {
        case datagram([UInt8], from: Int, to: Int)
        case stream(StreamEvent, on: StreamID, at: Int)
    }

    private struct Pipe {
        var other: Int
        var stream: StreamID
    }

    private(set) var nodes: [Node] = []
    private(set) var isUp: [Bool] = []
    /// A signing key cannot be copied, so each signature takes it from its seed.
    private let seeds: [Bytes32]
    private var events = DeadlineQueue<Event>()
    private var pipes: [Int: [StreamID: Pipe]] = [:]
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    private static let delay = TimeSpan.milliseconds(2)

    init(count: Int) throws {
        seeds = (0..<count).map { number in
            Bytes32(high: Bytes16(high: 42, low: UInt64(number)), low: .zero)
        }
        for number in 0..<count {
            let local = LocalNode(
                mesh: try #require(Label("real")),
                key: Ed25519SigningKey(seed: seeds[number]).publicKey,
                name: try #require(Label("node-\(number)")), zone: try #require(Label("zone")),
                address: Self.address(of: number), generation: 1,
                bootID: BootID(UInt64(7_000 + number)), born: UInt32(number), seedCount: 1)
            nodes.append(
                Node(
                    NodeConfiguration(local: local, secrets: [Array("a real secret".utf8)]),
                    cryptography: OpenSSLCryptography(),
                    generator: SeededGenerator(seed: UInt64(number))))
            isUp.append(true)
        }
        for number in 0..<count {
            nodes[number].start(now: now)
            drain(number)
        }
    }

    private static func address(of number: Int) -> SocketAddress {
        SocketAddress(ipv4: 0x7F00_0001 + UInt32(number), port: 7_946)
    }

    mutating func kill(_ number: Int) { isUp[number] = false }

    mutating func run(for span: TimeSpan) {
        let end = now + span
        while let next = nextMoment, next <= end {
            now = max(now, next)
            while let (event, _) = events.popDue(at: now) { deliver(event) }
            for number in nodes.indices where isUp[number] {
                guard let deadline = nodes[number].nextDeadline, deadline <= now else { continue }
                nodes[number].handleDeadline(now: now)
                drain(number)
            }
        }
        now = end
    }

    private var nextMoment: Instant? {
        let deadlines = nodes.indices.compactMap { isUp[$0] ? nodes[$0].nextDeadline : nil }
        return (deadlines + [events.nextDeadline].compactMap(\.self)).min()
    }

    private mutating func deliver(_ event: Event) {
        switch event {
        case .datagram(let bytes, let sender, let receiver):
            guard isUp[receiver] else { return }
            nodes[receiver].handle(datagram: bytes, from: Self.address(of: sender), now: now)
            drain(receiver)
        case .stream(let what, let stream, let number):
            guard isUp[number] else { return }
            nodes[number].handle(what, on: stream, now: now)
            drain(number)
        }
    }

    private mutating func drain(_ number: Int) {
        while let effect = nodes[number].popEffect() {
            switch effect {
            case .send(let bytes, let address):
                guard let receiver = self.number(at: address) else { continue }
                events.schedule(
                    .datagram(bytes, from: number, to: receiver), at: now + Self.delay)
            case .openStream(let stream, let address): connect(stream, of: number, to: address)
            case .write(let bytes, let stream):
                guard let pipe = pipes[number]?[stream] else { continue }
                events.schedule(
                    .stream(.received(bytes), on: pipe.stream, at: pipe.other),
                    at: now + Self.delay)
            case .close(let stream):
                guard let pipe = pipes[number]?.removeValue(forKey: stream) else { continue }
                pipes[pipe.other]?[pipe.stream] = nil
                events.schedule(
                    .stream(.closed, on: pipe.stream, at: pipe.other), at: now + Self.delay)
            case .sign(let bytes, let token):
                let signature = Ed25519SigningKey(seed: seeds[number]).sign(bytes)
                nodes[number].handle(signature: signature, for: token, now: now)
            case .resolve(let seed):
                nodes[number].handle(
                    addresses: [Self.address(of: 0)], ofSeed: seed, now: now)
            case .storeGeneration, .report, .stop: continue
            case .store, .look, .deliver, .reportCheck, .reportNotice: continue
            }
        }
    }

    private mutating func connect(_ stream: StreamID, of number: Int, to address: SocketAddress) {
        guard let other = self.number(at: address), isUp[other],
            let accepted = nodes[other].acceptStream(from: Self.address(of: number), now: now)
        else {
            events.schedule(.stream(.closed, on: stream, at: number), at: now + Self.delay)
            return
        }
        pipes[number, default: [:]][stream] = Pipe(other: other, stream: accepted)
        pipes[other, default: [:]][accepted] = Pipe(other: number, stream: stream)
        events.schedule(.stream(.opened, on: stream, at: number), at: now + Self.delay)
    }

    private func number(at address: SocketAddress) -> Int? {
        nodes.indices.first { Self.address(of: $0) == address }
    }

    func states(at number: Int) -> [MemberState] { nodes[number].members.map(\.state) }
}

@Suite struct RealCryptographyTests {
    @Test func `nodes with real keys find each other and agree`() throws {
        var mesh = try SmallMesh(count: 4)
        mesh.run(for: .seconds(5))
        for number in 0..<4 {
            #expect(mesh.states(at: number) == [.alive, .alive, .alive, .alive])
        }
        #expect(Set(mesh.nodes.map(\.digest)).count == 1)
        #expect(mesh.nodes.allSatisfy { $0.counters.datagramsForged == 0 })
        #expect(mesh.nodes.allSatisfy { $0.membershipCounters.statementsForged == 0 })
    }

    @Test func `they notice a death, each with signatures that the others verify`() throws {
        var mesh = try SmallMesh(count: 4)
        mesh.run(for: .seconds(5))
        mesh.kill(3)
        mesh.run(for: .seconds(15))
        for number in 0..<3 {
            #expect(mesh.states(at: number).count { $0 == .dead } == 1)
            #expect(mesh.states(at: number).count { $0 == .alive } == 3)
        }
        #expect(Set(mesh.nodes.prefix(3).map(\.digest)).count == 1)
    }
}

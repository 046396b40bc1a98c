import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshTestSupport
import MeshVerdicts
import Testing

@testable import MeshEngine

/// With a roster, who only holds the mesh's secret is carried, and has no say.
@Suite struct RosterTests {
    private static let cryptography = StubCryptography()
    private static let now = Instant(nanoseconds: 3_600_000_000_000)
    private static let time = WallTime(milliseconds: 1_767_225_600_000)

    private static func key(_ number: UInt64) -> PublicKey {
        PublicKey(Bytes32(high: Bytes16(high: number, low: 1), low: .zero))
    }

    private static func label(_ text: String) -> Label {
        guard let label = Label(text) else { preconditionFailure("expected a label") }
        return label
    }

    private static func configuration(
        _ number: UInt64, roster: Set<PublicKey>?
    ) -> NodeConfiguration {
        let local = LocalNode(
            mesh: label("mesh"), key: key(number), name: label("node-\(number)"),
            zone: label("eu"), address: SocketAddress(ipv4: UInt32(number), port: 7_946),
            generation: 1, bootID: BootID(number), born: 5, seedCount: 0, roster: roster)
        return NodeConfiguration(
            local: local, secrets: [[1, 2, 3]], wallClock: WallClock(reading: time, at: now))
    }

    /// What a node that holds the secret says: who it is, where chains begin, that somebody was told
    /// and that a check is silenced, and that it is about to tell.
    private static func words(of number: UInt64) -> [Update] {
        let key = key(number)
        let mesh = MeshID(named: label("mesh"), using: cryptography)
        let check = CheckID(Bytes16(high: 7, low: 7))
        let contact = ContactID(Bytes16(high: 1, low: 1))
        let alive = AliveStatement(
            key: key, name: label("node-\(number)"), zone: label("eu"),
            address: SocketAddress(ipv4: UInt32(number), port: 7_946), generation: 1,
            bootID: BootID(number), incarnation: 0, born: 6, wireVersions: 1...1)
        let birth = Birth(at: time, random: 1)
        let receipt = Receipt(
            topic: .chain(check), check: check, contact: contact, ordinal: 0,
            occasion: FlipID(.zero), incident: IncidentID(.zero), birth: birth, epoch: 1,
            state: .down, round: 0, outcome: .sent, key: key, generation: 1, sequence: 1,
            time: time, using: cryptography)
        let record = Record(
            subject: RecordSubject(silenceOf: check, using: cryptography), revision: 1,
            actor: RecordText("eve"), time: time,
            content: .silence(check, until: WallTime(milliseconds: .max)), key: key,
            generation: 1, sequence: 2, using: cryptography)
        let claim = Claim(
            number: 1, topic: .chain(CheckID(.zero)), check: CheckID(.zero), contact: contact,
            ordinal: 0, occasion: FlipID(.zero), birth: birth, epoch: 1, state: .down, rank: 0,
            round: 0, hasLeft: true)
        func sign(_ bytes: [UInt8]) -> Signature { cryptography.sign(bytes, by: key) }
        return [
            .alive(alive, sign(alive.signedBytes(mesh: mesh))),
            SignedBirth(
                birth: birth, key: key,
                signature: sign(SignedBirth.signedBytes(of: birth, mesh: mesh)),
                using: cryptography
            ).update(),
            Update(
                kind: UpdateKind.receipt,
                body: receipt.encoded(signature: sign(receipt.signedBytes(mesh: mesh)))),
            Update(
                kind: UpdateKind.record,
                body: record.encoded(signature: sign(record.signedBytes(mesh: mesh)))),
            claim.update(),
        ]
    }

    /// A node with this roster, to whom node 2 has spoken.
    private static func listener(roster: Set<PublicKey>?) -> Node {
        let configuration = configuration(1, roster: roster)
        var node = Node(
            configuration, cryptography: cryptography, generator: SeededGenerator(seed: 1))
        node.start(now: now)
        while let effect = node.popEffect() {
            guard case .sign(let bytes, let token) = effect else { continue }
            node.handle(
                signature: cryptography.sign(bytes, by: key(1)), for: token, now: now)
        }
        let speaker = Self.configuration(2, roster: roster)
        var transport = SecureTransport(
            speaker, id: NodeID(of: key(2), using: cryptography), cryptography: cryptography)
        for update in words(of: 2) {
            var writer = ByteWriter()
            Message.gossip.write(to: &writer)
            writer.write(update)
            let sealed = transport.seal(writer.bytes, isAcquainted: false, wireVersion: 1)
            node.handle(datagram: sealed, from: speaker.local.address, now: now)
        }
        return node
    }

    @Test func `who is on the roster is believed, and so is everybody where there is none`() {
        for roster in [nil, [Self.key(1), Self.key(2)]] as [Set<PublicKey>?] {
            let node = Self.listener(roster: roster)
            #expect(node.counters.payloadsMalformed == 0)
            #expect(node.counters.statementsRefused == 0)
            #expect(node.birth != nil)
            #expect(node.notices.checksWithDossier.count == 1)
            #expect(node.notices.subjectsWithDossier.count == 1)
        }
    }

    @Test func `who is not has no say in births, receipts, records and claims`() {
        let node = Self.listener(roster: [Self.key(1)])
        #expect(node.members.count == 2, "it is a member all the same")
        #expect(node.counters.statementsRefused == 3)
        #expect(node.birth == nil)
        #expect(node.notices.checksWithDossier.isEmpty)
        #expect(node.notices.subjectsWithDossier.isEmpty)
    }
}

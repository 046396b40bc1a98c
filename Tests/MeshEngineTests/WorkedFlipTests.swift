import MeshChecks
import MeshCore
import MeshCrypto
import MeshMembership
import MeshNotices
import MeshPlacement
import MeshVerdicts
import Testing

@testable import MeshEngine

/// The worked flip of the article *Protocol*, from the first failed look to the receipt: what it
/// prints is what nodes sign, mint, claim and tell, with keys that everybody knows.
@Suite struct WorkedFlipTests {
    private let story: Story

    init() throws { story = try Story() }

    @Test func `the ids of the article follow from the names`() throws {
        let flip = story.flip.id
        let contact = story.contact
        let cryptography = story.cryptography
        #expect(story.mesh.bytes.hexadecimal == "7409debc3279244fb17fa2337192163c")
        #expect(story.check.id.bytes.hexadecimal == "534940d474d96174ec6c20c432f48def")
        #expect(story.check.definition.bytes.hexadecimal == "6afa56dddbb3313175bbde42da1c18a7")
        #expect(story.birth.birth.bytes.hexadecimal == "0000019b76daa800" + "0123456789abcdef")
        #expect(story.first.parent.bytes.hexadecimal == "e7f7634bca1bb4ebad65e4f97685db7b")
        #expect(story.first.id.bytes.hexadecimal == "f97e49f3ba1ce6a293299e1168cb9d69")
        #expect(flip.bytes.hexadecimal == "47a6ef92308d68810b3fa040c4393e8d")
        #expect(contact.bytes.hexadecimal == "db4c9f7486bc0e8ac2fd73bd74f1841c")
        let notice = NoticeID(
            flip: flip, contact: contact, kind: .flip, ordinal: 0, using: cryptography)
        #expect(notice.bytes.hexadecimal == "da4213ac987618a98dde58cb5c36d25f")
        let incident = IncidentID(of: story.check.id, beginning: flip, using: cryptography)
        #expect(incident.bytes.hexadecimal == "fca47eaa53358b8fb3ca5a1265b48618")
        #expect(story.members.map(\.name) == ["alpha", "charlie", "bravo"])
        #expect(
            story.members.map { Score(of: $0.node, for: story.check.id).value } == [
                3458410557089023610, 6502479221108662922, 11446936902246198447,
            ])
        #expect(hexadecimal(story.roll.encoded) == Self.roll)
        #expect(story.roll.digest(using: cryptography) == 12077556740935080086)
        #expect(hexadecimal(story.birth.update().body) == Self.birth)
    }

    @Test func `the entries of the article are what their signers sign`() throws {
        let alpha = story.entry("alpha")
        let signed = alpha.entry.signedBytes(mesh: story.mesh)
        #expect(hexadecimal(signed) == Self.signed)
        #expect(hexadecimal(alpha.update().body) == Self.alpha)
        let charlie = story.entry("charlie")
        #expect(hexadecimal(charlie.update().body) == Self.charlie)
        let hint = Hints([
            .init(check: CheckPrefix(of: story.check.id), kind: .lookNow, state: .down)
        ])
        let mail = try #require(VerdictMail.update(.hints(hint)))
        var writer = ByteWriter()
        writer.write(mail)
        #expect(hexadecimal(writer.bytes) == "280b01534940d474d961740002")
    }

    @Test func `a node that hears both mints the certificate of the article`() throws {
        let encoder = try #require(story.certificate(of: story.flip, from: .up, sequence: 2))
        let minted = try #require(try story.mint())
        #expect(hexadecimal(minted) == Self.certificate)
        #expect(minted == encoder.encoded())
        let read = try Certificate.decode(
            ByteReader(minted), mesh: story.mesh, cryptography: story.cryptography)
        let verified = try CertificateVerifier.verify(
            read, mesh: story.mesh, cryptography: story.cryptography, trusting: .any)
        #expect(verified.quorum == 2)
        #expect(verified.zonesSpanned == 2)
    }

    @Test func `the first owner claims, is answered, sends and signs as in the article`() throws {
        var teller = story.teller(0)
        var others = [story.teller(1), story.teller(2)]
        let now = Instant(nanoseconds: 1_000_000_000)
        let toldFlip = story.toldFlip
        teller.learn(toldFlip, now: now)
        for number in others.indices { others[number].learn(toldFlip, now: now) }
        var claim: Update?
        var answer: Update?
        var receipt: Update?
        while let effect = teller.popEffect() {
            switch effect {
            case .needMajority: teller.handleMajority(true, now: now)
            case .store(_, let token?): teller.handleStored(token, now: now)
            case .sendClaim(let update, let nodes):
                claim = update
                #expect(nodes == story.members.dropFirst().map(\.node))
                for number in others.indices {
                    let peer = story.members[number + 1].node
                    _ = others[number].receive(
                        claim: update, from: story.members[0].node, now: now)
                    while let reply = others[number].popEffect() {
                        if case .answer(let update, _) = reply { answer = update }
                    }
                    _ = teller.receive(claimAnswer: try #require(answer), from: peer, now: now)
                }
            case .deliver(let order):
                #expect(order.notice.previous == .up)
                teller.handle(.sent, for: order.token, now: now + .milliseconds(250))
            case .sign(let bytes, let token):
                let signature = story.members[0].sign(bytes)
                teller.handle(signature: signature, for: token, now: now + .milliseconds(250))
            case .spread(let update, _): receipt = update
            case .store, .answer, .recall, .report: continue
            }
        }
        let claimBody = try #require(claim).body
        let answerBody = try #require(answer).body
        let receiptBody = try #require(receipt).body
        #expect(hexadecimal(claimBody) == Self.claim)
        #expect(hexadecimal(answerBody) == Self.answer)
        #expect(hexadecimal(receiptBody) == Self.receipt)
        let intake = others[0].receive(
            receipt: try #require(receipt),
            isTrusted: { key in story.members.contains { $0.key == key } }, now: now)
        #expect(intake == .new)
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static let claim =
        "818080801001534940d474d96174ec6c20c432f48defdb4c9f7486bc0e8ac2fd"
        + "73bd74f1841c0047a6ef92308d68810b3fa040c4393e8d0000019b76daa80001"
        + "23456789abcdef0202000000"
    private static let answer =
        "818080801000"
    private static let receipt =
        "01534940d474d96174ec6c20c432f48defdb4c9f7486bc0e8ac2fd73bd74f184"
        + "1c0047a6ef92308d68810b3fa040c4393e8dfca47eaa53358b8fb3ca5a1265b4"
        + "86180000019b76daa8000123456789abcdef0202000003a107bff3ce10be1d70"
        + "dd18e74bc09967e4d6309ba50d5f1ddc8664125531b801010000019b7c02008a"
        + "af4f26cd79e5840a1c34fa61afa89165daceeac22cecdf1592f58b01f0195a5a"
        + "0d89c2661109ad19ca5f0fcb8a5556801617867665e022ed99821386b470220c"
    private static let roll =
        "020765752d776573740775732d656173740356475aa75463474c0285df5dbf2b"
        + "cab70003396219237f75a64f12aeb7f39723ab0124f6ed6acbfe1009c030d7ca"
        + "567c33ca00"
    private static let signed =
        "12636865636b6d657368207374616e636520317409debc3279244fb17fa23371"
        + "92163c534940d474d96174ec6c20c432f48def6afa56dddbb3313175bbde42da"
        + "1c18a70000019b76daa8000123456789abcdeff97e49f3ba1ce6a293299e1168"
        + "cb9d690256475aa75463474c0285df5dbf2bcab701021212636f6e6e65637469"
        + "6f6e2072656675736564a0a784e0b733c0a90702b960030202a79c19ddc20f58"
        + "96"
    private static let birth =
        "0000019b76daa8000123456789abcdef03a107bff3ce10be1d70dd18e74bc099"
        + "67e4d6309ba50d5f1ddc8664125531b874333e5d8ce0e5dfc6d1955c29d868b8"
        + "933264a035f953f2e74391a635750d36613f05c9be008db4b8e088819a87ab5a"
        + "fc1cf1f0e7b57aee62b05fef16ffec0c"
    private static let certificate =
        "47a6ef92308d68810b3fa040c4393e8d534940d474d96174ec6c20c432f48def"
        + "026afa56dddbb3313175bbde42da1c18a70000019b76daa8000123456789abcd"
        + "eff97e49f3ba1ce6a293299e1168cb9d690200022543b92ff1095511476adc83"
        + "69db6ddc933665a11978dda1404ee1066ca9559d8893797bc40387519bfc8d0b"
        + "296462e8c8d62f015e08ce1b2e2d4aed3a7d49cd8132e4e177ad3cbbf17b4b9a"
        + "42169242b2bb9ce468c4c83273d46683e5c9a2040001021212636f6e6e656374"
        + "696f6e2072656675736564faa784e0b733c0a90702e6ac0503020203a107bff3"
        + "ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8d9e4d5e242"
        + "de01a9c86b57336c97b14fa1447e781124b8fbfb1e5b6cb0bec1ff7bed446db9"
        + "d81104d636572ec3d9504c636105529393461d2f392799811c510c0001021212"
        + "636f6e6e656374696f6e2072656675736564a0a784e0b733c0a90702b9600302"
        + "02020765752d776573740775732d6561737403010103000024f6ed6acbfe1009"
        + "c030d7ca567c33ca0101000303000100e0d403001cabc034938ad3704487ead8"
        + "18aeb9c2"
    private static let alpha =
        "534940d474d96174ec6c20c432f48def6afa56dddbb3313175bbde42da1c18a7"
        + "0000019b76daa8000123456789abcdeff97e49f3ba1ce6a293299e1168cb9d69"
        + "0256475aa75463474c0285df5dbf2bcab701021212636f6e6e656374696f6e20"
        + "72656675736564a0a784e0b733c0a90702b960030202a79c19ddc20f5896d9e4"
        + "d5e242de01a9c86b57336c97b14fa1447e781124b8fbfb1e5b6cb0bec1ff7bed"
        + "446db9d81104d636572ec3d9504c636105529393461d2f392799811c510c"
    private static let charlie =
        "534940d474d96174ec6c20c432f48def6afa56dddbb3313175bbde42da1c18a7"
        + "0000019b76daa8000123456789abcdeff97e49f3ba1ce6a293299e1168cb9d69"
        + "0203396219237f75a64f12aeb7f39723ab01021212636f6e6e656374696f6e20"
        + "72656675736564faa784e0b733c0a90702e6ac05030202a79c19ddc20f589688"
        + "93797bc40387519bfc8d0b296462e8c8d62f015e08ce1b2e2d4aed3a7d49cd81"
        + "32e4e177ad3cbbf17b4b9a42169242b2bb9ce468c4c83273d46683e5c9a204"
}

/// Three nodes, one check, one contact: who and what the article tells of.
private struct Story {
    struct Member {
        var name: String
        var seed: Bytes32
        var key: PublicKey
        var node: NodeID
        var zone: Label

        func sign(_ bytes: [UInt8]) -> Signature { Ed25519SigningKey(seed: seed).sign(bytes) }
    }

    let cryptography = OpenSSLCryptography()
    let mesh: MeshID
    let check: CheckDefinition
    let birth: SignedBirth
    let contact: ContactID
    /// In rank order.
    let members: [Member]
    /// The check's first flip, to up; and the one that the article is about.
    let first: Flip
    let flip: Flip

    /// The second of January 2026, four seconds past midnight.
    private static let since: UInt64 = 1_767_312_004_000

    init() throws {
        let cryptography = cryptography
        let mesh = MeshID(named: try #require(Label("example")), using: cryptography)
        let check = CheckDefinition(
            name: try #require(CheckName("shop")), rule: VotingRule(), timeout: .seconds(10),
            text: Array(#"{"type":"tcp","address":"shop.example:443"}"#.utf8), in: mesh,
            using: cryptography)
        let places = [("alpha", "eu-west"), ("bravo", "eu-west"), ("charlie", "us-east")]
        let unranked = try places.enumerated().map { number, place in
            let seed = Self.seed(from: UInt8(number) * 0x20)
            let key = Ed25519SigningKey(seed: seed).publicKey
            return Member(
                name: place.0, seed: seed, key: key, node: NodeID(of: key, using: cryptography),
                zone: try #require(Label(place.1)))
        }
        let made = Birth(
            at: WallTime(milliseconds: 1_767_225_600_000), random: 0x0123_4567_89AB_CDEF)
        birth = SignedBirth(
            birth: made, key: unranked[0].key,
            signature: unranked[0].sign(SignedBirth.signedBytes(of: made, mesh: mesh)),
            using: cryptography)
        members = unranked.sorted {
            Score(of: $0.node, for: check.id) < Score(of: $1.node, for: check.id)
        }
        first = Flip(
            check: check.id, definition: check.definition, birth: made,
            parent: FlipID(genesisOf: check.id, in: mesh, birth: made, using: cryptography),
            epoch: 1, state: .up, in: mesh, using: cryptography)
        flip = Flip(
            check: check.id, definition: check.definition, birth: made, parent: first.id,
            epoch: 2, state: .down, in: mesh, using: cryptography)
        contact = ContactID(
            named: try #require(CheckName("oncall")), in: mesh, using: cryptography)
        self.mesh = mesh
        self.check = check
    }

    private static func seed(from first: UInt8) -> Bytes32 {
        func word(_ offset: UInt8) -> UInt64 {
            (0..<8 as Range<UInt8>).reduce(0) { $0 << 8 | UInt64(first + offset + $1) }
        }
        return Bytes32(
            high: Bytes16(high: word(0), low: word(8)), low: Bytes16(high: word(16), low: word(24)))
    }

    var roll: Roll { Roll(entries: members.map { Roll.Entry(node: $0.node, zone: $0.zone) }) }
    func key(of node: NodeID) -> PublicKey? { members.first { $0.node == node }?.key }

    // MARK: Looks and verdicts

    /// What alpha or charlie has signed; by default the verdict against the flip to up.
    func entry(_ name: String, for flip: Flip? = nil, sequence: UInt64 = 2) -> SignedEntry {
        let flip = flip ?? self.flip
        let member = members.first { $0.name == name } ?? members[0]
        let lag: UInt64 = name == "alpha" ? 0 : 90
        let isFirst = flip.epoch == 1
        let since = Self.since + lag - (isFirst ? 3_600_000 : 0)
        let entry = LogEntry(
            check: check.id, stance: .dissents(flip.state), definition: flip.definition,
            birth: flip.birth, parent: flip.parent, epoch: flip.epoch,
            reason: isFirst ? .none : Reason("connection refused"),
            since: WallTime(milliseconds: since),
            observedAt: WallTime(milliseconds: since + (isFirst ? 0 : 60_000)),
            streak: isFirst ? 1 : 2, latencyMicroseconds: lag == 0 ? 12_345 : 87_654, owners: 3,
            quorum: 2, zones: 2, rollDigest: roll.digest(using: cryptography), node: member.node,
            generation: 1, sequence: sequence)
        return SignedEntry(
            entry: entry, signature: member.sign(entry.signedBytes(mesh: mesh)))
    }

    func certificate(
        of flip: Flip, from previous: TargetState?, sequence: UInt64
    ) -> Certificate? {
        let entries = ["alpha", "charlie"].compactMap { name in
            let signed = entry(name, for: flip, sequence: sequence)
            return key(of: signed.entry.node).map { (signed, $0) }
        }
        return Certificate(
            flip: flip, previous: previous, entries: entries, rolls: [roll],
            definition: .init(rule: check.rule, text: .hashed(check.textID)), using: cryptography)
    }

    /// Bravo has seen nothing itself; it hears alpha and charlie and has the majority.
    func mint() throws -> [UInt8]? {
        let now = Instant(nanoseconds: 10_000_000_000)
        let bravo = try #require(members.first { $0.name == "bravo" })
        var verdicts = Verdicts(
            id: bravo.node, mesh: mesh, generation: 1, parameters: .init(),
            wallClock: WallClock(
                reading: WallTime(milliseconds: Self.since + 60_200), at: now),
            cryptography: cryptography, generator: SeededGenerator(seed: 1))
        verdicts.start(now: now)
        for member in members {
            verdicts.update(
                VerdictMember(
                    id: member.node, key: member.key, zone: member.zone, isReachable: true,
                    generation: 1),
                now: now)
        }
        verdicts.set(plans: [check], now: now)
        let certified = try #require(certificate(of: first, from: nil, sequence: 1))
        verdicts.restore(birth: birth.update().body, now: now)
        verdicts.restore(certificate: certified.encoded(), now: now)
        verdicts.setSettled(true, now: now)
        for name in ["alpha", "charlie"] {
            let signed = entry(name)
            try verdicts.receive(signed.update(), from: signed.entry.node, now: now)
        }
        verdicts.handle(majority: true, callBegan: now, now: now)
        while let effect = verdicts.popEffect() {
            guard case .mail(let update, _, let nodes) = effect else { continue }
            guard update.kind == UpdateKind.certificate, nodes.count == 2 else { continue }
            return update.body
        }
        return nil
    }

    // MARK: Telling

    var toldFlip: ToldFlip {
        let nodes = members.map(\.node)
        return ToldFlip(
            check: check.id, flip: flip.id, birth: flip.birth, epoch: flip.epoch,
            state: flip.state, previous: .up, since: WallTime(milliseconds: Self.since),
            reason: Reason("connection refused"),
            confirmedBy: [entry("alpha").entry.node, entry("charlie").entry.node].sorted(),
            ladder: nodes, ownerCount: nodes.count)
    }

    func teller(_ rank: Int) -> Notices {
        let now = Instant(nanoseconds: 1_000_000_000)
        var notices = Notices(
            key: members[rank].key, mesh: mesh, cryptography: cryptography,
            wallClock: WallClock(
                reading: WallTime(milliseconds: Self.since + 60_400), at: now))
        notices.setGeneration(1)
        notices.setRoutes(
            [check.id: [Route(contact: contact, on: .both)]], contacts: [contact],
            meshCheck: Node.meshCheck(of: mesh, using: cryptography), now: now)
        notices.setFooting(.majority, now: now)
        return notices
    }
}

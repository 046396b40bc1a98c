import MeshChecks
import MeshCore
import MeshPlacement
import MeshTestSupport
import MeshVerdicts
import Testing

/// What the wire's tests are about: one check in a mesh of some members, its flip from up to down,
/// and the certificates that prove it. Everything is signed by the stub for whatever key is asked.
struct Proof {
    static let cryptography = StubCryptography()

    let mesh: MeshID
    let check: CheckID
    let birth = Birth(Proof.bytes32(from: 0x10).high)
    let rule: VotingRule
    let text: [UInt8] = Array("{\"http\":\"example.org\"}".utf8)
    /// In rank order.
    let members: [Member]

    struct Member {
        var key: PublicKey
        var node: NodeID
        var zone: Label
    }

    init(members count: Int = 15, zones: [String] = ["eu", "us", "ap"], rule: VotingRule = .init())
        throws
    {
        let cryptography = Self.cryptography
        let mesh = MeshID(named: try #require(Label("production")), using: cryptography)
        let name = try #require(CheckName("shop"))
        let check = CheckID(of: name, in: mesh, using: cryptography)
        let labels = try zones.map { try #require(Label($0)) }
        members = (0..<count).map { number in
            let key = PublicKey(Bytes32(high: .zero, low: Bytes16(high: 7, low: UInt64(number))))
            return (key, NodeID(of: key, using: cryptography))
        }.sorted {
            Score(of: $0.1, for: check) < Score(of: $1.1, for: check)
        }.enumerated().map { rank, member in
            Member(key: member.0, node: member.1, zone: labels[rank % labels.count])
        }
        self.mesh = mesh
        self.check = check
        self.rule = rule
    }

    var textID: DefinitionTextID { DefinitionTextID(of: text, using: Self.cryptography) }
    var definition: DefinitionID { DefinitionID(of: textID, rule, using: Self.cryptography) }
    var genesis: FlipID {
        FlipID(genesisOf: check, in: mesh, birth: birth, using: Self.cryptography)
    }
    /// The flip that the story leads away from: the check's first, to up.
    var first: Flip { flip(.up, epoch: 1, parent: genesis) }

    func flip(_ state: TargetState, epoch: UInt32 = 2, parent: FlipID? = nil) -> Flip {
        Flip(
            check: check, definition: definition, birth: birth, parent: parent ?? first.id,
            epoch: epoch, state: state, in: mesh, using: Self.cryptography)
    }

    /// The list of those of `ranks`.
    func roll(_ ranks: some Sequence<Int>) -> Roll {
        Roll(entries: ranks.map { Roll.Entry(node: members[$0].node, zone: members[$0].zone) })
    }
    var roll: Roll { roll(members.indices) }

    /// What the member of `rank` holds, in numbers such as a check has after some weeks.
    func entry(
        _ rank: Int, _ stance: Stance = .dissents(.down), for flip: Flip? = nil,
        roll: Roll? = nil
    ) -> LogEntry {
        let flip = flip ?? self.flip(.down)
        let since = WallTime(milliseconds: 1_790_000_000_000 + UInt64(rank) * 3_333)
        return LogEntry(
            check: check, stance: stance, definition: definition, birth: birth,
            parent: flip.parent, epoch: flip.epoch, reason: .none, since: since,
            observedAt: WallTime(milliseconds: since.milliseconds + 60_011), streak: 2,
            latencyMicroseconds: 41_234, owners: 3, quorum: 2, zones: 2,
            rollDigest: (roll ?? self.roll).digest(using: Self.cryptography),
            node: members[rank].node, generation: 200, sequence: 70_000)
    }

    func sign(_ entry: LogEntry, by key: PublicKey) -> SignedEntry {
        SignedEntry(
            entry: entry, signature: Self.cryptography.sign(entry.signedBytes(mesh: mesh), by: key))
    }

    /// A certificate of `flip`, by default to down, by the members of `ranks`.
    func certificate(
        of flip: Flip? = nil, from previous: TargetState? = .up, by ranks: [Int] = [0, 1],
        rolls: [Roll]? = nil, definition: Bool = false,
        adjusting adjust: (Int, inout LogEntry) -> Void = { _, _ in }
    ) throws -> Certificate {
        let flip = flip ?? self.flip(.down)
        let entries = ranks.enumerated().map { place, rank in
            var entry = entry(rank, .dissents(flip.state), for: flip, roll: rolls?[place])
            adjust(place, &entry)
            return (sign(entry, by: members[rank].key), members[rank].key)
        }
        return try #require(
            Certificate(
                flip: flip, previous: previous, entries: entries, rolls: rolls ?? [roll],
                definition: .init(rule: rule, text: definition ? .whole(text) : .hashed(textID)),
                using: Self.cryptography))
    }

    func decode(_ bytes: [UInt8]) throws(DecodeError) -> Certificate {
        try Certificate.decode(ByteReader(bytes), mesh: mesh, cryptography: Self.cryptography)
    }

    func verify(
        _ certificate: Certificate, trusting keys: TrustedKeys = .any
    ) throws(CertificateFault) -> Verified {
        try CertificateVerifier.verify(
            certificate, mesh: mesh, cryptography: Self.cryptography, trusting: keys)
    }

    static func bytes32(from first: UInt8) -> Bytes32 {
        func word(_ offset: UInt8) -> UInt64 {
            (0..<8 as Range<UInt8>).reduce(0) { $0 << 8 | UInt64(first + offset + $1) }
        }
        return Bytes32(
            high: Bytes16(high: word(0), low: word(8)), low: Bytes16(high: word(16), low: word(24)))
    }

    /// The bytes of hexadecimal text; spaces separate fields and count for nothing.
    static func bytes(_ text: String) throws -> [UInt8] {
        let digits = try text.filter { !$0.isWhitespace }.map { try #require($0.hexDigitValue) }
        try #require(digits.count.isMultiple(of: 2))
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}

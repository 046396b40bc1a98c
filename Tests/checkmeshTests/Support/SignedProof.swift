import MeshChecks
import MeshCore
import MeshCrypto
import MeshPlacement
import MeshVerdicts
import Testing

/// A certificate as a mesh of three nodes would make it: `website` in `production` went down.
/// Signed with real keys.
struct SignedProof {
    let certificate: Certificate
    let keys: [PublicKey]
    static let cryptography = OpenSSLCryptography()

    init(mesh meshName: String = "production", check checkName: String = "website") throws {
        let cryptography = Self.cryptography
        let mesh = MeshID(named: try #require(Label(meshName)), using: cryptography)
        let check = CheckID(
            of: try #require(CheckName(checkName)), in: mesh, using: cryptography)
        let text = Array(#"{"type":"http","url":"https://www.example.com/"}"#.utf8)
        let rule = VotingRule()
        let definition = DefinitionID(
            of: DefinitionTextID(of: text, using: cryptography), rule, using: cryptography)
        let birth = Birth(Bytes16(high: 1, low: 2))
        let parent = FlipID(genesisOf: check, in: mesh, birth: birth, using: cryptography)
        let flip = Flip(
            check: check, definition: definition, birth: birth, parent: parent, epoch: 1,
            state: .down, in: mesh, using: cryptography)
        let seeds = (1...3 as ClosedRange<UInt64>).map { number in
            Bytes32(high: .zero, low: Bytes16(high: 0, low: number))
        }
        let nodes = seeds.map { seed in
            NodeID(of: Ed25519SigningKey(seed: seed).publicKey, using: cryptography)
        }
        let zones = try ["fra", "nyc", "sin"].map { try #require(Label($0)) }
        let ranked = nodes.indices.sorted {
            Score(of: nodes[$0], for: check) < Score(of: nodes[$1], for: check)
        }
        let roll = Roll(entries: ranked.map { Roll.Entry(node: nodes[$0], zone: zones[$0]) })
        let entries = ranked.prefix(2).map { index in
            let key = Ed25519SigningKey(seed: seeds[index])
            let entry = LogEntry(
                check: check, stance: .dissents(.down), definition: definition, birth: birth,
                parent: parent, epoch: 1, reason: Reason("connection refused"),
                since: WallTime(milliseconds: 1_790_000_000_000),
                observedAt: WallTime(milliseconds: 1_790_000_060_000), streak: 2,
                latencyMicroseconds: 1_500, owners: 3, quorum: 2, zones: 2,
                rollDigest: roll.digest(using: cryptography), node: nodes[index],
                generation: 1, sequence: 1)
            let signature = key.sign(entry.signedBytes(mesh: mesh))
            return (SignedEntry(entry: entry, signature: signature), key.publicKey)
        }
        keys = entries.map(\.1)
        certificate = try #require(
            Certificate(
                flip: flip, previous: nil, entries: entries, rolls: [roll],
                definition: .init(rule: rule, text: .whole(text)), using: cryptography))
    }
}

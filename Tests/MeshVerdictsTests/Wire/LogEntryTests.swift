import MeshChecks
import MeshCore
import MeshVerdicts
import Testing

struct LogEntryTests {
    static let check = CheckID(Proof.bytes32(from: 0x00).high)
    static let definition = DefinitionID(Proof.bytes32(from: 0x10).high)
    static let birth = Birth(Proof.bytes32(from: 0x20).high)
    static let parent = FlipID(Proof.bytes32(from: 0x30).high)
    static let node = NodeID(Proof.bytes32(from: 0x40).high)
    static let signature = Signature(r: Proof.bytes32(from: 0x80), s: Proof.bytes32(from: 0xA0))
    static let signatureText =
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        + "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"

    static func entry(_ stance: Stance, reason: String = "refused") -> LogEntry {
        LogEntry(
            check: check, stance: stance, definition: definition, birth: birth, parent: parent,
            epoch: 300, reason: Reason(reason), since: WallTime(milliseconds: 1_000),
            observedAt: WallTime(milliseconds: 900), streak: 2, latencyMicroseconds: 41_234,
            owners: 3, quorum: 2, zones: 1, rollDigest: 0x0102_0304_0506_0708, node: node,
            generation: 7, sequence: 129)
    }

    /// Wire version 1. Check; definition; birth; parent; epoch; node; generation; sequence; stance;
    /// reason; since; 100 ms before it; streak; latency; R, Q, Z; roll digest.
    static func golden(_ stance: String) -> String {
        "000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f "
            + "202122232425262728292a2b2c2d2e2f 303132333435363738393a3b3c3d3e3f ac02 "
            + "404142434445464748494a4b4c4d4e4f 07 8101 \(stance) 07 72656675736564 "
            + "e807 c701 02 92c202 03 02 01 0102030405060708 "
    }
    static let stances: [(Stance, String)] = [
        (.withdrawn, "00"), (.declines, "01"), (.dissents(.up), "10"),
        (.dissents(.degraded), "11"), (.dissents(.down), "12"), (.opines(.up), "20"),
        (.opines(.degraded), "21"), (.opines(.down), "22"),
    ]

    @Test(arguments: stances)
    func `an entry is written as it always was`(stance: Stance, code: String) throws {
        let golden = try Proof.bytes(Self.golden(code) + Self.signatureText)
        let signed = SignedEntry(entry: Self.entry(stance), signature: Self.signature)
        #expect(signed.update() == Update(kind: 32, body: golden))
        #expect(try SignedEntry.decode(golden) == signed)
    }

    @Test func `its node signs the domain, the mesh and the entry`() throws {
        let mesh = MeshID(named: try #require(Label("m")), using: Proof.cryptography)
        var writer = ByteWriter()
        writer.writePrefixed(Array("checkmesh stance 1".utf8))
        writer.write(mesh.bytes)
        let golden = try writer.bytes + Proof.bytes(Self.golden("12"))
        #expect(Self.entry(.dissents(.down)).signedBytes(mesh: mesh) == golden)
    }

    @Test func `an entry is its node's only if the key is the node's and has signed it`() throws {
        let proof = try Proof(members: 2)
        let entry = proof.entry(0)
        let signed = proof.sign(entry, by: proof.members[0].key)
        let cryptography = Proof.cryptography
        #expect(
            signed.isValid(by: proof.members[0].key, mesh: proof.mesh, using: cryptography))
        #expect(
            !proof.sign(entry, by: proof.members[1].key).isValid(
                by: proof.members[1].key, mesh: proof.mesh, using: cryptography))
        var changed = signed
        changed.entry.stance = .withdrawn
        #expect(
            !changed.isValid(by: proof.members[0].key, mesh: proof.mesh, using: cryptography))
        let elsewhere = MeshID(named: try #require(Label("test")), using: cryptography)
        #expect(!signed.isValid(by: proof.members[0].key, mesh: elsewhere, using: cryptography))
    }

    @Test(arguments: stances)
    func `every truncation and every byte too many is refused`(
        stance: Stance, code: String
    ) throws {
        let golden = try Proof.bytes(Self.golden(code) + Self.signatureText)
        for count in golden.indices {
            #expect(throws: DecodeError.truncated) {
                try SignedEntry.decode(Array(golden[..<count]))
            }
        }
        #expect(throws: DecodeError.trailing) { try SignedEntry.decode(golden + [0]) }
    }

    @Test func `times far apart or out of order are kept as they are`() throws {
        for (since, observedAt) in [(0, UInt64.max), (UInt64.max, 0), (5, 5), (1 << 63, 0)] {
            var entry = Self.entry(.withdrawn)
            entry.since = WallTime(milliseconds: since)
            entry.observedAt = WallTime(milliseconds: observedAt)
            let signed = SignedEntry(entry: entry, signature: Self.signature)
            #expect(try SignedEntry.decode(signed.update().body) == signed)
        }
    }

    @Test func `the longest entry is within its bound and fits a datagram`() throws {
        var entry = Self.entry(.opines(.down), reason: String(repeating: "x", count: 160))
        // The last there is has no next, and nobody can sign about it.
        entry.epoch = .max - 1
        entry.since = WallTime(milliseconds: .max)
        entry.observedAt = WallTime(milliseconds: .max >> 1)
        entry.streak = .max
        entry.latencyMicroseconds = .max
        entry.generation = .max
        entry.sequence = .max
        let signed = SignedEntry(entry: entry, signature: Self.signature)
        #expect(signed.update().body.count == SignedEntry.byteCountMax)
        #expect(try SignedEntry.decode(signed.update().body) == signed)
        let longer = [UInt8](repeating: 0, count: SignedEntry.byteCountMax + 1)
        #expect(throws: DecodeError.tooLarge) { try SignedEntry.decode(longer) }
    }

    static let unsayable: [(String, @Sendable (inout LogEntry) -> Void)] = [
        ("generation 0", { $0.generation = 0 }),
        ("more owners than a check can have", { $0.owners = 32 }),
        ("a quorum above R", { $0.quorum = 4 }),
        ("more zones than can be asked for", { $0.zones = 16 }),
        ("a verdict with Q = 0", { $0.quorum = 0 }),
        ("a verdict with Z = 0", { $0.zones = 0 }),
        ("a verdict about epoch 0", { $0.epoch = 0 }),
        ("an epoch that has no next", { $0.epoch = .max }),
    ]

    @Test(arguments: unsayable.indices)
    func `what no honest node can sign is refused`(index: Int) throws {
        let (what, change) = Self.unsayable[index]
        var entry = Self.entry(.dissents(.down))
        change(&entry)
        #expect(!entry.isInBounds, "\(what)")
        let body = SignedEntry(entry: entry, signature: Self.signature).update().body
        #expect(throws: DecodeError.invalid, "\(what)") { try SignedEntry.decode(body) }
    }

    @Test(arguments: [Stance.declines, .withdrawn])
    func `a node without the definition has no R, Q and Z to tell`(stance: Stance) throws {
        var entry = Self.entry(stance)
        (entry.owners, entry.quorum, entry.zones, entry.epoch) = (0, 0, 0, 0)
        let signed = SignedEntry(entry: entry, signature: Self.signature)
        #expect(try SignedEntry.decode(signed.update().body) == signed)
    }

    @Test(arguments: [0x02, 0x0F, 0x13, 0x1F, 0x23, 0x30, 0xFF] as [UInt8])
    func `a stance that does not exist is refused`(code: UInt8) throws {
        var reader = ByteReader([code])
        #expect(throws: DecodeError.invalid) { try reader.readStance() }
    }

    @Test func `a later generation is newer whatever its sequence`() {
        let older = Self.entry(.withdrawn)
        var newer = older
        #expect(!newer.isNewer(than: older))
        newer.sequence += 1
        #expect(newer.isNewer(than: older) && !older.isNewer(than: newer))
        newer.generation += 1
        newer.sequence = 0
        #expect(newer.isNewer(than: older) && !older.isNewer(than: newer))
    }
}

import MeshCore
import MeshTestSupport

@testable import MeshMembership

/// Somebody in a story: a node with a key, who can say things of itself and of others.
struct Character {
    static let mesh = Label("story").unsafelyKnown

    let name: Label
    let number: UInt64
    var generation: UInt32 = 1
    var bootID: BootID
    var born: UInt32

    init(_ number: UInt64, name: String? = nil, born: UInt32 = 1_000) {
        self.number = number
        self.name = Label(name ?? "node-\(number)").unsafelyKnown
        self.born = born
        bootID = BootID(1_000 + number)
    }

    var key: PublicKey {
        PublicKey(
            Bytes32(
                high: Bytes16(high: number, low: 1), low: Bytes16(high: number, low: 2)))
    }
    var id: NodeID { NodeID(of: key, using: StubCryptography()) }
    var address: SocketAddress {
        SocketAddress(ipv4: 0x0A00_0000 + UInt32(number), port: 7_946)
    }

    func local(seedCount: Int = 0, roster: Set<PublicKey>? = nil) -> LocalNode {
        LocalNode(
            mesh: Self.mesh, key: key, name: name, zone: Label("zone").unsafelyKnown,
            address: address, generation: generation, bootID: bootID, born: born,
            seedCount: seedCount, roster: roster)
    }

    func alive(incarnation: UInt32 = 0, extensionBytes: [UInt8] = []) -> Update {
        let statement = AliveStatement(
            key: key, name: name, zone: Label("zone").unsafelyKnown, address: address,
            generation: generation, bootID: bootID, incarnation: incarnation, born: born,
            wireVersions: 1...1, extensionBytes: extensionBytes)
        return .alive(
            statement,
            StubCryptography().sign(statement.signedBytes(mesh: meshID), by: key))
    }

    func claims(
        _ kind: MemberClaim.Kind, of subject: Character, incarnation: UInt32 = 0,
        generation: UInt32? = nil
    ) -> Update {
        let claim = MemberClaim(
            kind, subject: subject.id, generation: generation ?? subject.generation,
            incarnation: incarnation, author: id)
        return .claim(
            claim, StubCryptography().sign(claim.signedBytes(mesh: meshID), by: key))
    }

    private var meshID: MeshID { MeshID(named: Self.mesh, using: StubCryptography()) }
}

extension Label? {
    /// For labels written in a test: a wrong one is the test's own error.
    var unsafelyKnown: Label {
        guard let self else { preconditionFailure("expected a valid label in a test") }
        return self
    }
}

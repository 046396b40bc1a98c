import MeshCore
import MeshMembership
import MeshTestSupport
import Testing

@testable import MeshEngine

@Suite struct SecureTransportTests {
    private static let secret: [UInt8] = Array("correct horse battery staple".utf8)

    private func transport(
        _ number: UInt64, generation: UInt32 = 1, boot: UInt64? = nil,
        secrets: [[UInt8]] = [secret], mesh: String = "test",
        wireVersions: ClosedRange<UInt8> = 1...1
    ) throws -> (SecureTransport, NodeID) {
        let key = PublicKey(
            Bytes32(high: Bytes16(high: number, low: 0), low: Bytes16(high: 0, low: 0)))
        let local = LocalNode(
            mesh: try #require(Label(mesh)), key: key, name: try #require(Label("n\(number)")),
            zone: try #require(Label("z")),
            address: SocketAddress(ipv4: UInt32(number), port: 7_946), generation: generation,
            bootID: BootID(boot ?? 100 + number), born: 0, seedCount: 0)
        var parameters = MembershipParameters()
        parameters.wireVersions = wireVersions
        let id = NodeID(of: key, using: StubCryptography())
        let configuration = NodeConfiguration(
            local: local, secrets: secrets, parameters: parameters)
        return (
            SecureTransport(configuration, id: id, cryptography: StubCryptography()), id
        )
    }

    private func rejection(
        _ receiver: inout SecureTransport, _ datagram: [UInt8]
    ) -> String? {
        do throws(SecureTransport.Rejection) {
            _ = try receiver.open(datagram)
            return nil
        } catch {
            switch error {
            case .malformed: return "malformed"
            case .unknownVersion: return "version"
            case .unknownKey: return "key"
            case .unknownBoot: return "boot"
            case .forged: return "forged"
            case .replayed: return "replayed"
            }
        }
    }

    @Test func `what is sealed opens to the same payload and its sender`() throws {
        var (alice, aliceID) = try transport(1)
        var (bob, _) = try transport(2)
        let first = alice.seal([1, 2, 3], isAcquainted: false, wireVersion: 1)
        let opened = try bob.open(first)
        #expect(opened.payload == [1, 2, 3])
        #expect(opened.node == aliceID)
        let second = alice.seal([4], isAcquainted: true, wireVersion: 1)
        #expect(second.count == 1 + PacketHeader.shortByteCount + sealTagByteCount)
        let again = try bob.open(second)
        #expect(again.payload == [4])
        #expect(again.node == aliceID)
    }

    @Test func `a datagram is taken once`() throws {
        var (alice, _) = try transport(1)
        var (bob, _) = try transport(2)
        let datagram = alice.seal([1], isAcquainted: false, wireVersion: 1)
        #expect(rejection(&bob, datagram) == nil)
        #expect(rejection(&bob, datagram) == "replayed")
    }

    @Test func `one changed bit anywhere is noticed`() throws {
        var (alice, _) = try transport(1)
        var (bob, _) = try transport(2)
        let datagram = alice.seal([1, 2, 3, 4], isAcquainted: false, wireVersion: 1)
        for index in datagram.indices {
            for bit in 0..<8 {
                var changed = datagram
                changed[index] ^= 1 << bit
                #expect(rejection(&bob, changed) != nil, "byte \(index), bit \(bit)")
            }
        }
        #expect(rejection(&bob, datagram) == nil, "forgeries have not spent the real one")
    }

    @Test func `every truncation is refused`() throws {
        var (alice, _) = try transport(1)
        var (bob, _) = try transport(2)
        let datagram = alice.seal([1, 2, 3, 4], isAcquainted: false, wireVersion: 1)
        for count in 0..<datagram.count {
            #expect(rejection(&bob, Array(datagram.prefix(count))) != nil)
        }
        let oversized = datagram + [UInt8](repeating: 0, count: 1_200)
        #expect(rejection(&bob, oversized) == "malformed")
    }

    @Test func `another secret or another mesh is not even tried`() throws {
        var (alice, _) = try transport(1)
        var (bob, _) = try transport(2, secrets: [Array("another".utf8)])
        var (carol, _) = try transport(3, mesh: "other")
        let datagram = alice.seal([1], isAcquainted: false, wireVersion: 1)
        #expect(rejection(&bob, datagram) == "key")
        #expect(rejection(&carol, datagram) == "key")
    }

    @Test func `during a rotation both secrets open`() throws {
        let old: [UInt8] = Array("old".utf8)
        let new: [UInt8] = Array("new".utf8)
        var (alice, _) = try transport(1, secrets: [old])
        var (bob, _) = try transport(2, secrets: [new, old])
        var (carol, _) = try transport(3, secrets: [old, new])
        let byAlice = alice.seal([1], isAcquainted: false, wireVersion: 1)
        let byBob = bob.seal([2], isAcquainted: false, wireVersion: 1)
        #expect(rejection(&bob, byAlice) == nil)
        #expect(rejection(&carol, byBob) == nil)
        #expect(rejection(&alice, byBob) == "key")
    }

    @Test func `a short header from a stranger needs to be told who uses the boot id`() throws {
        var (alice, aliceID) = try transport(1, generation: 3)
        var (bob, _) = try transport(2)
        let datagram = alice.seal([1], isAcquainted: true, wireVersion: 1)
        #expect(rejection(&bob, datagram) == "boot")
        let opened = try bob.open(datagram, sentBy: .init(node: aliceID, generation: 3))
        #expect(opened.node == aliceID)
    }

    @Test func `nobody speaks under another's name`() throws {
        var (alice, _) = try transport(1)
        var (bob, bobID) = try transport(2)
        var (carol, _) = try transport(3)
        _ = bob.seal([0], isAcquainted: true, wireVersion: 1)
        let datagram = alice.seal([1], isAcquainted: true, wireVersion: 1)
        let claimed = PacketHeader.Introduction(node: bobID, generation: 1)
        #expect(throws: (any Error).self) { try carol.open(datagram, sentBy: claimed) }
    }

    @Test func `every boot has a key of its own`() throws {
        var (before, _) = try transport(1, generation: 1, boot: 7)
        var (after, _) = try transport(1, generation: 1, boot: 8)
        var (next, _) = try transport(1, generation: 2, boot: 7)
        var (bob, _) = try transport(2)
        let datagrams = [
            before.seal([1], isAcquainted: false, wireVersion: 1),
            after.seal([1], isAcquainted: false, wireVersion: 1),
            next.seal([1], isAcquainted: false, wireVersion: 1),
        ]
        #expect(Set(datagrams.map { Array($0.suffix(16)) }).count == 3)
        for datagram in datagrams { #expect(rejection(&bob, datagram) == nil) }
        for datagram in datagrams { #expect(rejection(&bob, datagram) == "replayed") }
    }

    @Test func `using a member's boot id takes nothing from the member`() throws {
        var (victim, victimID) = try transport(1, boot: 7)
        var (thief, _) = try transport(2, boot: 7)
        var (bob, _) = try transport(3)
        #expect(rejection(&bob, thief.seal([0], isAcquainted: false, wireVersion: 1)) == nil)
        let first = victim.seal([1], isAcquainted: false, wireVersion: 1)
        #expect(rejection(&bob, first) == nil)
        #expect(rejection(&bob, thief.seal([0], isAcquainted: false, wireVersion: 1)) == nil)
        let short = try bob.open(victim.seal([2], isAcquainted: true, wireVersion: 1))
        #expect(short.node == victimID)
        #expect(rejection(&bob, first) == "replayed")
    }

    @Test func `a version that we do not speak is refused`() throws {
        var (alice, _) = try transport(1, wireVersions: 1...2)
        var (bob, _) = try transport(2)
        #expect(rejection(&bob, alice.seal([1], isAcquainted: false, wireVersion: 2)) == "version")
        #expect(rejection(&bob, alice.seal([1], isAcquainted: false, wireVersion: 1)) == nil)
    }

    @Test func `a full table forgets the boot ids unused for longest`() {
        var table = SessionTable(limit: 32)
        func session(_ boot: Int) -> SessionTable.Session {
            SessionTable.Session(
                owner: .init(node: NodeID(Bytes16(high: UInt64(boot), low: 0)), generation: 1),
                key: StubCryptography().deriveKey(secret: [], salt: [], info: []))
        }
        func name(_ boot: Int) -> SessionTable.Name {
            .init(bootID: BootID(UInt64(boot)), keyID: 1)
        }
        for boot in 0..<40 {
            table.accept(1, in: session(boot), as: name(boot))
            table.accept(UInt64(boot + 2), in: session(0), as: name(0))
        }
        #expect(table.count <= 32)
        #expect(!table.sessions(name(0)).isEmpty)
        #expect(!table.sessions(name(39)).isEmpty)
        #expect(table.sessions(name(1)).isEmpty)
    }
}

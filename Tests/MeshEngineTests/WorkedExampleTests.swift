import MeshCore
import MeshCrypto
import MeshMembership
import Testing

@testable import MeshEngine

/// The worked example of the article *Protocol*: what it prints is what a node sends and answers.
@Suite struct WorkedExampleTests {
    private func key(from first: UInt8) -> Bytes32 {
        func word(_ offset: UInt8) -> UInt64 {
            (0..<8 as Range<UInt8>).reduce(0) { $0 << 8 | UInt64(first + offset + $1) }
        }
        return Bytes32(
            high: Bytes16(high: word(0), low: word(8)), low: Bytes16(high: word(16), low: word(24)))
    }

    private func configuration(
        _ name: String, seed: Bytes32, host: UInt32, boot: UInt64
    ) throws -> NodeConfiguration {
        let local = LocalNode(
            mesh: try #require(Label("example")), key: Ed25519SigningKey(seed: seed).publicKey,
            name: try #require(Label(name)), zone: try #require(Label("eu-west")),
            address: SocketAddress(ipv4: host, port: 7_946), generation: 1, bootID: BootID(boot),
            born: 1_767_225_600, seedCount: 0)
        return NodeConfiguration(
            local: local, secrets: [Array("correct horse battery staple".utf8)])
    }

    @Test func `the datagrams of the article are what a node sends and answers`() throws {
        let cryptography = OpenSSLCryptography()
        let alphaSeed = key(from: 0)
        let bravoSeed = key(from: 0x20)
        let alpha = try configuration(
            "alpha", seed: alphaSeed, host: 0xC000_0201, boot: 0x1122_3344_5566_7788)
        let bravo = try configuration(
            "bravo", seed: bravoSeed, host: 0xC000_0202, boot: 0x99AA_BBCC_DDEE_FF00)

        let alphaID = NodeID(of: alpha.local.key, using: cryptography)
        let bravoID = NodeID(of: bravo.local.key, using: cryptography)
        let local = alpha.local
        let statement = AliveStatement(
            key: local.key, name: local.name, zone: local.zone, address: local.address,
            generation: 1, bootID: local.bootID, incarnation: 0, born: local.born,
            wireVersions: 1...1)
        let signed = statement.signedBytes(mesh: MeshID(named: local.mesh, using: cryptography))
        var digest = MemberDigest()
        digest.toggle(alphaID, generation: 1, state: .alive)
        var payload = ByteWriter()
        Message.ping(
            sequence: 1, target: NodePrefix(of: bravoID), digest: digest.root, truth: 0
        ).write(to: &payload)
        payload.write(.alive(statement, Ed25519SigningKey(seed: alphaSeed).sign(signed)))
        var transport = SecureTransport(alpha, id: alphaID, cryptography: cryptography)
        let ping = transport.seal(payload.bytes, isAcquainted: false, wireVersion: 1)
        #expect(hexadecimal(ping) == Self.ping)

        var node = Node(bravo, cryptography: cryptography, generator: SeededGenerator(seed: 1))
        node.start(now: .zero)
        _ = sent(by: &node, seed: bravoSeed)
        node.handle(datagram: ping, from: local.address, now: .zero)
        let answer = try #require(sent(by: &node, seed: bravoSeed).first)
        #expect(hexadecimal(answer) == Self.answer)
        #expect(answer.count <= ping.count)
        let opened = try transport.open(answer)
        #expect(hexadecimal(opened.payload) == Self.answerPayload)
    }

    private func sent(by node: inout Node, seed: Bytes32) -> [[UInt8]] {
        var sent: [[UInt8]] = []
        while let effect = node.popEffect() {
            switch effect {
            case .send(let bytes, _): sent.append(bytes)
            case .sign(let bytes, let token):
                let signature = Ed25519SigningKey(seed: seed).sign(bytes)
                node.handle(signature: signature, for: token, now: .zero)
            case .openStream, .write, .close, .resolve, .storeGeneration, .store, .look, .deliver,
                .report, .reportCheck, .reportNotice, .stop:
                continue
            }
        }
        return sent
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static let ping =
        "0101900b8d4e112233445566778800000000000156475aa75463474c0285df5dbf2bcab700000001"
        + "4837b75d6b3d8f9ecb298d1da927666c6adccd5627b5f36db8f6d96f21c41d5b50c9c21d53dfcae4"
        + "d469d117b44013521fd56af6a8f4dfa769b0b71e9ecc03c236069477ece3240857e19c9a559c59c3"
        + "04284a15f3e3087f181bee4c9a090109ba7efca6c329a7192af10285f20aa8845af02e76242ab90b"
        + "febb10eb92e263c8a4ccf3ca050c474b8bc245f0c2da9d4342ead382802752655cb6e203c4804c6c"
        + "224e314ac83b61b3e2d0766769ff9c0cd584b14ffdf90b"
    private static let answer =
        "0101900b8d4e99aabbccddeeff0000000000000124f6ed6acbfe1009c030d7ca567c33ca00000001"
        + "5088deaffae2df55b9770c3a63176e1e824527ce1cd6fadbb56b2e3351851d4545508c81d8ed2d6b"
        + "ed532437d0c579ad52665ebc2a2fea2d1b890e5917c61374b71f051495ceacb09e23b451ea5fd7ce"
        + "4735e3c713b0a7f0d60eb937297a9fc1805ccfdfe6c26d8deb03b44cb9dd37bee949b389469b1aad"
        + "4b481d67308cb4d314aa3daf7fd468c9dc2c2cf51c96012bba71c341bec768f5eb0f83fe308d424a"
        + "6fd73154bafb1d9dbfaf5c38a372a8"
    private static let answerPayload =
        "021400000001d8bc8de61439fad5000000000000000001860129acbae141bccaf0b22e1a94d34d0b"
        + "c7361e526d0bfe12c89794bc9322966dd705627261766f0765752d7765737404c00002021f0a0199"
        + "aabbccddeeff000080f2d6ca060101c067de3b9a1e673b0861850178dcf09a0fe83b4b8c441ab8b2"
        + "387e34dec5e3175db69dd8529f54fcddbe0c5b78d99b43d939ffb545bea78f25c65aa2a16d9006"
}

import MeshCore
import MeshMembership

/// Valid statements, for the targets to start from.
enum Seeds {
    static let node = NodeID(bytes32(from: 32).high)
    static let author = NodeID(bytes32(from: 64).high)
    static let signature = Signature(r: bytes32(from: 128), s: bytes32(from: 160))

    static func label(_ text: String) -> Label {
        guard let label = Label(text) else { fatalError("expected a label") }
        return label
    }

    static let statements = [
        AliveStatement(
            key: PublicKey(bytes32(from: 0)), name: label("fra-1"), zone: label("eu"),
            address: SocketAddress(ipv4: 0xC000_0201, port: 7_946), generation: 3,
            bootID: BootID(9), incarnation: 300,
            born: 1_767_225_600, wireVersions: 1...2),
        AliveStatement(
            key: PublicKey(bytes32(from: 1)), name: label("a"), zone: label("b"),
            address: SocketAddress(host: Bytes16(high: 1, low: 2), port: 1), generation: 1,
            bootID: BootID(9), incarnation: 0, born: 0,
            wireVersions: 1...1, extensionBytes: [1, 2, 3]),
    ]

    static let claims = MemberClaim.Kind.allCases.map {
        MemberClaim(
            $0, subject: node, generation: 3, incarnation: 300,
            author: $0 == .left ? node : author, extensionBytes: $0 == .dead ? [7] : [])
    }

    static let updates =
        statements.map { Update.alive($0, signature) } + claims.map { .claim($0, signature) }

    static let messages: [Message] = [
        .ping(sequence: 1, target: NodePrefix(of: node), digest: 2, truth: 3),
        .ack(sequence: 1, digest: 2, truth: 3),
        .pingRequest(sequence: 1, target: node), .nack(sequence: 1), .gossip, .unknown(kind: 9),
        .foreign(kind: 16, fields: [0, 0, 0, 1]),
    ]

    static let entries = [
        MemberEntry(secondsEnded: 0, alive: updates[0], claim: nil),
        MemberEntry(secondsEnded: 9_000, alive: updates[1], claim: updates[3]),
    ]

    static let frames: [Frame] = [
        .hello(
            Frame.Hello(node: node, generation: 1, bootID: BootID(2), wireVersions: 1...1)),
        .datagram([1, 2, 3]), .offer([UInt64](repeating: 5, count: MemberDigest.bucketCount)),
        .request(7), .entries(entries), .end, .unknown(kind: 9), .foreign(kind: 32, body: [1, 2]),
    ]
}

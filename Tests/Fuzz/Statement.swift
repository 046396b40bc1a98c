import MeshCore
import MeshMembership

/// The bodies of updates: the first byte is the kind, the rest the body. A statement has exactly
/// one encoding, or what was signed could be written in a second way.
enum Target: FuzzTarget {
    static let seeds = Seeds.updates.map { [$0.kind] + $0.body }

    static func run(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let reader = ByteReader(bytes, in: 1..<bytes.count)
        let encoded: [UInt8]
        if let claimKind = MemberClaim.Kind(rawValue: kind) {
            guard let read = try? MemberClaim.decode(claimKind, reader) else { return }
            encoded = read.claim.encoded(signature: read.signature)
        } else {
            guard let read = try? AliveStatement.decode(reader) else { return }
            encoded = read.statement.encoded(signature: read.signature)
        }
        precondition(encoded[...] == bytes.dropFirst(), "expected the one encoding")
    }
}

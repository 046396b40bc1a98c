package import MeshCore
package import MeshMembership

/// Every statement that a true process was asked to sign: what anybody may rightly believe.
package struct StatementLedger: Sendable {
    private struct AliveKey: Hashable, Sendable {
        var subject: NodeID
        var generation: UInt32
        var incarnation: UInt32
    }

    private struct ClaimKey: Hashable, Sendable {
        var author: NodeID
        var subject: NodeID
        var standing: Standing
    }

    // Only looked up, never walked.
    private var alive: Set<AliveKey> = []
    private var claims: Set<ClaimKey> = []
    /// What could not be read as a statement; the node signs nothing else, so this stays 0.
    package private(set) var unreadableCount = 0

    /// Notes down what the holder of `key` signs with `message`.
    mutating func record(_ message: [UInt8], author: NodeID) {
        do throws(DecodeError) {
            try read(message, author: author)
        } catch {
            unreadableCount += 1
        }
    }

    private mutating func read(_ message: [UInt8], author: NodeID) throws(DecodeError) {
        // The decoders expect a signature behind the body; any will do, none is verified.
        let padded = message + [UInt8](repeating: 0, count: Signature.byteCount)
        var reader = ByteReader(padded)
        let domain = String(decoding: try reader.readPrefixed(atMost: 64), as: UTF8.self)
        _ = try reader.readBytes16()
        switch SignatureDomain(rawValue: domain) {
        case .alive:
            let statement = try AliveStatement.decode(reader).statement
            alive.insert(
                AliveKey(
                    subject: author, generation: statement.generation,
                    incarnation: statement.incarnation))
        case .claim:
            guard let kind = MemberClaim.Kind(rawValue: try reader.readUInt8()) else {
                throw .invalid
            }
            let claim = try MemberClaim.decode(kind, reader).claim
            claims.insert(Self.key(author, claim.subject, claim.standing))
            // Whoever is told of a death suspects by that word until it has looked itself.
            if kind == .dead {
                var suspect = claim.standing
                suspect.state = .suspect
                claims.insert(Self.key(author, claim.subject, suspect))
            }
        case .stance, .birth, .receipt, .record:
            break
        case nil:
            throw .invalid
        }
    }

    /// Whether `subject` has said that it lives with this generation and incarnation.
    package func holdsAlive(_ subject: NodeID, generation: UInt32, incarnation: UInt32) -> Bool {
        alive.contains(
            AliveKey(subject: subject, generation: generation, incarnation: incarnation))
    }

    /// Whether `author` has claimed this of `subject`.
    package func holdsClaim(by author: NodeID, of subject: NodeID, _ standing: Standing) -> Bool {
        claims.contains(Self.key(author, subject, standing))
    }

    /// A goodbye ends its generation, whichever incarnation it names.
    private static func key(
        _ author: NodeID, _ subject: NodeID, _ standing: Standing
    ) -> ClaimKey {
        var standing = standing
        if standing.state == .left { standing.incarnation = 0 }
        return ClaimKey(author: author, subject: subject, standing: standing)
    }
}

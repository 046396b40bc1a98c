package import MeshCore

// The updates that membership makes.

extension Update {
    package static func alive(_ statement: AliveStatement, _ signature: Signature) -> Update {
        Update(kind: UpdateKind.alive, body: statement.encoded(signature: signature))
    }

    package static func claim(_ claim: MemberClaim, _ signature: Signature) -> Update {
        Update(kind: claim.kind.rawValue, body: claim.encoded(signature: signature))
    }
}

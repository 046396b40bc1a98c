import MeshCore

/// Statements of this node that wait for their signature. Signing is an effect: the private key
/// stays in the shell.
///
/// Bound: `MembershipBounds.signaturesMax`; a further statement is not made. An accusation against
/// us stays unanswered until it is repeated; a suspicion is then ours alone; a death that could not
/// be told is signed at the next retention tick.
struct SigningDesk: Sendable {
    enum Draft: Sendable {
        case alive(AliveStatement)
        case claim(MemberClaim)

        func signedBytes(mesh: MeshID) -> [UInt8] {
            switch self {
            case .alive(let statement): statement.signedBytes(mesh: mesh)
            case .claim(let claim): claim.signedBytes(mesh: mesh)
            }
        }
    }

    private var drafts: [SigningToken: Draft] = [:]
    private var lastToken: UInt64 = 0

    mutating func add(_ draft: Draft) -> SigningToken? {
        guard drafts.count < MembershipBounds.signaturesMax else { return nil }
        lastToken += 1
        let token = SigningToken(lastToken)
        drafts[token] = draft
        return token
    }

    mutating func take(_ token: SigningToken) -> Draft? { drafts.removeValue(forKey: token) }
}

import MeshCore

/// Effects of a node's parts on their way to the shell, in order, and whose signatures are whose.
///
/// Bound: what one call of the node can want; the shell empties it after every call.
struct Outbox: Sendable {
    private var effects: [NodeEffect] = []
    private var taken = 0

    mutating func add(_ effect: NodeEffect) { effects.append(effect) }

    mutating func pop() -> NodeEffect? {
        guard taken < effects.count else {
            effects.removeAll(keepingCapacity: effects.capacity < 1_024)
            taken = 0
            return nil
        }
        defer { taken += 1 }
        return effects[taken]
    }

    /// Which part asked for a signature: the lowest two bits of the shell's token.
    enum Signer: UInt64, Sendable {
        case membership = 0
        case verdicts = 1
        case notices = 2

        func token(_ own: UInt64) -> SigningToken { SigningToken(own << 2 | rawValue) }

        static func split(_ token: SigningToken) -> (Signer, UInt64) {
            guard let signer = Signer(rawValue: token.number & 3) else {
                preconditionFailure("expected a token that this node has given out")
            }
            return (signer, token.number >> 2)
        }
    }
}

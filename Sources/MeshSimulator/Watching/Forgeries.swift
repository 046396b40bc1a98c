import MeshChecks
import MeshCore
import MeshNotices
import MeshPlacement
import MeshVerdicts

/// What a liar can make with its own key and keys of its own making: statements that are well
/// formed and validly signed, and false.
struct Forgeries: Sendable {
    let mesh: MeshID
    let cryptography: FakeCryptography
    let keys: FakeKeyPair
    let zone: Label

    /// A certificate that leads where an own dissent does, and proves it with nobody's help.
    ///
    /// - Parameters:
    ///   - body: the entry with its signature, as it is sent.
    ///   - rule: the rule to claim; another than the check's makes another definition.
    ///   - friends: how many further signers to make up.
    func certificate(
        from body: [UInt8], textID: DefinitionTextID, rule: VotingRule, previous: TargetState?,
        friends: Int
    ) -> Update? {
        guard let honest = try? SignedEntry.decode(body).entry,
            case .dissents(let state) = honest.stance, state != previous
        else { return nil }
        let signers = [keys] + (0..<friends).map { FakeKeyPair(seed: UInt64(0xF41E_4D00 + $0)) }
        let roll = Roll(
            entries: signers.enumerated().map { place, keys in
                Roll.Entry(
                    node: NodeID(of: keys.publicKey, using: cryptography),
                    zone: place == 0 ? zone : World.label("zone-of-friend-\(place)"))
            }.sorted { ranks($0.node, before: $1.node, for: honest.check) })
        let count = UInt8(signers.count)
        let entries = signers.map { keys -> (SignedEntry, PublicKey) in
            var entry = honest
            entry.definition = DefinitionID(of: textID, rule, using: cryptography)
            entry.node = NodeID(of: keys.publicKey, using: cryptography)
            (entry.owners, entry.quorum) = (count, count)
            entry.zones = min(count, 2)
            entry.rollDigest = roll.digest(using: cryptography)
            let signature = keys.sign(entry.signedBytes(mesh: mesh))
            return (SignedEntry(entry: entry, signature: signature), keys.publicKey)
        }
        let flip = Flip(
            check: honest.check, definition: entries[0].0.entry.definition, birth: honest.birth,
            parent: honest.parent, epoch: honest.epoch, state: state, in: mesh,
            using: cryptography)
        return Certificate(
            flip: flip, previous: previous, entries: entries, rolls: [roll],
            definition: .init(rule: rule, text: .hashed(textID)), using: cryptography
        )?.update()
    }

    private func ranks(_ one: NodeID, before other: NodeID, for check: CheckID) -> Bool {
        let scores = (Score(of: one, for: check), Score(of: other, for: check))
        return scores.0 == scores.1 ? one < other : scores.0 < scores.1
    }

    /// The word that a contact has been told of a flip.
    func receipt(
        of flip: Flip, to contact: ContactID, generation: UInt32, sequence: UInt64,
        at time: WallTime
    ) -> Update {
        let receipt = Receipt(
            topic: .chain(flip.check), check: flip.check, contact: contact, ordinal: 0,
            occasion: flip.id,
            incident: IncidentID(of: flip.check, beginning: flip.id, using: cryptography),
            birth: flip.birth, epoch: UInt64(flip.epoch), state: flip.state, round: 0,
            outcome: .sent, key: keys.publicKey, generation: generation, sequence: sequence,
            time: time,
            using: cryptography)
        return Update(
            kind: UpdateKind.receipt,
            body: receipt.encoded(signature: keys.sign(receipt.signedBytes(mesh: mesh))))
    }

    /// The word that a contact is being told of a flip by this node, first in rank, now.
    func claim(on flip: Flip, to contact: ContactID, number: UInt64) -> Update {
        Claim(
            number: number, topic: .chain(flip.check), check: flip.check, contact: contact,
            ordinal: 0, occasion: flip.id, birth: flip.birth, epoch: UInt64(flip.epoch),
            state: flip.state, rank: 0, round: 0, hasLeft: true
        ).update()
    }

    /// Calls to look at `checks`, as many as one message holds.
    static func calls(to checks: some Sequence<CheckID>) -> Update {
        let hints = checks.prefix(Hints.countMax).map {
            Hints.Hint(check: CheckPrefix(of: $0), kind: .lookNow, state: .down)
        }
        return Update(kind: LiarTongue.hintsKind, body: Hints(hints).encoded())
    }
}

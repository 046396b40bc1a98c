import MeshChecks
import MeshCore

// Two different signed statements for one sequence number prove misbehaviour and are shown
// (section 6): here, and by gossip to everybody.

extension Verdicts {
    func isEquivocator(_ node: NodeID, now: Instant) -> Bool {
        guard node != id else { return false }
        return equivocators.has(node, in: members[node]?.generation ?? 0, now: now)
    }

    /// A new entry of another against what it has signed about other checks.
    mutating func compareStatements(_ signed: SignedEntry, _ place: Int, now: Instant) {
        guard let other = statements.note(signed.entry, at: place),
            let first = book[other].board[signed.entry.node]?.signed,
            first.entry.contradicts(signed.entry)
        else { return }
        noteEquivocation(first, signed, now: now)
    }

    /// What has been signed for a flip against what the same signers have told this node.
    mutating func compareProof(_ certificate: Certificate, _ place: Int, now: Instant) {
        for supporter in certificate.supporters {
            guard let told = book[place].board[supporter.node]?.signed,
                told.entry.contradicts(supporter.entry)
            else { continue }
            noteEquivocation(told, supporter.signedEntry, now: now)
        }
    }

    /// An entry that comes after the flip that it would have led to, against that flip's proof.
    mutating func compareLate(_ signed: SignedEntry, by key: PublicKey, now: Instant) {
        let entry = signed.entry
        guard let place = book.place(of: entry.check), let certified = book[place].certified,
            entry.epoch == certified.flip.epoch, !isEquivocator(entry.node, now: now),
            // Most who come late are not in the proof, or say what is: no need to read it for them.
            certified.proof.holds({ $0.write(key.bytes) }),
            !certified.proof.holds({ $0.write(signed.signature) }),
            let proof = try? Certificate.decode(
                ByteReader(certified.certificate), mesh: mesh, cryptography: cryptography),
            let supporter = proof.supporters.first(where: { $0.node == entry.node }),
            entry.contradicts(supporter.entry),
            cryptography.isValid(
                signed.signature, over: entry.signedBytes(mesh: mesh), by: key)
        else { return }
        noteEquivocation(supporter.signedEntry, signed, now: now)
    }

    mutating func noteEquivocation(
        _ first: SignedEntry, _ second: SignedEntry, now: Instant
    ) {
        let node = first.entry.node
        let isNews = equivocators.add(
            node, in: first.entry.generation, until: now + parameters.equivocatorRest, now: now)
        guard isNews else { return }
        report(.equivocated(node, first: first.update().body, second: second.update().body))
        // Whoever has heard only one of the two should see both.
        for signed in [first, second] {
            let about = Bytes16(
                high: node.bytes.high ^ signed.entry.contentHash, low: node.bytes.low)
            effects.append(.tellAll(signed.update(), about: about))
        }
    }
}

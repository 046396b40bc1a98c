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
            first.entry.generation == signed.entry.generation,
            first.entry.sequence == signed.entry.sequence
        else { return }
        noteEquivocation(first, signed, now: now)
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

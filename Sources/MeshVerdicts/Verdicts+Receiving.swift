import MeshChecks
package import MeshCore
import MeshPlacement

// Others' signed entries: whose they are, whether they are about now, and where they go.

extension Verdicts {
    /// Takes an update of one of deciding's kinds. `peer` is who brought it; `nil` for what a
    /// stream brought on others' behalf.
    package mutating func receive(
        _ update: Update, from peer: NodeID?, now: Instant
    ) throws(DecodeError) {
        switch update.kind {
        case UpdateKind.stance:
            receive(try SignedEntry.decode(update.body), from: peer, now: now)
        case UpdateKind.certificate:
            try receiveCertificate(update.body, from: peer, now: now)
        case UpdateKind.birth:
            receive(try SignedBirth.decode(update.body, using: cryptography), now: now)
        default:
            throw .invalid
        }
    }

    private mutating func receive(_ signed: SignedEntry, from peer: NodeID?, now: Instant) {
        let entry = signed.entry
        guard entry.node != id, let member = members[entry.node] else {
            if entry.node != id { counters.entriesRefused += 1 }
            return
        }
        // What is known already needs no verification; being told again by its signer is news.
        if let place = book.place(of: entry.check), let held = book[place].board[entry.node],
            held.signed == signed
        {
            if peer == entry.node { stand(entry.node, place, now: now) }
            return
        }
        let isPlanned = book.place(of: entry.check).map { plan($0) != nil } ?? false
        guard isPlanned || !isPast(entry.observedAt, now: now) else {
            counters.entriesOutdated += 1
            return
        }
        guard entry.stance == .declines || isAboutNow(entry, from: peer, now: now) else {
            return compareLate(signed, by: member.key, now: now)
        }
        guard
            cryptography.isValid(
                signed.signature, over: entry.signedBytes(mesh: mesh), by: member.key)
        else {
            counters.entriesRefused += 1
            return
        }
        guard let place = book.open(entry.check) else {
            counters.boundsReached += 1
            return
        }
        let hadDeclined = book[place].board[entry.node]?.entry.stance == .declines
        switch book[place].board.post(signed, now: now) {
        case .known: return
        case .equivocation(let first):
            book.noteChange(place)
            noteEquivocation(first, signed, now: now)
            return
        case .new: break
        }
        book.noteChange(place)
        compareStatements(signed, place, now: now)
        if peer == entry.node, !mayBeStale(now: now) {
            book[place].board.stands(entry.node, now: now)
        }
        if hadDeclined, entry.stance != .declines {
            placement.setDeclining(false, node: entry.node, check: entry.check)
            settlePlacement(now: now)
        }
        follow(entry, place, now: now)
    }

    /// Whether an entry may matter: it is about a flip that this node has not passed yet.
    private mutating func isAboutNow(_ entry: LogEntry, from peer: NodeID?, now: Instant) -> Bool {
        compareBirths(entry.birth, of: peer, now: now)
        guard let birth = birth?.birth else { return true }
        if entry.birth > birth || entry.generation < members[entry.node]?.generation ?? 0 {
            counters.entriesOutdated += 1
            return false
        }
        guard entry.birth == birth, let place = book.place(of: entry.check),
            let certified = book[place].certified, entry.epoch <= certified.flip.epoch
        else { return true }
        counters.entriesOutdated += 1
        // Its signer is behind: it should hear of the flip, though not with every word it says.
        if peer == entry.node, certified.hasProof,
            book[place].taughtAt.map({ now - $0 >= .seconds(1) }) ?? true
        {
            book[place].taughtAt = now
            effects.append(
                .mail(
                    Update(kind: UpdateKind.certificate, body: certified.certificate),
                    about: book[place].id.bytes, to: [entry.node]))
        }
        return false
    }

    /// What follows from a new entry of another.
    private mutating func follow(_ entry: LogEntry, _ place: Int, now: Instant) {
        switch entry.stance {
        case .dissents:
            mint(place, now: now)
            waitAsBystander(place, now: now)
            if plan(place) == nil,
                placement.owners(of: entry.check, confirmations: max(1, Int(entry.owners)))
                    .contains(id)
            {
                decline(place, now: now)
            }
        case .opines:
            judgeProvisional(place, now: now)
        case .withdrawn:
            endStandIn(place, now: now)
            judgeProvisional(place, now: now)
        case .declines:
            placement.setDeclining(true, node: entry.node, check: entry.check)
            settlePlacement(now: now)
        }
    }

    private mutating func stand(_ node: NodeID, _ place: Int, now: Instant) {
        guard !mayBeStale(now: now) else { return }
        book[place].board.stands(node, now: now)
        mint(place, now: now)
    }

    // MARK: Lists behind digests

    package mutating func receive(_ question: AskRoll, from node: NodeID, now: Instant) {
        guard members[node] != nil, let place = book.place(of: question.check),
            plan(place) != nil
        else { return }
        let roll = placement.confirmers(of: question.check)
        guard roll.digest(using: cryptography) == question.digest else { return }
        effects.append(
            .send(.rollAnswer(RollAnswer(check: question.check, roll: roll)), to: node))
    }

    package mutating func receive(_ answer: RollAnswer, from node: NodeID, now: Instant) {
        guard members[node] != nil, let place = book.place(of: answer.check) else { return }
        let digest = answer.roll.digest(using: cryptography)
        guard book[place].board.posted.contains(where: { $0.entry.rollDigest == digest }) else {
            return
        }
        rolls.keep(answer.roll, as: digest)
        mint(place, now: now)
    }
}

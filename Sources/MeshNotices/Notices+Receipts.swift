package import MeshChecks
package import MeshCore

/// How attempts end, and what everybody hears of it. The receipt goes out before anything else.
extension Notices {
    /// How an attempt ended. A late *sent* still makes its receipt: somebody was told.
    package mutating func handle(_ delivery: Delivery, for token: DeliveryToken, now: Instant) {
        guard let draft = deliveries.removeValue(forKey: token) else { return }
        let line = draft.line
        guard var errand = errands[line], case .sending(let attempt) = errand.phase,
            attempt.token == token
        else {
            if delivery == .sent { sign(draft, now: now) }
            return
        }
        switch delivery {
        case .sent:
            claimNumbers[attempt.claim.number] = nil
            errand.phase = .signing(.sent, attempt.claim)
            sign(draft, now: now)
        case .failed(let reason):
            fail(&errand, on: line, because: reason, now: now)
        }
        errands[line] = errand
    }

    /// Hands over at once: this node's uplink may be the fault.
    mutating func fail(_ errand: inout Errand, on line: Line, because reason: Reason, now: Instant)
    {
        if let number = errand.claimNumber { claimNumbers[number] = nil }
        errand.phase = .signing(.failed(reason), nil)
        sign(receipt(of: errand, on: line, round: errand.round, .failed(reason)), now: now)
    }

    /// What is to be signed about an errand; stamped when it is.
    func receipt(
        of errand: Errand, on line: Line, round: UInt32, _ outcome: Delivery
    ) -> Receipt {
        Receipt(
            topic: line.topic, check: errand.notice.check, contact: line.contact,
            ordinal: errand.place.ordinal, occasion: errand.place.occasion,
            incident: errand.notice.incident, birth: errand.place.birth,
            epoch: errand.place.epoch, state: errand.place.state, round: round,
            outcome: outcome, key: key, generation: 0, sequence: 0,
            time: WallTime(milliseconds: 0), using: cryptography)
    }

    private mutating func sign(_ receipt: Receipt, now: Instant) {
        var receipt = receipt
        lastSequence += 1
        receipt.generation = generation
        receipt.sequence = lastSequence
        receipt.time = wallClock.time(at: now)
        sign(.receipt(receipt), now: now)
    }

    mutating func sign(_ draft: Draft, now: Instant) {
        lastSignature += 1
        let token = SigningToken(lastSignature)
        drafts[token] = draft
        askForSignature(under: draft, token, now: now)
    }

    private mutating func askForSignature(
        under draft: Draft, _ token: SigningToken, now: Instant
    ) {
        effects.append(.sign(draft.signedBytes(mesh: mesh), token))
        deadlines.schedule(.signature(token), at: now + parameters.signatureRetry)
    }

    /// A signature is late: a notice whose receipt is never signed would be told again by others.
    mutating func askAgain(for token: SigningToken, now: Instant) {
        guard let draft = drafts[token] else { return }
        askForSignature(under: draft, token, now: now)
    }

    package mutating func handle(
        signature: Signature, for token: SigningToken, now: Instant
    ) {
        switch drafts.removeValue(forKey: token) {
        case .receipt(let receipt):
            let signed = Signed(statement: receipt, body: receipt.encoded(signature: signature))
            let owners = stories[receipt.topic]?.ladder.owners(besides: id) ?? []
            effects.append(
                .spread(Update(kind: UpdateKind.receipt, body: signed.body), owners: owners))
            absorb(signed, now: now)
        case .record(let record):
            recordDraftsCount -= 1
            let signed = Signed(statement: record, body: record.encoded(signature: signature))
            effects.append(
                .spread(Update(kind: UpdateKind.record, body: signed.body), owners: []))
            absorb(signed, now: now)
        case nil: return
        }
    }

    /// Another node's receipt, by gossip, in person or by exchange. `isTrusted`: whose word counts,
    /// by who may vote here; that the author is a member is not asked. `certified`: where the chain
    /// of a check is, for those that nothing is kept of here.
    package mutating func receive(
        receipt update: Update, isTrusted: (PublicKey) -> Bool,
        certified: (CheckID) -> (birth: Birth, epoch: UInt32)? = { _ in nil }, now: Instant
    ) -> NoticesIntake {
        guard let (receipt, signature) = try? Receipt.decode(update.body, using: cryptography),
            isPlausible(receipt, certified)
        else { return .refused }
        let contradicted = ledger.contradiction(of: receipt, update.body)
        guard contradicted != nil || ledger.wants(receipt) else { return .known }
        guard isTrusted(receipt.key) else { return .untrusted }
        guard
            cryptography.isValid(
                signature, over: receipt.signedBytes(mesh: mesh), by: receipt.key)
        else { return .refused }
        if let contradicted {
            effects.append(
                .report(
                    .equivocated(receipt.node, first: contradicted.body, second: update.body)))
            return .known
        }
        absorb(Signed(statement: receipt, body: update.body), now: now)
        return .new
    }

    /// Whether a receipt may be about something that was decided. One far beyond the chain that is
    /// known here would silence all flips up to its own; where the chain is not known yet, anything
    /// may be.
    private func isPlausible(
        _ receipt: Receipt, _ certified: (CheckID) -> (birth: Birth, epoch: UInt32)?
    ) -> Bool {
        switch receipt.topic {
        case .partial where !hasRoom(for: receipt.line, of: receipt.check): return false
        case .mesh(let subject):
            guard hasRoom(for: receipt.line, of: receipt.check) else { return false }
            guard let known = meshRevision(of: MeshSubject(subject)) else {
                return receipt.epoch < NoticeBounds.firstRevisionEnd
            }
            return receipt.epoch <= known.revision &+ NoticeBounds.revisionsAheadMax
        case .chain(let check), .partial(let check, _):
            let place = stories[.chain(check)]?.place
            let known =
                place.map { ($0.birth, $0.epoch) }
                ?? certified(check).map { ($0.birth, UInt64($0.epoch)) }
            guard let (birth, epoch) = known, birth == receipt.birth else { return true }
            return receipt.epoch <= epoch + NoticeBounds.epochsAheadMax
        }
    }

    /// Sides of a cut and subjects of the mesh have names that nobody can check: invented ones must
    /// not push out what belongs in the ledger.
    private func hasRoom(for line: Line, of check: CheckID) -> Bool {
        let lines = ledger.lines(of: check)
        let bound =
            line.topic.kind == .mesh
            ? parameters.bounds.meshTopicsMax : parameters.bounds.partialLinesMax
        guard lines.count >= bound else { return true }
        return lines.contains(line) || lines.count { $0.topic.kind == line.topic.kind } < bound
    }

    /// A receipt is known, whosever: keeps it, and ends or hands over what it is about.
    private mutating func absorb(_ signed: Signed<Receipt>, now: Instant) {
        let receipt = signed.statement
        let line = receipt.line
        changedDossiers.insert(receipt.check.bytes)
        let merge = ledger.merge(signed) { [routes, meshCheck] check in
            check == meshCheck || routes[check] != nil
        }
        if merge.isRefused { effects.append(.report(.refused(.receipts))) }
        keep(merge, signed)
        if receipt.topic.kind != .mesh, stories[.chain(receipt.check)] == nil {
            effects.append(.recall(receipt.check))
        }
        if receipt.isSent {
            claims.remove(upTo: receipt.place, on: line)
        } else {
            claims.remove(of: receipt.node, on: line)
        }
        guard var errand = errands[line] else { return finish(receipt, nil, now: now) }
        let isMine = receipt.node == id
        guard errand.place == receipt.place else {
            // Of another notice; mine if the provider's yes came late.
            finish(receipt, nil, now: now)
            return reconsider(line, now: now)
        }
        if receipt.isSent {
            if !isMine, errand.hasLeft { return finish(receipt, errand, now: now) }
            if !isMine { errand.attempts += 1 }
            discard(line)
            finish(receipt, errand, now: now)
        } else {
            if !isMine {
                errand.attempts += 1
            } else if case .signing(.failed, _) = errand.phase {
                errand.phase = .waiting
            }
            errand.note(receipt, now: now)
            errands[line] = errand
        }
        reconsider(line, now: now)
        trim(line.topic)
    }

    private mutating func keep(_ merge: Ledger.Merge, _ signed: Signed<Receipt>) {
        let key = StoredKey.of(signed.statement)
        for dropped in merge.dropped {
            changedDossiers.insert(dropped.statement.check.bytes)
            let old = StoredKey.of(dropped.statement)
            if old != key {
                effects.append(.store(StoredItem(key: old, value: nil), token: nil))
            }
        }
        guard merge.isNew else { return }
        effects.append(.store(StoredItem(key: key, value: signed.body), token: nil))
    }

    /// Shows how a notice ended: whole, where this node knew it; else what its receipt says.
    private mutating func finish(_ receipt: Receipt, _ errand: Errand?, now: Instant) {
        let view = view(of: receipt, errand?.notice, attempts: max(1, errand?.attempts ?? 1))
        if receipt.isSent, ledger.lastWord(on: receipt.line) == receipt {
            lastTold[receipt.line] = errand == nil ? nil : view
        }
        effects.append(.report(.changed(view)))
    }
}

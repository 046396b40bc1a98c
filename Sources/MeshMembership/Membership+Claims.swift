import MeshCore

// What one node says of another's end, as it arrives.

extension Membership {
    /// Takes a claim heard by gossip.
    mutating func receiveClaim(
        _ kind: MemberClaim.Kind, _ reader: ByteReader, now: Instant
    ) throws(DecodeError) {
        let (claim, signature) = try MemberClaim.decode(kind, reader)
        guard claim.subject != id else {
            return receiveAccusation(claim, signature, now: now)
        }
        guard let position = table.position(of: claim.subject) else {
            counters.claimsUnfounded += 1
            return
        }
        guard isFounded(claim, about: table[position]),
            !isHeardBefore(claim, about: table[position], now: now), isSigned(claim, signature)
        else { return }
        let update = Update.claim(claim, signature)
        switch kind {
        case .suspect: hearSuspicion(claim, update, at: position, now: now)
        case .dead: hearDeath(claim, update, at: position, now: now)
        case .left: hearDeparture(claim, update, at: position, now: now)
        case .forgotten: hearForgetting(claim, update, at: position, now: now)
        }
    }

    /// Whether a claim is about what we hold: the generation and incarnation of a statement that
    /// its subject signed. A stale one is no news; one about the future is nobody's to make.
    private mutating func isFounded(_ claim: MemberClaim, about member: Member) -> Bool {
        let claimed = (claim.generation, claim.incarnation)
        let held = (member.generation, member.incarnation)
        // A goodbye ends the generation, whichever incarnation it names: its author is its subject.
        let isDeparture = claim.kind == .left && claim.generation == member.generation
        if claimed > held, !isDeparture { counters.claimsUnfounded += 1 }
        return claimed == held || isDeparture
    }

    private func isHeardBefore(
        _ claim: MemberClaim, about member: Member, now: Instant
    ) -> Bool {
        switch claim.kind {
        case .suspect:
            if member.state != .alive, member.state != .suspect { return true }
            if clearances.covers(claim, now: now) { return true }
            return suspicions[claim.subject]?.accusers.contains(claim.author) ?? false
        case .dead:
            if member.state != .alive, member.state != .suspect {
                return !member.marks.contains(.restored)
            }
            if clearances.covers(claim, now: now) { return true }
            return suspicions[claim.subject]?.declaredDead != nil
        case .left: return member.state == .left
        case .forgotten: return member.state == .left || member.state == .forgotten
        }
    }

    /// Whether a claim's signature is its author's, whom we know. Where there is a roster, only
    /// those on it speak of others: a stolen secret must not end, nor have forgotten, anybody.
    mutating func isSigned(_ claim: MemberClaim, _ signature: Signature) -> Bool {
        guard let author = table.position(of: claim.author),
            claim.kind == .left || isListed(table[author].key)
        else {
            counters.claimsUnfounded += 1
            return false
        }
        let isValid = cryptography.isValid(
            signature, over: claim.signedBytes(mesh: mesh), by: table[author].key)
        if !isValid { counters.statementsForged += 1 }
        return isValid
    }

    /// Whether an accuser's word has weight here: a node that we cannot reach ourselves may be the
    /// one that is cut off.
    private func hasWeight(_ author: NodeID) -> Bool {
        table.position(of: author).map { table[$0].isReachable } ?? false
    }

    /// Each accusation of one subject is told by itself: distinct accusers shorten the wait.
    func key(of claim: MemberClaim) -> DisseminationQueue.Key {
        guard claim.kind == .suspect else { return .init(subject: claim.subject.bytes) }
        let place = suspicions[claim.subject]?.accusers.firstIndex(of: claim.author) ?? 0
        return .init(subject: claim.subject.bytes, slot: UInt8(min(place, 15) + 1))
    }

    private mutating func hearSuspicion(
        _ claim: MemberClaim, _ update: Update, at position: Int, now: Instant
    ) {
        guard hasWeight(claim.author) else { return }
        if suspicions[claim.subject] == nil {
            suspect(at: position, by: claim.author, update, now: now)
            considerConfirming(claim.subject, now: now)
        } else if suspicions[claim.subject]?.confirm(by: claim.author) ?? false {
            scheduleSuspicion(of: claim.subject, now: now)
        } else {
            return
        }
        lanes[.membership].enqueue(update, about: key(of: claim))
        wantGossip(now: now)
    }

    private mutating func hearDeath(
        _ claim: MemberClaim, _ update: Update, at position: Int, now: Instant
    ) {
        if table[position].state == .dead {
            // Read from disk as dead, and here is the proof.
            ended[claim.subject]?.claim = update
            table[position].marks.remove(.restored)
            digest.toggle(
                claim.subject, generation: claim.generation, state: table[position].state)
            return
        }
        guard hasWeight(claim.author) else {
            return tellAccused(at: position, update, now: now)
        }
        lanes[.membership].enqueue(update, about: key(of: claim))
        wantGossip(now: now)
        lookBeforeBelieving(claim, update, at: position, now: now)
    }

    /// How many members that are dead over there are looked at after one exchange of lists.
    private static var exchangedLooksMax: Int { 16 }

    private var looksUnderWay: Int {
        suspicions.values.reduce(0) { $1.look == nil ? $0 : $0 + 1 }
    }

    /// Another declares a member dead: we are about to believe it, unless it answers us.
    private mutating func lookBeforeBelieving(
        _ claim: MemberClaim, _ update: Update, at position: Int, now: Instant
    ) {
        guard parameters.lifeguard.contains(.lastLook) else {
            return die(at: position, by: claim.author, update, now: now)
        }
        if suspicions[claim.subject] == nil {
            suspect(at: position, by: claim.author, nil, now: now)
        }
        suspicions[claim.subject]?.declaredDead = update
        suspicions[claim.subject]?.declaredBy = claim.author
        beginLastLook(at: claim.subject, now: now)
    }

    private mutating func hearDeparture(
        _ claim: MemberClaim, _ update: Update, at position: Int, now: Instant
    ) {
        end(.left, at: position, by: claim.author, update, now: now)
        lanes[.membership].enqueue(update, about: key(of: claim))
        wantGossip(now: now)
    }

    private mutating func hearForgetting(
        _ claim: MemberClaim, _ update: Update, at position: Int, now: Instant
    ) {
        // Only the dead are forgotten: whoever reaches the member knows better.
        guard table[position].state == .dead, hasWeight(claim.author) || claim.author == id else {
            return
        }
        end(.forgotten, at: position, by: claim.author, update, now: now)
        lanes[.membership].enqueue(update, about: key(of: claim))
        wantGossip(now: now)
    }

    /// Takes a claim that came with a member in an exchange of lists.
    ///
    /// One that contradicts what we see (a member that we reach, dead over there) is not spread:
    /// the member is told, and its refutation convinces them. After a long cut all members of one
    /// side would otherwise be suspected by all of the other at once. We look at a few ourselves:
    /// a death of which the news has passed us by is then known within a second.
    mutating func receiveExchanged(
        _ claim: MemberClaim, _ signature: Signature, secondsEnded: UInt32, isNew: Bool,
        wasReachable: Bool, isFirst: Bool, now: Instant
    ) {
        guard claim.subject != id else {
            return receiveAccusation(claim, signature, now: now)
        }
        guard let position = table.position(of: claim.subject),
            isFounded(claim, about: table[position]),
            !isHeardBefore(claim, about: table[position], now: now), isSigned(claim, signature)
        else { return }
        let update = Update.claim(claim, signature)
        let age = TimeSpan.seconds(Int64(min(secondsEnded, UInt32(Int32.max))))
        switch claim.kind {
        case .suspect:
            hearSuspicion(claim, update, at: position, now: now)
        case .dead where wasReachable && table[position].isReachable:
            tellAccused(at: position, update, now: now)
            if looksUnderWay < Self.exchangedLooksMax {
                lookBeforeBelieving(claim, update, at: position, now: now)
            }
        case .dead where table[position].state == .dead:
            hearDeath(claim, update, at: position, now: now)
        case .forgotten where wasReachable && table[position].isReachable:
            // Only the dead are forgotten; one that lives should hear what is said of it.
            tellAccused(at: position, update, now: now)
        case .dead, .left, .forgotten:
            end(claim.kind.state, at: position, by: claim.author, update, now: now)
            // How long ago is the teller's word, signed by nobody: it may shorten our memory of a
            // stranger, not of a member that we knew.
            let anchor = now - min(age, parameters.retention)
            if isNew { ended[claim.subject]?.anchor = anchor }
            if !isFirst {
                lanes[.membership].enqueue(update, about: key(of: claim))
                wantGossip(now: now)
            }
        }
    }
}

import MeshCore

// From the first accusation to refutation, clearing or death.

extension Membership {
    /// Begins to suspect a member, by the word of `accuser`.
    mutating func suspect(at position: Int, by accuser: NodeID, _ claim: Update?, now: Instant) {
        let member = table[position]
        let suspicion = Suspicion(
            of: member.standing, by: accuser, claim: claim, now: now, parameters,
            membersCount: table.reachableOthersCount + 1)
        suspicions[member.id] = suspicion
        if parameters.lifeguard.contains(.lastLook) {
            timers.schedule(
                .confirm(member.id),
                at: now + parameters.secondThought
                    + generator.span(from: .zero, to: parameters.secondThought))
        }
        setState(.suspect, at: position, by: accuser, now: now)
        scheduleSuspicion(of: member.id, now: now)
    }

    /// Accuses a member that did not answer us.
    mutating func accuse(_ subject: NodeID, now: Instant) {
        guard let position = table.position(of: subject), table[position].isReachable else {
            return
        }
        let own = id
        if suspicions[subject] == nil {
            suspect(at: position, by: own, nil, now: now)
        } else if suspicions[subject]?.confirm(by: own) ?? false {
            scheduleSuspicion(of: subject, now: now)
        } else {
            return
        }
        let member = table[position]
        sign(
            .claim(
                MemberClaim(
                    .suspect, subject: subject, generation: member.generation,
                    incarnation: member.incarnation, author: id)))
    }

    mutating func scheduleSuspicion(of subject: NodeID, now: Instant) {
        guard let deadline = suspicions[subject]?.deadline,
            let revision = suspicions[subject]?.nextRevision()
        else { return }
        let looks = parameters.lifeguard.contains(.lastLook)
        let due = looks ? deadline - parameters.lastLook : deadline
        timers.schedule(.suspicion(subject, revision: revision), at: max(due, now))
    }

    mutating func handleSuspicionTimer(_ subject: NodeID, revision: UInt32, now: Instant) {
        guard let suspicion = suspicions[subject], suspicion.revision == revision else { return }
        if parameters.lifeguard.contains(.lastLook) {
            beginLastLook(at: subject, now: now)
        } else if let position = table.position(of: subject) {
            declareDead(at: position, now: now)
        }
    }

    /// Looks at a suspect ourselves before it is too late. Whatever became late on the way here
    /// (a stalled process most of all), the look takes its full time from now.
    mutating func beginLastLook(at subject: NodeID, now: Instant) {
        guard let suspicion = suspicions[subject], suspicion.look == nil else { return }
        // Those who only verify another's declaration ask no relays in a large mesh: a thousand
        // nodes looking at one is load enough.
        let asksRelays =
            suspicion.declaredDead == nil || table.reachableOthersCount < Self.skepticsAskRelaysMax
        // Longer where we are really unwell (lost nacks alone raise the score a little, and are no
        // reason to wait), and where only TCP gets through.
        let isBlocked = isDatagramBlocked(subject)
        let span = parameters.lastLook * (isBlocked ? 4 : min(max(localHealth.factor - 3, 1), 4))
        let spacing = span / max(parameters.lastLookTries, 1)
        let probe = Probe(
            .lastLook, of: subject, now: now, timeout: spacing, end: span,
            tries: parameters.lastLookTries, asksRelays: asksRelays,
            escalatesEvery: isBlocked ? spacing / 2 : spacing * 2,
            opensStreamsAgain: asksRelays)
        guard let sequence = begin(probe, now: now) else {
            if let revision = suspicions[subject]?.nextRevision() {
                timers.schedule(
                    .suspicion(subject, revision: revision), at: now + parameters.lastLook)
            }
            return
        }
        suspicions[subject]?.look = sequence
    }

    static var skepticsAskRelaysMax: Int { 64 }

    /// The last look has failed.
    mutating func lookFailed(at subject: NodeID, now: Instant) {
        guard let suspicion = suspicions[subject], let position = table.position(of: subject) else {
            return
        }
        if let declared = suspicion.declaredDead, let author = suspicion.declaredBy {
            die(at: position, by: author, declared, now: now)
        } else {
            declareDead(at: position, now: now)
        }
    }

    private mutating func declareDead(at position: Int, now: Instant) {
        let member = table[position]
        die(at: position, by: id, nil, now: now)
        signDeath(of: member)
    }

    mutating func signDeath(of member: Member) {
        sign(
            .claim(
                MemberClaim(
                    .dead, subject: member.id, generation: member.generation,
                    incarnation: member.incarnation, author: id)))
    }

    mutating func die(at position: Int, by author: NodeID, _ claim: Update?, now: Instant) {
        end(.dead, at: position, by: author, claim, now: now)
        scheduleDeadContact(at: now + parameters.deadContactInterval)
    }

    /// Ends a member: dead, left or forgotten.
    mutating func end(
        _ state: MemberState, at position: Int, by author: NodeID, _ claim: Update?, now: Instant
    ) {
        let subject = table[position].id
        endSuspicion(of: subject)
        forgetAccusations(of: subject)
        ended[subject] = EndedRecord(claim: claim, anchor: now)
        setState(state, at: position, by: author, now: now)
    }

    /// An ack that was sent after the suspicion began ends it here, whatever others accuse
    /// (section 4 of the design: the last look).
    mutating func clear(_ subject: NodeID, now: Instant) {
        guard let suspicion = suspicions[subject], let position = table.position(of: subject) else {
            return
        }
        clearances.add(subject, suspicion, now: now)
        endSuspicion(of: subject)
        setState(.alive, at: position, by: id, now: now)
    }

    mutating func endSuspicion(of subject: NodeID) {
        guard let suspicion = suspicions.removeValue(forKey: subject) else { return }
        if let look = suspicion.look { endProbe(look) }
    }

    /// Accusations are told no more once something newer is known; what that is has slot 0.
    mutating func forgetAccusations(of subject: NodeID) {
        for slot in 1...UInt8(parameters.confirmationsExpected + 1) {
            lanes[.membership].remove(.init(subject: subject.bytes, slot: slot))
        }
    }

    // MARK: Seeing for ourselves

    /// Somebody else accuses a member. About `confirmersWanted` of those who hear it look at once,
    /// so that a death is confirmed, and an error cleared, within a second in a mesh of any size
    /// rather than when each one's round comes to it.
    mutating func considerConfirming(_ subject: NodeID, now: Instant) {
        guard parameters.lifeguard.contains(.shrinkingSuspicion) else { return }
        let others = table.reachableOthersCount
        guard
            others <= parameters.confirmersWanted
                || generator.index(below: others) < parameters.confirmersWanted
        else { return }
        timers.schedule(.confirm(subject), at: now)
    }

    mutating func confirmSuspicion(of subject: NodeID, now: Instant) {
        guard let suspicion = suspicions[subject], suspicion.look == nil,
            !suspicion.accusers.contains(id)
        else { return }
        _ = begin(ordinaryProbe(.confirmation, of: subject, now: now), now: now)
    }

    /// The claim that a member should hear so that it can refute, if we hold one.
    func claim(about position: Int) -> Update? {
        let member = table[position]
        switch member.state {
        case .alive: return nil
        case .suspect:
            let suspicion = suspicions[member.id]
            return suspicion?.declaredDead ?? suspicion?.claim
        case .dead, .left, .forgotten: return ended[member.id]?.claim
        }
    }

    /// Tells a member of a claim against it, at the address that it gave.
    mutating func tellAccused(at position: Int, _ claim: Update, now: Instant) {
        guard table[position].state != .left else { return }
        // The claim alone: whoever can make us say this should gain nothing by it.
        var writer = ByteWriter(reservingCapacity: 160)
        Message.gossip.write(to: &writer, extensionBytes: parameters.futureFields)
        writer.write(claim)
        effects.append(
            .send(
                payload: writer.bytes, to: table[position].address,
                isAcquainted: table[position].marks.contains(.acquainted),
                wireVersion: wireVersion(for: position)))
    }
}

import MeshChecks
package import MeshCore
import MeshPlacement

// What this node holds against the certified state, and the signing of it (section 6).

extension Verdicts {
    /// The parent of the flip that would come next; `nil` while the mesh has no birth.
    func parent(of place: Int) -> FlipID? {
        guard let birth = birth?.birth else { return nil }
        if let certified = book[place].certified { return certified.flip.id }
        return FlipID(genesisOf: book[place].id, in: mesh, birth: birth, using: cryptography)
    }

    func nextEpoch(of place: Int) -> UInt32 { book[place].certified?.flip.nextEpoch ?? 1 }

    /// Holds what this node has signed about a check against what it sees now, and signs what
    /// follows: a dissent when the streak is ripe, a withdrawal when it is no more.
    mutating func reconsider(_ duty: Int, now: Instant) {
        guard let held = duties.at(duty), let plan = plan(held.check), birth != nil else { return }
        let place = held.check
        guard
            let state = held.streak.ripe(delay: plan.rule.delay, interval: plan.rule.interval),
            state != book[place].certified?.flip.state
        else {
            // A streak that only pauses (an inherited count, a doubted burst) takes nothing back.
            if held.standing != nil || held.draft != nil, held.streak.isEmpty {
                withdraw(duty, now: now)
            } else if case .dissents(let signed)? = held.standing, held.streak[signed].count == 0 {
                withdraw(duty, now: now)
            }
            duties[duty]?.waitsForMajority = false
            return
        }
        guard isSettled, !isInDoubt(place, now: now) else { return }
        if isDoubtful, book[place].certified != nil { return }
        if let lost = majority.lostAt, lost >= held.lastBegan {
            // Cut off when it looked, as far as it knows: an opinion for its own side.
            return draft(.opines(state), duty, plan, now: now)
        }
        guard majority.holds(since: held.lastBegan) else {
            duties[duty]?.waitsForMajority = true
            dutiesAwaitingMajority.insert(duty)
            effects.append(.needMajority(since: held.lastBegan))
            return
        }
        duties[duty]?.waitsForMajority = false
        draft(.dissents(state), duty, plan, now: now)
    }

    /// Word of the majority, for everything that waited for it.
    package mutating func handle(majority holds: Bool, callBegan: Instant, now: Instant) {
        let wasLost = majority.lostAt != nil
        if holds {
            majority.heldAt = callBegan
            majority.lostAt = nil
            if wasLost { startAfresh(now: now) }
        } else {
            majority.heldAt = nil
            majority.lostAt = now
        }
        for duty in dutiesAwaitingMajority.sorted() {
            // A place may have another duty meanwhile.
            if duties.at(duty)?.waitsForMajority ?? false { reconsider(duty, now: now) }
            if !(duties.at(duty)?.waitsForMajority ?? false) {
                dutiesAwaitingMajority.remove(duty)
            }
        }
        let waiting = awaitingMajority
        awaitingMajority = []
        for place in waiting where holds { mint(place, now: now) }
        guard isSettled, birth == nil else { return }
        if holds, isBirthDue { return signBirth(now: now) }
        considerBirth(after: holds ? .zero : .seconds(1), now: now)
    }

    /// Back with the majority: what was seen while cut off may have been the cut. All of it is
    /// looked at again.
    private mutating func startAfresh(now: Instant) {
        for duty in duties.places {
            guard let held = duties.at(duty), !held.streak.isEmpty || held.standing != nil else {
                continue
            }
            duties[duty]?.streak = Streak(against: book[held.check].certified?.flip.state)
            duties[duty]?.look = nil
            if case .opines? = held.standing { withdraw(duty, now: now) }
            pullForward(duty, now: now)
        }
        for place in 0..<book.count where book[place].provisional != nil {
            setProvisional(nil, of: place)
        }
    }

    /// Takes back what is signed, if anything is.
    mutating func withdraw(_ duty: Int, now: Instant) {
        guard let held = duties.at(duty) else { return }
        if held.standing == nil {
            // What is still being signed must not stand; its number is spent.
            guard let draft = held.draft, draft.stance != .withdrawn else { return }
        }
        guard let plan = plan(held.check) else { return }
        draft(.withdrawn, duty, plan, now: now)
    }

    /// Takes back what is signed about a check that is not configured here any more.
    mutating func takeBack(_ place: Int, now: Instant) {
        guard let duty = book[place].duty, let held = duties.at(duty),
            var entry = held.draft ?? held.own?.entry, entry.stance != .withdrawn
        else { return }
        entry.stance = .withdrawn
        entry.observedAt = wallClock.time(at: now)
        sign(entry, place, duty: nil)
    }

    /// Signs a stance unless exactly this is signed or being signed.
    private mutating func draft(
        _ stance: Stance, _ duty: Int, _ plan: CheckDefinition, now: Instant
    ) {
        guard let held = duties.at(duty), let birth = birth?.birth,
            let parent = parent(of: held.check)
        else { return }
        let place = held.check
        let demands = demands(of: plan.rule, now: now)
        let roll = placement.confirmers(of: plan.id)
        var entry = LogEntry(
            check: plan.id, stance: stance, definition: plan.definition, birth: birth,
            parent: parent, epoch: nextEpoch(of: place), reason: .none,
            since: wallClock.time(at: now), observedAt: wallClock.time(at: now), streak: 0,
            latencyMicroseconds: 0, owners: UInt8(demands.owners), quorum: UInt8(demands.quorum),
            zones: UInt8(demands.zones), rollDigest: roll.digest(using: cryptography), node: id,
            generation: generation, sequence: 0)
        if let latest = held.draft ?? held.own?.entry, entry.says(thatOf: latest) { return }
        if let observation = held.lastObservation, case .saw(_, let reason) = observation.outcome {
            entry.reason = reason
            entry.latencyMicroseconds = UInt64(max(0, observation.latency.nanoseconds / 1_000))
        }
        switch stance {
        case .dissents(let state), .opines(let state):
            entry.since = held.streak[state].since
            entry.streak = held.streak[state].count
        case .withdrawn, .declines: break
        }
        sign(entry, place, duty: duty)
    }

    private mutating func sign(_ entry: LogEntry, _ place: Int, duty: Int?) {
        guard drafts.count < VerdictBounds.signaturesMax else {
            counters.boundsReached += 1
            return
        }
        var entry = entry
        sequence += 1
        entry.sequence = sequence
        lastDraft += 1
        drafts[lastDraft] = .entry(entry, check: place)
        if let duty { duties[duty]?.draft = entry }
        effects.append(.sign(entry.signedBytes(mesh: mesh), token: lastDraft))
    }

    package mutating func handle(signature: Signature, for token: UInt64, now: Instant) {
        guard let draft = drafts.removeValue(forKey: token) else { return }
        switch draft {
        case .entry(let entry, let place):
            publish(SignedEntry(entry: entry, signature: signature), place, now: now)
        case .birth(let birth):
            adopt(
                SignedBirth(birth: birth, key: ownKey, signature: signature, using: cryptography),
                now: now)
        }
    }

    var ownKey: PublicKey { members[id]?.key ?? PublicKey(.zero) }

    /// An own entry is signed: the co-owners hear of it at once.
    private mutating func publish(_ signed: SignedEntry, _ place: Int, now: Instant) {
        let entry = signed.entry
        guard book[place].id == entry.check, book[place].isOpen else { return }
        let isCurrent = entry.generation == generation && entry.parent == parent(of: place)
        if entry.stance == .declines {
            _ = book[place].board.post(signed, now: now)
            book[place].board.stands(id, now: now)
            book.noteChange(place)
            effects.append(.tellAll(signed.update(), about: subject(place, id)))
            return
        }
        guard let duty = book[place].duty, let held = duties.at(duty), isCurrent else {
            // The duty has ended or the flip is past. A withdrawal still goes out.
            if isCurrent, entry.stance == .withdrawn { spreadWithdrawal(signed, place, now: now) }
            return
        }
        if held.draft == entry { duties[duty]?.draft = nil }
        if let own = held.own, !entry.isNewer(than: own.entry) { return }
        let wasStanding = held.standing != nil
        duties[duty]?.own = signed
        switch entry.stance {
        case .dissents, .opines:
            _ = book[place].board.post(signed, now: now)
            book[place].board.stands(id, now: now)
            book.noteChange(place)
            mail(signed, place)
            if !wasStanding {
                duties[duty]?.dissentSince = now
                duties[duty]?.standInsAsked = []
                duties[duty]?.standInRounds = 0
            }
            timers.schedule(
                .tellAll(check: place, sequence: entry.sequence), at: now + parameters.tellAllDelay)
            if entry.stance.isDissent {
                timers.schedule(
                    .lonelyDissent(check: place, sequence: entry.sequence),
                    at: now + parameters.standInDelay)
                mint(place, now: now)
            } else {
                judgeProvisional(place, now: now)
            }
        case .withdrawn:
            spreadWithdrawal(signed, place, now: now)
        case .declines: break
        }
    }

    private mutating func spreadWithdrawal(_ signed: SignedEntry, _ place: Int, now: Instant) {
        let hadDeclined = book[place].board[id]?.entry.stance == .declines
        _ = book[place].board.post(signed, now: now)
        book.noteChange(place)
        mail(signed, place)
        let wasTold = book[place].duty.flatMap { duties.at($0)?.isToldToAll } ?? true
        if wasTold || hadDeclined {
            effects.append(.tellAll(signed.update(), about: subject(place, id)))
        }
        if let duty = book[place].duty {
            duties[duty]?.isToldToAll = false
            duties[duty]?.dissentSince = nil
        }
        judgeProvisional(place, now: now)
    }

    /// Brings an own entry to everybody who decides about the check: its owners, those who stand
    /// in, and those who have signed.
    private mutating func mail(_ signed: SignedEntry, _ place: Int) {
        let page = book[place]
        var nodes = placement.owners(of: page.id)
        if let duty = page.duty, let held = duties.at(duty) { nodes += held.standInsAsked }
        nodes += page.board.posted.map(\.entry.node)
        let receivers = Set(nodes).subtracting([id]).sorted()
        guard !receivers.isEmpty else { return }
        effects.append(.mail(signed.update(), about: subject(place, id), to: receivers))
    }

    /// What an entry is about, in queues: one check and one signer.
    func subject(_ place: Int, _ node: NodeID) -> Bytes16 {
        let check = book[place].id.bytes
        return Bytes16(high: check.high ^ node.bytes.low, low: check.low ^ node.bytes.high)
    }

    /// A dissent that nobody has certified yet is everybody's to know.
    mutating func tellAll(_ place: Int, sequence: UInt64, now: Instant) {
        guard let duty = book[place].duty, let own = duties.at(duty)?.own,
            own.entry.sequence == sequence, duties.at(duty)?.standing != nil
        else { return }
        duties[duty]?.isToldToAll = true
        effects.append(.tellAll(own.update(), about: subject(place, id)))
    }

    /// All standing entries again, under a new generation.
    mutating func resignAll(now: Instant) {
        for duty in duties.places {
            guard let held = duties.at(duty) else { continue }
            let wasStanding = held.standing != nil
            duties[duty]?.own = nil
            duties[duty]?.draft = nil
            if wasStanding { reconsider(duty, now: now) }
        }
    }

    // MARK: Declining

    /// This node is asked about a check that it does not have: whoever assigns owners should know.
    mutating func decline(_ place: Int, now: Instant) {
        guard isSettled, plan(place) == nil, let birth = birth?.birth else { return }
        // What was said under an earlier generation the others have forgotten.
        if let said = book[place].board[id]?.entry, said.stance == .declines,
            said.generation == generation
        {
            return
        }
        if let asked = book[place].declinedAt, now - asked < .seconds(10) { return }
        book[place].declinedAt = now
        let entry = LogEntry(
            check: book[place].id, stance: .declines,
            definition: book[place].certified?.flip.definition ?? DefinitionID(.zero),
            birth: birth, parent: parent(of: place) ?? FlipID(.zero),
            epoch: nextEpoch(of: place), reason: .none, since: wallClock.time(at: now),
            observedAt: wallClock.time(at: now), streak: 0, latencyMicroseconds: 0, owners: 1,
            quorum: 1, zones: 1, rollDigest: 0, node: id, generation: generation, sequence: 0)
        sign(entry, place, duty: nil)
    }

    /// The check is configured here now: what was declined is taken back.
    mutating func revokeDecline(_ place: Int, now: Instant) {
        guard var entry = book[place].board[id]?.entry, entry.stance == .declines,
            let birth = birth?.birth, let parent = parent(of: place)
        else { return }
        placement.setDeclining(false, node: id, check: book[place].id)
        entry.stance = .withdrawn
        // Flips may have come since; a word about a past one would be nobody's business.
        entry.birth = birth
        entry.parent = parent
        entry.epoch = nextEpoch(of: place)
        entry.generation = generation
        entry.observedAt = wallClock.time(at: now)
        sign(entry, place, duty: nil)
    }
}

extension Stance {
    var isDissent: Bool { if case .dissents = self { true } else { false } }
}

extension LogEntry {
    /// Whether nothing would change for whoever counts if this were signed after `other`.
    func says(thatOf other: LogEntry) -> Bool {
        stance == other.stance && check == other.check && definition == other.definition
            && parent == other.parent && owners == other.owners && quorum == other.quorum
            && zones == other.zones && rollDigest == other.rollDigest
            && generation == other.generation
    }
}

import MeshChecks
package import MeshCore
import MeshPlacement

// Flips that this node holds for certified, and which of two goes on (section 6).

extension Verdicts {
    /// A certificate that another minted.
    mutating func receiveCertificate(
        _ body: [UInt8], from peer: NodeID?, now: Instant
    ) throws(DecodeError) {
        guard let (id, check, _) = Certificate.peekID(body) else { throw .truncated }
        let held = book.place(of: check).flatMap { book[$0].certified?.flip }
        if held?.id == id { return }
        // A fork's loser that is brought again has no more to say.
        if let place = book.place(of: check), book[place].certified?.rivals.contains(id) ?? false {
            return
        }
        let certificate = try decode(body)
        if let held, held.birth == certificate.flip.birth, held.epoch > certificate.flip.epoch {
            return
        }
        do throws(CertificateFault) {
            _ = try CertificateVerifier.verify(
                certificate, mesh: mesh, cryptography: cryptography, trusting: trusted)
        } catch {
            counters.certificatesRefused += 1
            return
        }
        guard let place = book.open(certificate.flip.check) else {
            counters.boundsReached += 1
            return
        }
        guard believes(certificate, place, from: peer, now: now) else {
            counters.certificatesDoubted += 1
            return
        }
        adopt(certificate, encoded: body, origin: .received, place, now: now)
    }

    private func decode(_ body: [UInt8]) throws(DecodeError) -> Certificate {
        try Certificate.decode(ByteReader(body), mesh: mesh, cryptography: cryptography)
    }

    /// Read from disk before the start.
    package mutating func restore(certificate body: [UInt8], now: Instant) {
        guard let certificate = try? decode(body),
            let place = book.open(certificate.flip.check)
        else { return }
        adopt(certificate, encoded: body, origin: .restored, place, now: now)
    }

    package mutating func restore(birth body: [UInt8], now: Instant) {
        guard let signed = try? SignedBirth.decode(body, using: cryptography) else { return }
        receive(signed, now: now)
    }

    /// Makes a verified flip the state of its check, if its chain goes on there.
    mutating func adopt(
        _ certificate: Certificate, encoded: [UInt8], origin: CheckEvent.Origin, _ place: Int,
        now: Instant
    ) {
        let flip = certificate.flip
        guard flip.birth == birth?.birth || origin == .restored || birth == nil else { return }
        let former = book[place].certified
        var isContested = false
        // Whoever holds the parent knows what state it was in; nobody signed that.
        if let former, former.flip.id == flip.parent, former.flip.state != certificate.previous {
            counters.certificatesRefused += 1
            return
        }
        if let former {
            guard former.flip.id != flip.id, flip.prevails(over: former.flip) else {
                if former.flip.id != flip.id, former.flip.epoch == flip.epoch,
                    former.flip.birth == flip.birth
                {
                    contest(place, lost: flip, won: former.flip, now: now)
                }
                return
            }
            let isSibling = former.flip.epoch == flip.epoch && former.flip.birth == flip.birth
            let isNephew =
                former.flip.epoch + 1 == flip.epoch && former.flip.birth == flip.birth
                && flip.parent != former.flip.id
            isContested = isSibling || isNephew
        }
        book[place].certified = CheckBook.Certified(
            flip: flip, certificate: encoded, learntAt: now, isContested: false)
        book[place].isBystanderWaiting = false
        book[place].vouchers.removeAll()
        let update = Update(kind: UpdateKind.certificate, body: encoded)
        for posted in book[place].board.posted where posted.entry.epoch <= flip.epoch {
            effects.append(.hush(about: subject(place, posted.entry.node)))
        }
        book[place].board.remove { entry in
            entry.epoch <= flip.epoch && entry.stance != .declines || entry.birth != flip.birth
        }
        book.noteChange(place)
        if origin != .restored {
            effects.append(.store(StoredItem(key: Self.key(of: flip.check), value: encoded)))
            if update.body.count <= Update.byteCountMax {
                effects.append(.tellAll(update, about: book[place].id.bytes))
            }
        }
        if origin == .minted {
            let owners = placement.owners(of: flip.check).filter { $0 != id }
            if !owners.isEmpty, update.body.count <= Update.byteCountMax {
                effects.append(.mail(update, about: book[place].id.bytes, to: owners))
            }
        }
        report(.flipped(flip, from: former?.flip.state, origin: origin))
        if isContested, let former {
            contest(place, lost: former.flip, won: flip, now: now)
        }
        setProvisional(nil, of: place)
        beginAnew(place, at: flip, now: now)
        // A dissent that came before its parent may count now.
        if !book[place].board.isEmpty { mint(place, now: now) }
    }

    static func key(of check: CheckID) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(ascii: "c"))
        writer.write(check.bytes)
        return writer.bytes
    }

    /// This node's own looks against the new state.
    private mutating func beginAnew(_ place: Int, at flip: Flip, now: Instant) {
        burst.clear(place)
        guard let duty = book[place].duty, let held = duties.at(duty) else { return }
        duties[duty]?.streak = Streak(against: flip.state)
        duties[duty]?.own = nil
        duties[duty]?.draft = nil
        duties[duty]?.waitsForMajority = false
        duties[duty]?.dissentSince = nil
        duties[duty]?.isToldToAll = false
        duties[duty]?.standInsAsked = []
        duties[duty]?.standInRounds = 0
        if held.isStandIn {
            dropDuty(of: place)
        } else if case .saw(flip.state, _)? = held.lastObservation?.outcome {
            duties[duty]?.isExact = false
        }
    }

    // MARK: Forks

    /// Two flips of one check that cannot both be: nothing is told until every live owner has
    /// looked again and none dissents.
    private mutating func contest(_ place: Int, lost: Flip, won: Flip, now: Instant) {
        guard var certified = book[place].certified,
            certified.rivals.count < CheckBook.Certified.rivalsMax,
            !certified.rivals.contains(lost.id)
        else { return }
        certified.rivals.append(lost.id)
        book[place].certified = certified
        report(.forked(lost: lost, won: won))
        book[place].certified?.isContested = true
        if let duty = book[place].duty { pullForward(duty, now: now) }
        let plan = plan(place)
        let span = (plan?.rule.interval ?? .minutes(1)) + (plan?.timeout ?? .seconds(10))
        timers.schedule(
            .confirm(check: place, won.id), at: now + span + parameters.headPeriodMin)
    }

    mutating func confirm(_ flip: FlipID, of place: Int, now: Instant) {
        guard let certified = book[place].certified, certified.isContested,
            certified.flip.id == flip
        else { return }
        let isDoubted = book[place].board.posted.contains {
            $0.entry.parent == flip && $0.entry.stance.isDissent
                && isStanding($0, place, now: now)
        }
        guard !isDoubted else {
            let interval = plan(place)?.rule.interval ?? .minutes(1)
            return timers.schedule(.confirm(check: place, flip), at: now + interval)
        }
        book[place].certified?.isContested = false
        report(.confirmed(certified.flip))
    }

    // MARK: Birth

    package mutating func setSettled(_ settled: Bool, now: Instant) {
        guard settled != isSettled else { return }
        isSettled = settled
        guard settled else { return }
        considerBirth(now: now)
        for duty in duties.places { reconsider(duty, now: now) }
        for place in 0..<book.count where !book[place].board.isEmpty { mint(place, now: now) }
    }

    /// A mesh that has never decided anything needs a beginning. The lowest node makes it at once,
    /// the others a little later each, so that mostly there is one.
    mutating func considerBirth(after pause: TimeSpan = .zero, now: Instant) {
        guard isSettled, birth == nil else { return }
        let rank = members.values.count { $0.isReachable && $0.id < id }
        let due = now + pause + .milliseconds(500) * min(rank, 8)
        if birthAlarm.set(at: due) { timers.schedule(.birth, at: due) }
    }

    mutating func makeBirth(now: Instant) {
        guard birthAlarm.goesOff(at: now), isSettled, birth == nil else { return }
        guard majority.holds(since: now - parameters.majorityAge) else {
            // Its turn has come; the answer, not another wait, decides.
            isBirthDue = true
            effects.append(.needMajority(since: now))
            return
        }
        signBirth(now: now)
    }

    mutating func signBirth(now: Instant) {
        isBirthDue = false
        let made = Birth(at: wallClock.time(at: now), random: generator.next())
        lastDraft += 1
        drafts[lastDraft] = .birth(made)
        effects.append(
            .sign(SignedBirth.signedBytes(of: made, mesh: mesh), token: lastDraft))
    }

    mutating func receive(_ signed: SignedBirth, now: Instant) {
        if let birth, birth.birth <= signed.birth { return }
        guard trusted.contains(signed.key), signed.isValid(mesh: mesh, using: cryptography) else {
            counters.entriesRefused += 1
            return
        }
        adopt(signed, now: now)
    }

    mutating func adopt(_ signed: SignedBirth, now: Instant) {
        if let birth, birth.birth <= signed.birth { return }
        birth = signed
        effects.append(.store(StoredItem(key: [UInt8(ascii: "b")], value: signed.update().body)))
        effects.append(.tellAll(signed.update(), about: mesh.bytes))
        for place in 0..<book.count {
            let isOther = book[place].certified.map { $0.flip.birth != signed.birth } ?? false
            if isOther { book[place].certified = nil }
            book[place].board.remove { $0.birth != signed.birth && $0.stance != .declines }
            book.noteChange(place)
            guard let duty = book[place].duty, let held = duties.at(duty) else { continue }
            if isOther || held.own.map({ $0.entry.birth != signed.birth }) ?? false {
                // What was seen a moment ago counts towards the new chain's first flip.
                var streak = Streak(against: nil)
                if case .saw(let state, _)? = held.lastObservation?.outcome,
                    let observed = held.lastObservedAt
                {
                    streak.note(state, due: observed, at: wallClock.time(at: now))
                }
                duties[duty]?.streak = streak
                duties[duty]?.own = nil
                duties[duty]?.draft = nil
            }
            reconsider(duty, now: now)
        }
    }

    // MARK: Provisional

    /// What most of the check's reachable owners see from a side without the majority.
    mutating func judgeProvisional(_ place: Int, now: Instant) {
        let owners = placement.owners(of: book[place].id)
        let opinions = book[place].board.posted.filter { posted in
            if case .opines = posted.entry.stance {
                return owners.contains(posted.entry.node) && isStanding(posted, place, now: now)
            }
            return false
        }
        let certified = book[place].certified?.flip.state
        for state in statesWorstFirst(from: certified) {
            let supporters = opinions.count { posted in
                guard case .opines(let seen) = posted.entry.stance else { return false }
                return Support.does(seen, support: state, from: certified)
            }
            if supporters * 2 > owners.count { return setProvisional(state, of: place) }
        }
        setProvisional(nil, of: place)
    }

    private func statesWorstFirst(from certified: TargetState?) -> [TargetState] {
        TargetState.allCases.filter { $0 != certified }.sorted(by: >)
    }

    mutating func setProvisional(_ state: TargetState?, of place: Int) {
        guard book[place].provisional != state else { return }
        book[place].provisional = state
        report(.provisional(book[place].id, state))
    }
}

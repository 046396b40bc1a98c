import MeshChecks
package import MeshCore
import MeshPlacement

// When the mesh began to decide: who says so, and what becomes of what was decided under another
// birth (section 6).

extension Verdicts {
    /// Read from disk before the start.
    package mutating func restore(birth body: [UInt8], now: Instant) {
        guard let signed = try? SignedBirth.decode(body, using: cryptography) else { return }
        receive(signed, now: now)
    }

    package mutating func setSettled(_ settled: Bool, now: Instant) {
        guard settled != isSettled else { return }
        isSettled = settled
        guard settled else { return }
        if settledAt == nil { hasCome = birth != nil }
        settledAt = now
        considerBirth(now: now)
        if (0..<book.count).contains(where: { !book[$0].vouchers.isEmpty }) { askAround(now: now) }
        askNewcomers(now: now)
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

    /// Two members whose chains begin differently do not understand one another: one of them is
    /// taught, at most one member a second, for anti-entropy does the rest.
    mutating func compareBirths(_ theirs: Birth, of peer: NodeID?, now: Instant) {
        guard let peer, theirs != birth?.birth else { return }
        if let birth, birth.birth < theirs {
            if let last = birthTaughtAt, now - last < .seconds(1) { return }
            birthTaughtAt = now
            effects.append(.mail(birth.update(), about: mesh.bytes, to: [peer]))
        } else {
            if let last = birthMissedAt, now - last < .seconds(1) { return }
            birthMissedAt = now
            effects.append(.compare(with: peer))
        }
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
        book.dropArchive()
        for place in 0..<book.count where book[place].isOpen {
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
}

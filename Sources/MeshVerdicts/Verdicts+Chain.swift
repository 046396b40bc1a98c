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
        let known = book.place(of: check)
        if let known {
            if book[known].certified?.flip.id == id, book[known].certified?.hasProof ?? false {
                return
            }
            // A fork's loser that is brought again has no more to say.
            if book[known].certified?.rivals.contains(id) ?? false { return }
        }
        let held = known.flatMap { book[$0].certified?.flip }
        let certificate = try decode(body)
        compareBirths(certificate.flip.birth, of: peer, now: now)
        if let held, held.birth == certificate.flip.birth, held.epoch > certificate.flip.epoch,
            !isOfInterest(certificate.flip)
        {
            return
        }
        guard !isForgotten(certificate, now: now) else {
            counters.entriesOutdated += 1
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
        if let flip = Flip.archived(body, mesh: mesh, cryptography: cryptography) {
            // Of another birth it is the past of another chain.
            if birth == nil || flip.birth == birth?.birth { book.restore(archived: flip) }
            return
        }
        guard let certificate = try? decode(body), certificate.leadingID == certificate.flip.id,
            certificate.supporters.allSatisfy({ $0.entry.stance.isDissent }),
            let place = book.open(certificate.flip.check)
        else { return }
        adopt(certificate, encoded: body, origin: .restored, place, now: now)
    }

    /// Makes a verified flip the state of its check, if its chain goes on there.
    mutating func adopt(
        _ certificate: Certificate, encoded: [UInt8], origin: CheckEvent.Origin, _ place: Int,
        now: Instant
    ) {
        let flip = certificate.flip
        // Held under a birth that is not known yet, it would be lost to the next one that is heard
        // of, and be minted again. Whoever brings it brings the birth, too.
        guard flip.birth == birth?.birth || birth == nil && origin == .restored else { return }
        let former = book[place].certified
        // Whoever holds the parent knows what state it was in; nobody signed that.
        if let former, former.flip.id == flip.parent, former.flip.state != certificate.previous {
            counters.certificatesRefused += 1
            return
        }
        var isContested = false
        if let former {
            guard flip.fitsBeside(former.flip) else {
                counters.certificatesRefused += 1
                return
            }
            guard former.flip.id != flip.id, flip.prevails(over: former.flip) else {
                if former.flip.id == flip.id { prove(place, certificate, encoded, origin) }
                return takeUpPast(flip, encoded: encoded, place, now: now)
            }
            isContested = former.isExcluded(by: flip)
        }
        book[place].certified = CheckBook.Certified(
            flip: flip, certificate: encoded, observedAt: certificate.observedAt, learntAt: now,
            rivals: former?.rivals ?? [], gap: former?.gap(before: flip))
        if isContested, let former {
            isContested = contest(place, lost: former.flip, now: now)
        }
        book[place].isBystanderWaiting = false
        book[place].vouchers.removeAll()
        let update = Update(kind: UpdateKind.certificate, body: encoded)
        compareProof(certificate, place, now: now)
        for posted in book[place].board.posted where posted.entry.epoch <= flip.epoch {
            effects.append(.hush(about: subject(place, posted.entry.node)))
        }
        book[place].board.remove { entry in
            entry.epoch <= flip.epoch && entry.stance != .declines || entry.birth != flip.birth
        }
        book.noteChange(place)
        if origin != .restored {
            effects.append(.store(StoredItem(key: Self.key(of: flip.check), value: encoded)))
            effects.append(.tellAll(update, about: book[place].id.bytes))
        }
        if origin == .minted {
            let owners = placement.owners(of: flip.check).filter { $0 != id }
            if !owners.isEmpty {
                effects.append(.mail(update, about: book[place].id.bytes, to: owners))
            }
        }
        effects.append(.certified(certificate, origin: origin))
        report(.flipped(flip, from: former?.flip.state, origin: origin))
        setProvisional(nil, of: place)
        beginAnew(place, at: flip, now: now)
        if isContested { beginRound(place, proof: former?.certificate, now: now) }
        // A dissent that came before its parent may count now.
        if !book[place].board.isEmpty { mint(place, now: now) }
    }

    /// The flip that is certified here had come from the archive, and now its proof has.
    private mutating func prove(
        _ place: Int, _ certificate: Certificate, _ encoded: [UInt8], _ origin: CheckEvent.Origin
    ) {
        guard let certified = book[place].certified, !certified.hasProof else { return }
        book[place].certified?.prove(by: encoded)
        book[place].certified?.observedAt = certificate.observedAt
        book.noteChange(place)
        guard origin != .restored else { return }
        let item = StoredItem(key: Self.key(of: certificate.flip.check), value: encoded)
        effects.append(.store(item))
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

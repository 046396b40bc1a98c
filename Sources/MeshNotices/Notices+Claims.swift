package import MeshCore

/// Claims of others, and their answers to ours.
///
/// Why two claims at once send one notice. Of the two nodes, each hears the other's claim or its
/// answer; the one of worse rank yields unless its request has left, and then the better one does.
/// A third node that has told one to go on says so to the other, which then waits for the first's
/// own word (a *doubt*): what was acked may have left. What remains is loss of all these answers
/// for longer than a claim waits.
extension Notices {
    /// Another node claims a notice, or renews its claim.
    package mutating func receive(
        claim update: Update, from peer: NodeID, now: Instant
    ) -> NoticesIntake {
        guard let claim = try? Claim.decode(update.body) else { return .refused }
        guard peer != id else { return .known }
        let line = claim.line
        if let told = ledger.signedTold(on: line), told.statement.place >= claim.place {
            effects.append(
                .answer(Update(kind: UpdateKind.receipt, body: told.body), to: peer))
            return .known
        }
        if let told = wordThatSettles(claim) {
            effects.append(.answer(Update(kind: UpdateKind.receipt, body: told), to: peer))
            return .known
        }
        if let (own, leaseLeft) = ownClaim(on: line, now: now), !gives(way: own, to: claim) {
            answer(claim, of: peer, .held(own, by: id, leaseLeft: leaseLeft))
            return .known
        }
        let other = claims.best(on: line, at: now, besides: peer)
        let isHeld = other != nil && !claim.hasLeft
        if let other, isHeld {
            answer(
                claim, of: peer,
                .held(other.claim, by: other.node, leaseLeft: other.leaseEnd - now))
            guard claim.isBetter(than: other.claim), !other.claim.hasLeft else { return .known }
        }
        guard hold(claim, of: peer, until: now + parameters.lease) else {
            effects.append(.report(.refused(.claims)))
            return .known
        }
        if !isHeld { answer(claim, of: peer, .ack) }
        if var errand = errands[line] {
            if errand.place == claim.place { errand.enter(claim.round) }
            if !errand.hasLeft { giveUpClaim(&errand) }
            errands[line] = errand
            advance(line, now: now)
        }
        return .new
    }

    /// What a contact was told, if nothing is left to tell it of the very news that a claim is about:
    /// its claimant has missed that word, as after a cut, and would tell of an end whose beginning
    /// was taken back already.
    private func wordThatSettles(_ claim: Claim) -> [UInt8]? {
        guard !claim.hasLeft, errands[claim.line] == nil,
            stories[claim.line.topic]?.place == claim.place
        else { return nil }
        return ledger.signedTold(on: claim.line)?.body
    }

    private static var supersededMax: Int { 3 }

    /// Says to a claimant that the check has flipped since what it wants to tell of. Whoever calls
    /// this sends it that flip, too. Nothing is said to one whose request has left.
    package mutating func supersede(claim update: Update, of peer: NodeID) {
        guard let claim = try? Claim.decode(update.body), !claim.hasLeft else { return }
        answer(claim, of: peer, .superseded)
    }

    /// This node's own claim on a line, from when it was made until its receipt is out.
    private func ownClaim(on line: Line, now: Instant) -> (Claim, leaseLeft: TimeSpan)? {
        guard let errand = errands[line] else { return nil }
        switch errand.phase {
        case .storing(let claim): return (claim, parameters.lease)
        case .claiming(let pending):
            guard pending.leaseEnd > now else { return nil }
            return (pending.claim, pending.leaseEnd - now)
        case .sending(let attempt): return (attempt.claim, parameters.lease)
        case .signing(.sent, let claim): return claim.map { ($0, parameters.lease) }
        case .waiting, .mustering, .signing(.failed, _): return nil
        }
    }

    /// The better claim holds, and one that has left holds against every other.
    private func gives(way own: Claim, to claim: Claim) -> Bool {
        if own.hasLeft { return false }
        return claim.hasLeft || claim.isBetter(than: own)
    }

    private mutating func answer(_ claim: Claim, of peer: NodeID, _ verdict: ClaimAnswer.Verdict) {
        let answer = ClaimAnswer(number: claim.number, verdict: verdict)
        effects.append(.answer(answer.update(), to: peer))
    }

    /// Holds another's claim, and wakes when its lease ends.
    @discardableResult
    mutating func hold(_ claim: Claim, of node: NodeID, until leaseEnd: Instant) -> Bool {
        guard claims.hold(claim, of: node, until: leaseEnd) else { return false }
        deadlines.schedule(.lease(claim.line), at: leaseEnd)
        return true
    }

    /// An owner's answer to this node's claim.
    package mutating func receive(
        claimAnswer update: Update, from peer: NodeID, now: Instant
    ) -> NoticesIntake {
        guard let answer = try? ClaimAnswer.decode(update.body) else { return .refused }
        guard let line = claimNumbers[answer.number], var errand = errands[line],
            case .claiming(var pending) = errand.phase, pending.claim.number == answer.number,
            let news = stories[line.topic]
        else { return .known }
        switch answer.verdict {
        case .ack:
            pending.yielded.append(peer)
            pending.doubts.removeAll { $0.node == peer }
        case .held(let claim, let holder, let leaseLeft):
            guard holder != id, claim.line == line else { return .known }
            let leaseEnd = now + leaseLeft.clamped(from: .zero, to: parameters.lease)
            let held = ClaimBook.Held(claim: claim, node: holder, leaseEnd: leaseEnd)
            if claim.hasLeft || holder == peer || claim.isBetter(than: pending.claim) {
                hold(claim, of: holder, until: leaseEnd)
                claimNumbers[answer.number] = nil
                errand.phase = .waiting
                errands[line] = errand
                advance(line, now: now)
                return .new
            }
            if !pending.yielded.contains(holder) { pending.doubts.append(held) }
        case .superseded:
            // So often only: a liar says it every time.
            guard errand.supersededCount < Self.supersededMax else { return .known }
            errand.supersededCount += 1
            errand.notBefore = max(errand.notBefore, now + parameters.rung)
            giveUpClaim(&errand)
            errands[line] = errand
            advance(line, now: now)
            return .new
        }
        errand.phase = .claiming(pending)
        if pending.doubts.isEmpty, hasLeave(pending, for: news) {
            send(&errand, pending, on: line, for: news, now: now)
        }
        errands[line] = errand
        advance(line, now: now)
        return .new
    }

    /// Leases have ended without a receipt: those ranks had their turn, the next one's is now.
    mutating func handleLapses(on line: Line, now: Instant) {
        let lapsed = claims.takeLapsed(on: line, at: now)
        guard !lapsed.isEmpty, var errand = errands[line] else { return }
        for held in lapsed
        where held.claim.place == errand.place && held.claim.round >= errand.round {
            errand.enter(held.claim.round)
            errand.spend(held.node, now: now)
        }
        errand.base = max(errand.base, errand.hasLeft ? errand.base : now)
        errands[line] = errand
        advance(line, now: now)
    }
}

import MeshChecks
package import MeshCore

/// A node's turn: when it may claim a notice, and what it does when its time has come.
///
/// `advance` looks at one errand and does whatever is due. It may be called at any time and any
/// number of times; it sets the errand's alarm for when something will be due next.
extension Notices {
    mutating func advance(_ line: Line, now: Instant) {
        guard var errand = errands[line], let news = stories[line.topic] else { return }
        if !errand.hasLeft, errand.place != news.place,
            claims.best(on: line, at: now)?.claim.place != errand.place
        {
            return reconsider(line, now: now)
        }
        hold(&errand, now: now)
        if !errand.hasLeft, !mayClaim(news) { giveUpClaim(&errand) }
        let due: Instant?
        switch errand.phase {
        case .waiting:
            due = wait(&errand, on: line, for: news, now: now)
        case .mustering:
            if isMajorityFresh(now) { beginClaim(&errand, on: line, for: news, now: now) }
            due = nil
        case .storing, .signing:
            due = nil
        case .claiming(let pending):
            due = claimOn(&errand, pending, on: line, for: news, now: now)
        case .sending(let attempt):
            due = goOnSending(&errand, attempt, on: line, for: news, now: now)
        }
        reportChange(of: &errand, on: line, now: now)
        let next = due ?? nextLook(at: errand)
        if let next, errand.alarm.set(at: next) {
            deadlines.schedule(.errand(line), at: next)
        }
        errands[line] = errand
    }

    /// When an errand is to be looked at again after its phase has changed on the way.
    private func nextLook(at errand: Errand) -> Instant? {
        switch errand.phase {
        case .claiming(let pending): min(pending.deadline, pending.nextTry)
        case .sending(let attempt): min(attempt.deadline, attempt.nextRenewal)
        case .waiting, .mustering, .storing, .signing: nil
        }
    }

    func mayClaim(_ news: News) -> Bool {
        footing >= (news.needsMajority ? .majority : .settled)
    }

    func isMajorityFresh(_ now: Instant) -> Bool { majorityUntil.map { now <= $0 } ?? false }

    /// Whether a silence, or what its check stands on, holds the errand; a hold that has just ended
    /// lets the ladder begin.
    private mutating func hold(_ errand: inout Errand, now: Instant) {
        let isSilenced = silence(of: errand.notice.check, now: now) != nil
        let reason = isSilenced ? Reason.none : dependencyHold(of: errand, now: now)?.reason
        if reason == nil, errand.isHeld {
            errand.hold = nil
            errand.base = max(errand.base, now)
        } else if let reason, errand.isHeld || !errand.hasLeft {
            if !errand.isHeld { giveUpClaim(&errand) }
            errand.hold = reason
        }
    }

    /// That a check is up again is told in any case: who was told of its outage waits for it. The
    /// mesh's own troubles stand on nothing.
    private func dependencyHold(of errand: Errand, now: Instant) -> DependencyBook.Hold? {
        guard errand.notice.state != .up, errand.notice.kind != .mesh else { return nil }
        return dependencies.hold(errand.notice.check, now: now)
    }

    /// When a hold ends by itself, if it does.
    private func holdEnd(of errand: Errand, now: Instant) -> Instant? {
        if let end = silence(of: errand.notice.check, now: now) {
            return wallClock.instant(of: end) + .milliseconds(1)
        }
        return dependencyHold(of: errand, now: now)?.until
    }

    /// Goes back to waiting. A claim that was sent is left to end by itself.
    mutating func giveUpClaim(_ errand: inout Errand) {
        if let number = errand.claimNumber { claimNumbers[number] = nil }
        errand.phase = .waiting
    }

    /// Waits, or claims if it is this node's turn. Returns when to look again.
    private mutating func wait(
        _ errand: inout Errand, on line: Line, for news: News, now: Instant
    ) -> Instant? {
        if errand.isHeld { return holdEnd(of: errand, now: now) }
        guard mayClaim(news), news.ladder.rank(of: id) != nil, route(for: line) != nil else {
            return nil
        }
        // Another's claim holds: the end of its lease has a timer of its own.
        guard !claims.isClaimed(line, at: now) else { return nil }
        guard
            let rungs = news.ladder.rungs(
                before: id, spent: errand.spent, isAlive: { self.isAlive($0) })
        else {
            return waitForRound(&errand, on: line, for: news, now: now)
        }
        let turn = max(errand.base + parameters.rung * rungs, errand.notBefore)
        guard turn <= now else { return turn }
        if !contacts.contains(line.contact) {
            fail(&errand, on: line, because: .init("this node does not know the contact"), now: now)
        } else if news.needsMajority, !isMajorityFresh(now) {
            errand.phase = .mustering
            mustering.append(line)
            askForMajority(now: now)
        } else {
            beginClaim(&errand, on: line, for: news, now: now)
        }
        return nil
    }

    /// This node has failed in this round. When every other has had its time, and after a pause,
    /// all begin again.
    private mutating func waitForRound(
        _ errand: inout Errand, on line: Line, for news: News, now: Instant
    ) -> Instant? {
        let others = news.ladder.remaining(
            besides: id, spent: errand.spent, isAlive: { self.isAlive($0) })
        let next =
            errand.base + parameters.rung * others + parameters.pause(after: errand.round)
        guard next <= now else { return next }
        errand.enterNextRound(now: now)
        return wait(&errand, on: line, for: news, now: now)
    }

    /// The claim is written down before it leaves.
    private mutating func beginClaim(
        _ errand: inout Errand, on line: Line, for news: News, now: Instant
    ) {
        lastNumber += 1
        let claim = Claim(
            number: lastNumber, topic: line.topic, check: news.check, contact: line.contact,
            ordinal: errand.place.ordinal, occasion: errand.place.occasion,
            birth: errand.place.birth, epoch: errand.place.epoch, state: errand.place.state,
            rank: UInt32(news.ladder.rank(of: id) ?? 0), round: errand.round, hasLeft: false)
        errand.phase = .storing(claim)
        errand.hasStoredClaim = true
        claimNumbers[claim.number] = line
        let item = StoredItem(key: StoredKey.ofClaim(on: line), value: claim.update().body)
        effects.append(.store(item, token: StoreToken(claim.number)))
    }

    /// What was to be stored under `token` is on disk, or will never be.
    package mutating func handleStored(_ token: StoreToken, now: Instant) {
        guard let line = claimNumbers[token.number], var errand = errands[line],
            case .storing(let claim) = errand.phase, claim.number == token.number,
            let news = stories[line.topic]
        else { return }
        if yields(claim, on: line, now: now) {
            errand.phase = .waiting
            errands[line] = errand
            return advance(line, now: now)
        }
        let asksAll = asksAll(for: news, now: now)
        let audience = news.ladder.audience(of: id, asksAll: asksAll)
        if !audience.isEmpty { effects.append(.sendClaim(claim.update(), to: audience)) }
        // Others that are taken for dead may have just come back, with news: a moment for them, too.
        errand.phase = .claiming(
            Errand.Pending(
                claim: claim, deadline: audience.isEmpty ? now : now + claimWait(now: now),
                nextTry: now + parameters.claimRetry, leaseEnd: now + parameters.lease,
                asksAll: asksAll))
        errands[line] = errand
        advance(line, now: now)
    }

    /// Claims once more where no answer has come, asks more where an owner is silent to
    /// the last, and decides when the wait is over.
    private mutating func claimOn(
        _ errand: inout Errand, _ pending: Errand.Pending, on line: Line, for news: News,
        now: Instant
    ) -> Instant? {
        var pending = pending
        if now + parameters.claimRetry >= pending.deadline, widens(pending, for: news) {
            pending.asksAll = true
            pending.deadline = now + parameters.claimRetry * 2
            pending.nextTry = now
        }
        guard now < pending.deadline else {
            decide(&errand, pending, on: line, for: news, now: now)
            return nil
        }
        guard now >= pending.nextTry else { return min(pending.deadline, pending.nextTry) }
        let silent = news.ladder.audience(of: id, asksAll: pending.asksAll)
            .filter { !pending.yielded.contains($0) }
        if !silent.isEmpty { effects.append(.sendClaim(pending.claim.update(), to: silent)) }
        pending.nextTry = now + parameters.claimRetry
        errand.phase = .claiming(pending)
        return min(pending.deadline, pending.nextTry)
    }

    /// Whether another's claim that holds here goes before `claim`, which has not left.
    func yields(_ claim: Claim, on line: Line, now: Instant) -> Bool {
        guard let best = claims.best(on: line, at: now)?.claim else { return false }
        return best.hasLeft || best.isBetter(than: claim)
    }

    /// The wait for answers is over: no answer counts as leave to go on, but a doubt does not.
    private mutating func decide(
        _ errand: inout Errand, _ pending: Errand.Pending, on line: Line, for news: News,
        now: Instant
    ) {
        if let doubt = pending.doubts.first {
            hold(doubt.claim, of: doubt.node, until: doubt.leaseEnd)
            errand.phase = .waiting
            return
        }
        send(&errand, pending, on: line, for: news, now: now)
    }

    /// Lets the request leave, unless this node was paused so long that its lease is over: then it
    /// asks again.
    mutating func send(
        _ errand: inout Errand, _ pending: Errand.Pending, on line: Line, for news: News,
        now: Instant
    ) {
        let claim = pending.claim
        guard now < pending.leaseEnd, !yields(claim, on: line, now: now) else {
            claimNumbers[claim.number] = nil
            errand.phase = .waiting
            if errand.alarm.set(at: now) { deadlines.schedule(.errand(line), at: now) }
            return
        }
        lastNumber += 1
        let token = DeliveryToken(lastNumber)
        if deliveries.count >= parameters.bounds.attemptsMax,
            let oldest = deliveries.keys.min(by: { $0.number < $1.number })
        {
            deliveries[oldest] = nil
        }
        deliveries[token] = receipt(of: errand, on: line, round: claim.round, .sent)
        errand.attempts += 1
        var leaving = claim
        leaving.hasLeft = true
        errand.phase = .sending(
            Errand.Attempt(
                claim: leaving, token: token, asksAll: pending.asksAll,
                deadline: now + parameters.attemptTimeout,
                nextRenewal: now + parameters.leaseRenewal))
        effects.append(.deliver(DeliveryOrder(token: token, notice: errand.notice)))
    }

    /// Renews the lease while the provider has not answered, and gives the attempt up in time.
    private mutating func goOnSending(
        _ errand: inout Errand, _ attempt: Errand.Attempt, on line: Line, for news: News,
        now: Instant
    ) -> Instant? {
        guard now < attempt.deadline else {
            fail(&errand, on: line, because: .init("no answer in time"), now: now)
            return nil
        }
        guard now >= attempt.nextRenewal else { return min(attempt.deadline, attempt.nextRenewal) }
        var attempt = attempt
        let audience = news.ladder.audience(of: id, asksAll: attempt.asksAll)
        if !audience.isEmpty { effects.append(.sendClaim(attempt.claim.update(), to: audience)) }
        attempt.nextRenewal = now + parameters.leaseRenewal
        errand.phase = .sending(attempt)
        return min(attempt.deadline, attempt.nextRenewal)
    }
}

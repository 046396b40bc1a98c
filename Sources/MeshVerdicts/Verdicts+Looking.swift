package import MeshChecks
package import MeshCore

// Looking at targets: when, what came of it, and whom to call (sections 5 and 6).

extension Verdicts {
    /// A look is due.
    mutating func beginLook(_ duty: Int, revision: UInt32, due: Instant, now: Instant) {
        guard let held = duties.at(duty), held.revision == revision, let plan = plan(held.check)
        else { return }
        scheduleNext(duty, after: due, plan, now: now)
        guard held.look == nil else { return }
        guard looks.count < VerdictBounds.looksMax else {
            counters.boundsReached += 1
            return
        }
        if now - due > max(.milliseconds(250), plan.rule.interval / 4) {
            // The process was stalled: what it would see now, it might see because of that.
            return abstain(duty, .late)
        }
        startLook(duty, due: due, isPulledForward: false, plan, now: now)
    }

    private mutating func scheduleNext(
        _ duty: Int, after due: Instant, _ plan: CheckDefinition, now: Instant
    ) {
        guard let held = duties.at(duty) else { return }
        var next: Instant
        switch held.role {
        case .owner(let rank) where !held.isExact:
            let phase = Phase(
                of: plan.id, interval: plan.rule.interval, rank: rank,
                owners: duties.peers(of: duty).count + 1)
            next = phase.next(after: due, wallClock)
        case .owner, .leaving, .standIn:
            next = due + plan.rule.interval
        }
        // A process that slept through several turns takes up its schedule, not the arrears.
        while next <= now { next = next + plan.rule.interval }
        duties[duty]?.nextDue = next
        timers.schedule(.look(duty: duty, revision: held.revision), at: next)
    }

    private mutating func startLook(
        _ duty: Int, due: Instant, isPulledForward: Bool, _ plan: CheckDefinition, now: Instant
    ) {
        lastLook += 1
        let token = LookToken(lastLook)
        looks[token] = duty
        duties[duty]?.look = Duty.Look(
            token: token, due: due, began: now, isPulledForward: isPulledForward)
        effects.append(
            .look(
                LookOrder(
                    token: token, check: plan.id, definition: plan.definition, due: due)))
        timers.schedule(.hung(token), at: now + plan.timeout + parameters.hungGrace)
        if plan.timeout > parameters.longLook {
            timers.schedule(.longLook(token), at: now + parameters.longLook)
        }
    }

    /// Looks now and moves the schedule there: the next looks are due at this one + n intervals.
    mutating func pullForward(_ duty: Int, now: Instant) {
        guard let held = duties.at(duty), held.look == nil, let plan = plan(held.check),
            looks.count < VerdictBounds.looksMax
        else { return }
        lastRevision &+= 1
        duties[duty]?.revision = lastRevision
        duties[duty]?.isExact = true
        duties[duty]?.nextDue = now
        scheduleNext(duty, after: now, plan, now: now)
        startLook(duty, due: now, isPulledForward: true, plan, now: now)
    }

    /// Half of the truth is known: a look that takes long may mean that this node is cut off, and
    /// that must be seen while it is, not after.
    mutating func doubtLongLook(_ token: LookToken, now: Instant) {
        guard let duty = looks[token], let look = duties.at(duty)?.look, look.token == token else {
            return
        }
        effects.append(.needMajority(since: look.began))
    }

    mutating func giveUpLook(_ token: LookToken, now: Instant) {
        guard let duty = looks.removeValue(forKey: token), duties.at(duty)?.look?.token == token
        else { return }
        counters.looksHung += 1
        duties[duty]?.look = nil
        abstain(duty, .hung)
    }

    private mutating func abstain(_ duty: Int, _ reason: Abstention, _ remark: Reason? = nil) {
        guard let held = duties.at(duty) else { return }
        duties[duty]?.blindness = remark ?? Reason(reason.explanation)
        report(.abstained(book[held.check].id, reason))
    }

    // MARK: What came of it

    /// How a look that was ordered ended. `remark`: more words of one that was not possible.
    package mutating func handle(
        _ observation: Observation, _ remark: Reason? = nil, for token: LookToken, now: Instant
    ) {
        guard let duty = looks.removeValue(forKey: token), let held = duties.at(duty),
            let look = held.look, look.token == token, let plan = plan(held.check)
        else { return }
        duties[duty]?.look = nil
        // An answer that lay about while this process was stopped is about a time that is past.
        guard now - look.began <= plan.timeout + parameters.hungGrace else {
            counters.looksHung += 1
            return abstain(duty, .hung)
        }
        var outcome = observation.outcome
        if case .saw = outcome, health >= parameters.healthLimit {
            outcome = .abstained(.unhealthy)
        }
        switch outcome {
        case .abstained(let reason):
            return abstain(duty, reason, outcome == observation.outcome ? remark : nil)
        case .saw(let state, _):
            duties[duty]?.blindness = nil
            let isFirst = held.lastObservedAt == nil
            duties[duty]?.lastObservedAt = now
            duties[duty]?.lastBegan = look.began
            duties[duty]?.lastObservation = observation
            take(state, of: look, duty, plan, now: now)
            tellRound(state, of: look, duty, now: now)
            if isFirst { sendFirstHead(about: duty, now: now) }
        }
    }

    private mutating func take(
        _ state: TargetState, of look: Duty.Look, _ duty: Int, _ plan: CheckDefinition,
        now: Instant
    ) {
        guard let held = duties.at(duty) else { return }
        let place = held.check
        let certified = book[place].certified
        // A look that began before the flip was learnt says nothing against it.
        if let certified, look.began < certified.learntAt { return }
        duties[duty]?.streak.note(state, due: look.due, at: wallClock.time(at: now))
        guard state != certified?.flip.state else {
            burst.clear(place)
            duties[duty]?.isExact = false
            duties[duty]?.askedBy = []
            if case .standIn(let looks) = held.role {
                duties[duty]?.role = .standIn(looksInVain: looks + 1)
                if looks + 1 >= parameters.standInLooks {
                    withdraw(duty, now: now)
                    return dropDuty(of: place)
                }
            }
            return reconsider(duty, now: now)
        }
        if !held.isExact { keepExact(duty, after: look, plan, now: now) }
        if certified != nil { noteFailure(duty, state, plan, now: now) }
        for node in duties.at(duty)?.askedBy ?? [] {
            hint(.iSeeItToo, place, state, to: node, now: now)
        }
        duties[duty]?.askedBy = []
        reconsider(duty, now: now)
    }

    /// The look after one that dissents is due an interval later and not a step nearer to the phase:
    /// a hair less would not span the delay, and cost an interval more.
    private mutating func keepExact(
        _ duty: Int, after look: Duty.Look, _ plan: CheckDefinition, now: Instant
    ) {
        duties[duty]?.isExact = true
        lastRevision &+= 1
        duties[duty]?.revision = lastRevision
        scheduleNext(duty, after: look.due, plan, now: now)
    }

    /// The first look that dissents calls the others to look now, and counts towards a burst.
    private mutating func noteFailure(
        _ duty: Int, _ state: TargetState, _ plan: CheckDefinition, now: Instant
    ) {
        guard let held = duties.at(duty) else { return }
        let isBurst = burst.fail(
            held.check, duties: duties.count,
            window: max(plan.rule.interval, parameters.burstWindowMin), now: now)
        if isBurst, members.count > 1 { askAboutBurst(now: now) }
        let spacing = plan.rule.interval / 2
        if held.lastHintSentAt.map({ now - $0 < spacing }) ?? false { return }
        guard hints.maySend(now: now) else { return }
        duties[duty]?.lastHintSentAt = now
        for peer in duties.peers(of: duty) {
            hint(.lookNow, held.check, state, to: peer.node, now: now)
        }
    }

    // MARK: Bursts

    private mutating func askAboutBurst(now: Instant) {
        withdrawDoubtful(now: now)
        for place in burst.sample {
            guard let duty = book[place].duty, duties.check(of: duty) != nil else { continue }
            for peer in duties.peers(of: duty) where mayCorroborate(peer.node, now: now) {
                hint(.doYouSeeIt, place, seen(duty), to: peer.node, now: now)
            }
        }
    }

    /// What was signed before the burst showed is taken back unless others see it.
    private mutating func withdrawDoubtful(now: Instant) {
        for duty in duties.places {
            guard let held = duties.at(duty), held.standing != nil,
                book[held.check].certified != nil, !burst.isCorroborated(held.check)
            else { continue }
            withdraw(duty, now: now)
        }
    }

    /// A node in another zone, where another has reachable members; any co-owner where this zone
    /// is all that is left.
    private func mayCorroborate(_ node: NodeID, now: Instant) -> Bool {
        guard let own = members[id]?.zone, let zone = members[node]?.zone else { return false }
        if zone != own { return true }
        return !zones.hasReachable(besides: own)
            || zones.othersAreDark(besides: own, at: now, grace: parameters.zoneGrace)
    }

    /// Whether a dissent may be signed as far as bursts go. A lone node has nobody to ask.
    var isDoubtful: Bool { members.count > 1 && !burst.allowsDissent }

    private func seen(_ duty: Int) -> TargetState? {
        guard case .saw(let state, _)? = duties.at(duty)?.lastObservation?.outcome else {
            return nil
        }
        return state
    }

    // MARK: Hints

    mutating func hint(
        _ kind: Hints.Kind, _ place: Int, _ state: TargetState?, to node: NodeID, now: Instant
    ) {
        hints.add(
            Hints.Hint(check: CheckPrefix(of: book[place].id), kind: kind, state: state), to: node)
        // At once: what follows from the same moment goes with it.
        if hints.alarm.set(at: now) { timers.schedule(.hints, at: now) }
    }

    mutating func flushHints(now: Instant) {
        guard hints.alarm.goesOff(at: now) else { return }
        for (node, message) in hints.take() { effects.append(.send(.hints(message), to: node)) }
    }

    package mutating func receive(_ message: Hints, from node: NodeID, now: Instant) {
        guard members[node] != nil else { return }
        for hint in message.hints {
            guard let place = book.place(of: hint.check) else {
                counters.hintsIgnored += 1
                continue
            }
            switch hint.kind {
            case .lookNow:
                corroborate(place, hint.state, by: node, now: now)
                follow(hint, place, from: node, answers: false, now: now)
            case .doYouSeeIt:
                corroborate(place, hint.state, by: node, now: now)
                follow(hint, place, from: node, answers: true, now: now)
            case .iSeeItToo:
                corroborate(place, hint.state, by: node, now: now)
            case .standIn:
                standIn(place, for: node, now: now)
            case .whatDoYouSee: answerRound(place, to: node, now: now)
            case .iSee: noteRound(place, hint.state, by: node, now: now)
            }
        }
    }

    private mutating func corroborate(
        _ place: Int, _ state: TargetState?, by node: NodeID, now: Instant
    ) {
        guard let certified = book[place].certified?.flip.state, let state, state != certified,
            mayCorroborate(node, now: now), burst.corroborate(place, now: now)
        else { return }
        // The doubt is over: what waited for it may be signed.
        for duty in duties.places where !(duties.at(duty)?.streak.isEmpty ?? true) {
            reconsider(duty, now: now)
        }
    }

    /// Looks because another has seen something, unless this node has just looked itself.
    private mutating func follow(
        _ hint: Hints.Hint, _ place: Int, from node: NodeID, answers: Bool, now: Instant
    ) {
        guard let duty = book[place].duty, let held = duties.at(duty), plan(place) != nil else {
            if plan(place) == nil { decline(place, now: now) }
            return
        }
        if let seen = seen(duty), seen != book[place].certified?.flip.state, answers {
            return self.hint(.iSeeItToo, place, seen, to: node, now: now)
        }
        if answers, !held.askedBy.contains(node), held.askedBy.count < Duty.askersMax {
            duties[duty]?.askedBy.append(node)
        }
        lookAsCalled(duty, now: now)
    }

    /// Another owner settles a fork. A look that began before it asked is no answer.
    private mutating func answerRound(_ place: Int, to node: NodeID, now: Instant) {
        guard let duty = book[place].duty, let held = duties.at(duty) else {
            if plan(place) == nil { decline(place, now: now) }
            return
        }
        guard held.roundAskers.count < Duty.askersMax,
            !held.roundAskers.contains(where: { $0.node == node })
        else { return }
        duties[duty]?.roundAskers.append((node, now))
        lookAsCalled(duty, now: now)
    }

    private mutating func tellRound(
        _ state: TargetState, of look: Duty.Look, _ duty: Int, now: Instant
    ) {
        guard let held = duties.at(duty) else { return }
        for asker in held.roundAskers where asker.since <= look.began {
            hint(.iSee, held.check, state, to: asker.node, now: now)
        }
        duties[duty]?.roundAskers.removeAll { $0.since <= look.began }
        if let contest = book[held.check].certified?.contest, look.began >= contest.since {
            noteRound(held.check, state, by: id, now: now)
        }
    }

    /// Looks because others ask for it, as often as is good for the target.
    mutating func lookAsCalled(_ duty: Int, now: Instant) {
        guard let held = duties.at(duty), held.look == nil, let plan = plan(held.check) else {
            return
        }
        // Already dissenting: the schedule is exact, and a look between would put off the one at
        // which the streak has spanned the delay.
        if let seen = seen(duty), seen != book[held.check].certified?.flip.state,
            !held.streak.isEmpty
        {
            return
        }
        let rest = min(plan.rule.interval / 2, .milliseconds(500))
        if held.lastHintedAt.map({ now - $0 < rest }) ?? false { return }
        guard hints.mayFollow(now: now) else {
            counters.hintsIgnored += 1
            return
        }
        duties[duty]?.lastHintedAt = now
        pullForward(duty, now: now)
    }
}

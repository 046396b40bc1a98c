package import MeshChecks
package import MeshCore
import MeshPlacement

// Who is there, who owns what, and how a duty passes from one to the next (section 5).

extension Verdicts {
    /// What this node is configured to watch has changed, or is known for the first time.
    package mutating func set(plans: [CheckDefinition], now: Instant) {
        var isPlanned = Set<CheckID>()
        self.plans = plans
        for (number, plan) in plans.enumerated() {
            isPlanned.insert(plan.id)
            guard let place = book.open(plan.id, isConfigured: true) else { continue }
            let former = book[place].plan
            book[place].plan = number
            if former == nil || book[place].plannedConfirmations != plan.rule.confirmations {
                if former != nil { placement.remove(plan.id) }
                placement.add(plan.id, confirmations: plan.rule.confirmations)
                for posted in book[place].board.posted where posted.entry.stance == .declines {
                    placement.setDeclining(true, node: posted.entry.node, check: plan.id)
                }
                book[place].plannedConfirmations = plan.rule.confirmations
            }
            if book[place].planned != plan.definition || !plan.isEnabled {
                redefine(place, now: now)
            }
            book[place].planned = plan.definition
            revokeDecline(place, now: now)
        }
        for place in 0..<book.count where book[place].plan != nil {
            guard !isPlanned.contains(book[place].id) else { continue }
            book[place].plan = nil
            book[place].planned = nil
            placement.remove(book[place].id)
            takeBack(place, now: now)
            dropDuty(of: place)
        }
        settlePlacement(now: now)
        for place in 0..<book.count where book[place].plan != nil { assign(place, now: now) }
    }

    func plan(_ place: Int) -> CheckDefinition? { book[place].plan.map { plans[$0] } }
    func interval(of place: Int) -> TimeSpan? { book[place].plan.map { plans[$0].rule.interval } }

    /// A streak belongs to a definition: what was seen under another says nothing about this one.
    private mutating func redefine(_ place: Int, now: Instant) {
        guard let duty = book[place].duty else { return }
        duties[duty]?.streak = Streak(against: book[place].certified?.flip.state)
        duties[duty]?.look = nil
        withdraw(duty, now: now)
        // The next look was due by the old interval, which may be a day.
        guard let interval = plan(place)?.rule.interval else { return }
        lastRevision &+= 1
        let due = now + generator.span(from: .zero, to: interval / 10)
        duties[duty]?.revision = lastRevision
        duties[duty]?.nextDue = due
        timers.schedule(.look(duty: duty, revision: lastRevision), at: due)
    }

    /// A member that does not count (any more): what it signed while it did is still proof.
    package mutating func acquaint(_ node: NodeID) {
        if acquaintances.count >= VerdictBounds.acquaintancesMax {
            acquaintances = acquaintances.filter { members[$0] != nil }
        }
        acquaintances.insert(node)
    }

    package mutating func update(_ member: VerdictMember, now: Instant) {
        acquaint(member.id)
        let former = members.updateValue(member, forKey: member.id)
        guard former != member else { return }
        // In before out: a zone that only changes a member must not seem dark meanwhile.
        var isDark = zones.change(
            member.zone, known: 1, reachable: member.isReachable ? 1 : 0, now: now)
        if let former {
            isDark =
                zones.change(
                    former.zone, known: -1, reachable: former.isReachable ? -1 : 0, now: now)
                || isDark
        }
        if isDark { timers.schedule(.zoneGrace, at: now + parameters.zoneGrace) }
        if former.map({ $0.zone != member.zone || $0.isReachable != member.isReachable }) ?? true {
            placement.update(
                PlacementMember(id: member.id, zone: member.zone, isReachable: member.isReachable))
        }
        if let former, former.generation != member.generation {
            forgetWords(of: member.id, before: member.generation)
        }
    }

    package mutating func remove(_ node: NodeID, now: Instant) {
        guard let former = members.removeValue(forKey: node) else { return }
        let isDark = zones.change(
            former.zone, known: -1, reachable: former.isReachable ? -1 : 0, now: now)
        if isDark { timers.schedule(.zoneGrace, at: now + parameters.zoneGrace) }
        placement.remove(node)
        statements.forget(node)
        arrivals[node] = nil
        forgetWords(of: node, before: nil)
    }

    /// What a node said in an earlier life, or one that is gone (`nil`): nobody stands by it any
    /// more.
    private mutating func forgetWords(of node: NodeID, before generation: UInt32?) {
        for place in 0..<book.count where !book.isBoardEmpty(place) {
            guard let entry = book[place].board[node]?.entry,
                generation.map({ entry.generation < $0 }) ?? true
            else { continue }
            if entry.stance == .declines {
                placement.setDeclining(false, node: node, check: book[place].id)
            }
            book[place].board.remove { $0.node == node }
            book.noteChange(place)
        }
    }

    /// A zone may have stopped counting: what is signed demands one fewer.
    mutating func noteDarkZones(now: Instant) {
        for duty in duties.places where duties[duty]?.standing != nil {
            reconsider(duty, now: now)
        }
    }

    /// Makes one change of all that members have done since the last time.
    package mutating func settlePlacement(now: Instant) {
        for check in placement.settle() {
            guard let place = book.place(of: check) else { continue }
            assign(place, now: now)
        }
        // R, Q, zones and member lists may have changed under what is signed.
        for duty in duties.places where duties[duty]?.standing != nil {
            reconsider(duty, now: now)
        }
    }

    // MARK: Duties

    /// The members are known, or nobody answers who could tell. Before, a node that starts would
    /// take every check for its own, and look at all of them at once.
    package mutating func beginLooking(now: Instant) {
        guard !mayLook else { return }
        mayLook = true
        settlePlacement(now: now)
        for place in 0..<book.count where book[place].plan != nil { assign(place, now: now) }
    }

    /// Holds the duty of a check against who owns it now.
    private mutating func assign(_ place: Int, now: Instant) {
        guard mayLook else { return }
        guard let plan = plan(place), plan.isEnabled else { return dropDuty(of: place) }
        let owners = placement.owners(of: book[place].id)
        if let rank = owners.firstIndex(of: id) {
            own(place, rank: rank, owners: owners, plan, now: now)
        } else if let duty = book[place].duty, duties[duty]?.isOwner ?? false {
            leave(duty, to: owners, plan, now: now)
        }
        guard let duty = book[place].duty else { return }
        setPeers(of: duty, owners)
    }

    private mutating func own(
        _ place: Int, rank: Int, owners: [NodeID], _ plan: CheckDefinition, now: Instant
    ) {
        if let duty = book[place].duty {
            // A stand-in or a former owner that becomes an owner goes on from what it has seen.
            guard duties[duty]?.role != .owner(rank: rank) else { return }
            // Nothing is handed over by one who stays: it would count its own looks twice.
            duties[duty]?.role = .owner(rank: rank)
            return
        }
        let phase = Phase(
            of: plan.id, interval: plan.rule.interval, rank: rank, owners: owners.count)
        // A new owner starts at once: within a tenth of the interval, so that a node that takes
        // over a thousand checks does not look at all of them in one instant.
        let first = min(
            phase.first(from: now, wallClock),
            now + generator.span(from: .zero, to: plan.rule.interval / 10))
        let duty = Duty(
            check: place, role: .owner(rank: rank),
            streak: Streak(against: book[place].certified?.flip.state), nextDue: first)
        startDuty(duty, of: place, now: now)
    }

    mutating func startDuty(
        _ duty: Duty, of place: Int, peers: [Duty.Peer] = [], now: Instant
    ) {
        var duty = duty
        // Timers of an earlier duty in this slot must not fit.
        lastRevision &+= 1
        duty.revision = lastRevision
        duty.startedAt = now
        let number = duties.add(duty, peers: peers)
        book[place].duty = number
        timers.schedule(.look(duty: number, revision: duty.revision), at: duty.nextDue)
    }

    /// Goes on looking until the new owners have reported, at most a few intervals.
    private mutating func leave(
        _ duty: Int, to owners: [NodeID], _ plan: CheckDefinition, now: Instant
    ) {
        let span = plan.rule.interval * parameters.handoverIntervals + plan.timeout
        duties[duty]?.role = .leaving(until: now + span)
        handOver(duty, to: owners, now: now)
        guard let revision = duties[duty]?.revision else { return }
        timers.schedule(.leave(duty: duty, revision: revision), at: now + span)
    }

    mutating func endLeaving(_ duty: Int, revision: UInt32, now: Instant) {
        guard let held = duties.at(duty), held.revision >= revision,
            case .leaving(let until) = held.role, until <= now
        else { return }
        withdraw(duty, now: now)
        dropDuty(of: held.check)
    }

    /// All new owners have reported: let go.
    mutating func letGoIfRelieved(_ duty: Int, now: Instant) {
        let peers = duties.peers(of: duty)
        guard peers.allSatisfy(\.hasReported), !peers.isEmpty, let held = duties.at(duty),
            case .leaving = held.role
        else { return }
        withdraw(duty, now: now)
        dropDuty(of: held.check)
    }

    mutating func dropDuty(of place: Int) {
        guard let duty = book[place].duty else { return }
        if let token = duties[duty]?.look?.token { looks[token] = nil }
        burst.clear(place)
        duties.remove(duty)
        book[place].duty = nil
    }

    private mutating func setPeers(of duty: Int, _ owners: [NodeID]) {
        let former = duties.peers(of: duty)
        let peers = owners.filter { $0 != id }.map { node in
            former.first { $0.node == node }
                ?? Duty.Peer(node: node, observingAt: nil, hasReported: false)
        }
        duties.setPeers(peers, of: duty)
    }

    /// Tells owners that are new to a check what has been counted here, unless it is in doubt.
    private mutating func handOver(_ duty: Int, to owners: [NodeID], now: Instant) {
        guard !isDoubtful, health < parameters.healthLimit, let held = duties.at(duty),
            !held.streak.isEmpty, let plan = plan(held.check)
        else {
            return
        }
        let page = book[held.check]
        var runs: [Handover.Run] = []
        for state in TargetState.allCases where held.streak[state].count > 0 {
            let run = held.streak[state]
            runs.append(
                Handover.Run(
                    state: state, count: run.count,
                    ageMilliseconds: UInt64(max(0, (now - run.firstDue).milliseconds))))
        }
        let known = Set(duties.peers(of: duty).map(\.node))
        guard let parent = parent(of: held.check) else { return }
        let message = Handover(
            check: page.id, definition: plan.definition, parent: parent, runs: runs)
        for node in owners where node != id && !known.contains(node) {
            effects.append(.send(.handover(message), to: node))
        }
    }

    /// A former owner's streak, to which this node adds looks of its own.
    package mutating func receive(_ handover: Handover, from node: NodeID, now: Instant) {
        guard members[node] != nil, let place = book.place(of: handover.check),
            let duty = book[place].duty, plan(place)?.definition == handover.definition,
            parent(of: place) == handover.parent
        else { return }
        for run in handover.runs {
            let age = TimeSpan.milliseconds(Int64(clamping: min(run.ageMilliseconds, 86_400_000)))
            let since = wallClock.time(at: now - age)
            duties[duty]?.streak.inherit(
                run.state, count: min(run.count, UInt32(VotingRule.delayMax)), firstDue: now - age,
                since: since)
        }
        // Its first look may be what was missing.
        reconsider(duty, now: now)
    }
}

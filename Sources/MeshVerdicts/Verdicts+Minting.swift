import MeshChecks
import MeshCore
import MeshPlacement

// Counting verdicts and minting flips (section 6). Any node with the majority may; the owners do
// it first, because they hear first.

extension Verdicts {
    /// Mints the farthest state that enough eligible signers support, if there is one.
    mutating func mint(_ place: Int, now: Instant) {
        guard isSettled, !isInDoubt(place, now: now), let plan = plan(place),
            let birth = birth?.birth,
            let parent = parent(of: place),
            let tally = tally(place, plan, birth: birth, parent: parent, now: now)
        else { return }
        guard majority.holds(since: now - parameters.majorityAge) else {
            if !awaitingMajority.contains(place) { awaitingMajority.append(place) }
            effects.append(.needMajority(since: now - parameters.majorityAge))
            return
        }
        let flip = Flip(
            check: book[place].id, definition: plan.definition, birth: birth, parent: parent,
            epoch: nextEpoch(of: place), state: tally.state, in: mesh, using: cryptography)
        guard
            let certificate = prove(
                flip, of: plan, by: tally, from: book[place].certified?.flip.state)
        else { return }
        adopt(certificate, encoded: certificate.encoded(), origin: .minted, place, now: now)
    }

    struct Tally {
        var state: TargetState
        /// How many signers, in how many zones, are needed.
        var quorum: Int
        var zones: Int
        var entries: [(SignedEntry, PublicKey)]
        var rolls: [Roll]
    }

    /// Whose verdicts count together now, and for what. A node mints only by a definition that it
    /// has itself: of any other it would have to take the signers' word for the rule.
    private mutating func tally(
        _ place: Int, _ plan: CheckDefinition, birth: Birth, parent: FlipID, now: Instant
    ) -> Tally? {
        let epoch = nextEpoch(of: place)
        let group = book[place].board.posted.filter { posted in
            let entry = posted.entry
            return entry.stance.isDissent && entry.definition == plan.definition
                && entry.birth == birth && entry.parent == parent && entry.epoch == epoch
                && isStanding(posted, place, now: now) && !overstates(entry, plan)
        }
        // The largest that anybody counts, and never less than this node does: a liar can neither
        // lower what a flip takes nor lift it above the rule.
        let demands = demands(of: plan.rule, now: now)
        let quorum = max(Int(group.map(\.entry.quorum).max() ?? 1), demands.quorum)
        let zonesNeeded = max(Int(group.map(\.entry.zones).max() ?? 1), demands.zones)
        guard group.count >= quorum else { return nil }
        let own = placement.confirmers(of: plan.id)
        let eligible = group.filter { own.rank(of: $0.entry.node) != nil }
        let certified = book[place].certified?.flip.state
        for state in statesByDistance(from: certified) {
            let supporters = eligible.filter { posted in
                guard case .dissents(let seen) = posted.entry.stance else { return false }
                return Support.does(seen, support: state, from: certified)
            }
            let spanned = Set(supporters.compactMap { own.zone(of: $0.entry.node) })
            guard supporters.count >= quorum, spanned.count >= zonesNeeded else { continue }
            let rolls = rolls(behind: supporters, own, place, now: now)
            let digests = Set(rolls.map { $0.digest(using: cryptography) })
            let provable = supporters.filter { digests.contains($0.entry.rollDigest) }
            let proved = Set(provable.compactMap { own.zone(of: $0.entry.node) })
            guard provable.count >= quorum, proved.count >= zonesNeeded else {
                // The lists have been asked for. A list that never comes stops nobody for long.
                let isComing = supporters.contains {
                    !digests.contains($0.entry.rollDigest)
                        && now - $0.receivedAt < parameters.rollPatience
                }
                if isComing { return nil }
                continue
            }
            let entries = provable.compactMap { posted in
                members[posted.entry.node].map { (posted.signed, $0.key) }
            }
            return Tally(
                state: state, quorum: quorum, zones: zonesNeeded, entries: entries, rolls: rolls)
        }
        return nil
    }

    /// Whether a verdict demands more than the rule can ask for: counted, one liar would stop all
    /// others.
    private func overstates(_ entry: LogEntry, _ plan: CheckDefinition) -> Bool {
        let owners = plan.rule.confirmations
        let zones = plan.rule.zonesNeeded(counting: placement.knownZones.count)
        return Int(entry.owners) > owners
            || Int(entry.quorum) > plan.rule.quorum.needed(of: owners)
            || Int(entry.zones) > max(zones, 1)
    }

    /// States other than the certified one, the farthest first; of two as far the worse.
    private func statesByDistance(from certified: TargetState?) -> [TargetState] {
        guard let certified else { return [.down, .degraded, .up] }
        return TargetState.allCases.filter { $0 != certified }.sorted {
            let left = abs(Int($0.rawValue) - Int(certified.rawValue))
            let right = abs(Int($1.rawValue) - Int(certified.rawValue))
            return left == right ? $0 > $1 : left > right
        }
    }

    /// The member lists that the supporters signed over; asks for those that it does not have.
    private mutating func rolls(
        behind supporters: [Board.Posted], _ own: Roll, _ place: Int, now: Instant
    ) -> [Roll] {
        var found: [Roll] = []
        var digests: [UInt64] = []
        let ownDigest = own.digest(using: cryptography)
        for posted in supporters {
            let digest = posted.entry.rollDigest
            guard !digests.contains(digest) else { continue }
            digests.append(digest)
            if digest == ownDigest {
                found.append(own)
            } else if let roll = rolls[digest] {
                found.append(roll)
            } else if rolls.mayAsk(posted.entry.node, for: digest, now: now) {
                effects.append(
                    .send(
                        .askRoll(AskRoll(check: book[place].id, digest: digest)),
                        to: posted.entry.node))
            }
        }
        return found
    }

    /// Whether a signer is known to stand by its entry: heard within three intervals, at least
    /// ten seconds, and from its present generation. Who has said two things at once stands by
    /// nothing.
    func isStanding(_ posted: Board.Posted, _ place: Int, now: Instant) -> Bool {
        let entry = posted.entry
        guard members[entry.node]?.generation == entry.generation || entry.node == id else {
            return false
        }
        guard entry.node != id else { return entry.generation == generation }
        guard !isEquivocator(entry.node, now: now) else { return false }
        guard let stoodAt = posted.stoodAt else { return false }
        let interval = plan(place)?.rule.interval ?? .zero
        let window = max(interval * parameters.standingIntervals, parameters.standingMin)
        return now - stoodAt <= window
    }

    // MARK: Bystanders

    /// A node that is no owner holds verdicts that could be minted: if the owners do not, it asks
    /// the signers whether they stand by them and does it itself.
    mutating func waitAsBystander(_ place: Int, now: Instant) {
        guard isSettled, book[place].plan != nil, book[place].duty == nil,
            !book[place].isBystanderWaiting
        else { return }
        let dissents = book[place].board.posted.filter { $0.entry.stance.isDissent }
        guard let quorum = dissents.map(\.entry.quorum).max(), dissents.count >= Int(quorum) else {
            return
        }
        book[place].isBystanderWaiting = true
        // Spread out, for all bystanders hold the same verdicts.
        let delay = parameters.bystanderDelay
        timers.schedule(
            .bystander(check: place),
            at: now + delay + generator.span(from: .zero, to: delay))
    }

    mutating func mintAsBystander(_ place: Int, now: Instant) {
        book[place].isBystanderWaiting = false
        guard isSettled, book[place].duty == nil else { return }
        for posted in book[place].board.posted
        where posted.entry.stance.isDissent && !isStanding(posted, place, now: now) {
            guard members[posted.entry.node]?.isReachable ?? false else { continue }
            effects.append(
                .send(
                    .askStanding(AskStanding(checks: [CheckPrefix(of: book[place].id)])),
                    to: posted.entry.node))
        }
        mint(place, now: now)
    }

    // MARK: Stand-ins

    /// A signed dissent is still short of its quorum or its zones: others of the next ranks are
    /// asked to look, those of missing zones first.
    mutating func callStandIns(_ place: Int, sequence: UInt64, now: Instant) {
        guard let duty = book[place].duty, let held = duties.at(duty),
            held.own?.entry.sequence == sequence, case .dissents? = held.standing,
            !held.isStandIn, held.standInRounds < Self.standInRoundsMax,
            let plan = plan(place)
        else { return }
        let demands = demands(of: plan.rule, now: now)
        let roll = placement.confirmers(of: plan.id)
        let signers = book[place].board.posted.filter {
            $0.entry.stance.isDissent && isStanding($0, place, now: now)
        }.map(\.entry.node)
        let spanned = Set(signers.compactMap { roll.zone(of: $0) })
        let owners = placement.owners(of: plan.id)
        let candidates = roll.entries.map(\.node).filter { node in
            node != id && !owners.contains(node) && !held.standInsAsked.contains(node)
                && members[node]?.isReachable ?? false
        }
        let fresh = candidates.filter { !(roll.zone(of: $0).map(spanned.contains) ?? true) }
        let rest = candidates.filter { !fresh.contains($0) }
        let missing = max(
            demands.quorum - signers.count, demands.zones - spanned.count, 1)
        let asked = Array((fresh + rest).prefix(missing + 1))
        // All have been asked: those who saw nothing then may see it at the next round.
        if candidates.isEmpty { duties[duty]?.standInsAsked = [] }
        duties[duty]?.standInsAsked += asked
        duties[duty]?.standInRounds += 1
        for node in asked {
            hint(.standIn, place, nil, to: node, now: now)
        }
        if !asked.isEmpty, let own = held.own {
            effects.append(.mail(own.update(), about: subject(place, id), to: asked))
        }
        // Twice as long between one round and the next: what nobody confirms is not urgent.
        let wait = parameters.standInDelay * (1 << min(held.standInRounds, 10))
        timers.schedule(.lonelyDissent(check: place, sequence: sequence), at: now + wait)
        mint(place, now: now)
    }

    private static var standInRoundsMax: Int { 12 }

    /// Another node's dissent lacks its quorum: look in the absent owners' place.
    mutating func standIn(_ place: Int, for node: NodeID, now: Instant) {
        guard let plan = plan(place), plan.isEnabled else { return decline(place, now: now) }
        guard isSettled, placement.confirmers(of: plan.id).rank(of: id) != nil else { return }
        if let duty = book[place].duty {
            if let held = duties.at(duty), held.isStandIn, !held.calledBy.contains(node),
                held.calledBy.count < Duty.askersMax
            {
                duties[duty]?.calledBy.append(node)
            }
            return lookAsCalled(duty, now: now)
        }
        guard hints.mayFollow(now: now) else {
            counters.hintsIgnored += 1
            return
        }
        var duty = Duty(
            check: place, role: .standIn(looksInVain: 0),
            streak: Streak(against: book[place].certified?.flip.state), nextDue: now)
        duty.isExact = true
        duty.calledBy = [node]
        let peers = placement.owners(of: plan.id).filter { $0 != id }.map {
            Duty.Peer(node: $0, observingAt: nil, hasReported: false)
        }
        startDuty(duty, of: place, peers: peers, now: now)
        timers.schedule(
            .standInRest(check: place), at: now + parameters.standingMin + plan.rule.interval)
    }

    /// Goes home when none of those who have called dissents any more. A dissent may come later
    /// than the call, but not by much.
    mutating func endStandIn(_ place: Int, now: Instant) {
        guard let duty = book[place].duty, let held = duties.at(duty), held.isStandIn else {
            return
        }
        let isNeeded = held.calledBy.contains { node in
            let stance = book[place].board[node]?.entry.stance
            return (stance?.isDissent ?? (now - held.startedAt < parameters.standingMin))
                && members[node]?.isReachable ?? false
        }
        guard !isNeeded else { return }
        withdraw(duty, now: now)
        dropDuty(of: place)
    }

    /// Held against the dissent now and then, whatever becomes of its own looks.
    mutating func restStandIn(_ place: Int, now: Instant) {
        endStandIn(place, now: now)
        guard let duty = book[place].duty, duties.at(duty)?.isStandIn ?? false,
            let plan = plan(place)
        else { return }
        timers.schedule(
            .standInRest(check: place), at: now + max(plan.rule.interval, parameters.standingMin))
    }
}

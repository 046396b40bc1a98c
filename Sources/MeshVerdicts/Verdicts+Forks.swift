import MeshChecks
import MeshCore
import MeshPlacement

// Two flips of one check that cannot both be. Which one goes on is decided at once, by every node
// alike; it is told when every live owner has looked again and none has seen anything else
// (section 6).

extension Verdicts {
    /// Whether a certificate of an epoch that is past may still matter: it shows that the chain
    /// that is followed here left another behind, or fills what this node has missed.
    func isOfInterest(_ flip: Flip) -> Bool {
        guard let certified = book.place(of: flip.check).flatMap({ book[$0].certified }) else {
            return false
        }
        if let gap = certified.gap, gap.oldest == flip.id { return true }
        return flip.nextEpoch == certified.flip.epoch && flip.id != certified.flip.parent
    }

    /// A verified flip that does not prevail over the present one.
    mutating func takeUpPast(_ flip: Flip, encoded: [UInt8], _ place: Int, now: Instant) {
        guard let certified = book[place].certified, certified.flip.id != flip.id,
            certified.flip.birth == flip.birth
        else { return }
        let isSibling = flip.epoch == certified.flip.epoch
        if isSibling
            || flip.nextEpoch == certified.flip.epoch && flip.id != certified.flip.parent
        {
            guard contest(place, lost: flip, now: now) else { return }
            return beginRound(place, proof: encoded, now: now)
        }
        guard let gap = certified.gap else { return }
        switch gap.fill(with: flip) {
        case .unrelated: break
        case .open(let rest): book[place].certified?.gap = rest
        case .closed: book[place].certified?.gap = nil
        case .fork:
            book[place].certified?.gap = nil
            guard contest(place, lost: gap.before, now: now) else { return }
            beginRound(place, proof: nil, now: now)
        }
    }

    /// The certified flip has won against `lost`, which nobody is told of any more. False if that
    /// is no news.
    mutating func contest(_ place: Int, lost: Flip, now: Instant) -> Bool {
        guard var certified = book[place].certified, certified.lose(lost.id) else { return false }
        certified.contest = Contest(since: now)
        book[place].certified = certified
        report(.forked(lost: lost, won: certified.flip))
        return true
    }

    // MARK: The round

    /// Looks again and asks the other owners what they see. They hear of the loser, too, so that
    /// none of them tells before the round has ended.
    mutating func beginRound(_ place: Int, proof: [UInt8]?, now: Instant) {
        guard let certified = book[place].certified, certified.isContested else { return }
        let owners = placement.owners(of: book[place].id).filter { $0 != id }
        if let proof, proof.count <= Update.byteCountMax, !owners.isEmpty,
            let loser = Certificate.peekID(proof)?.0
        {
            let update = Update(kind: UpdateKind.certificate, body: proof)
            effects.append(.mail(update, about: loser.bytes, to: owners))
        }
        if let duty = book[place].duty { pullForward(duty, now: now) }
        askRound(place, now: now)
        timers.schedule(
            .confirm(check: place, certified.flip.id), at: now + roundSpan(of: place))
    }

    /// An owner's turn and what it takes to look.
    private func roundSpan(of place: Int) -> TimeSpan {
        guard let plan = plan(place) else { return .minutes(1) }
        return plan.rule.interval + plan.timeout
    }

    private mutating func askRound(_ place: Int, now: Instant) {
        guard let certified = book[place].certified, let contest = certified.contest,
            let duty = book[place].duty, duties.at(duty)?.isOwner ?? false
        else { return }
        for node in liveOwners(of: place, now: now)
        where node != id && !contest.agreed.contains(node) {
            hint(.whatDoYouSee, place, certified.flip.state, to: node, now: now)
        }
    }

    /// Owners whose word counts for a round.
    private func liveOwners(of place: Int, now: Instant) -> [NodeID] {
        placement.owners(of: book[place].id).filter {
            $0 == id || (members[$0]?.isReachable ?? false) && !isEquivocator($0, now: now)
        }
    }

    /// An owner says what it has seen since it was asked.
    mutating func noteRound(_ place: Int, _ state: TargetState?, by node: NodeID, now: Instant) {
        guard let certified = book[place].certified, certified.isContested, let state,
            placement.owners(of: book[place].id).contains(node)
        else { return }
        book[place].certified?.contest?.note(node, agrees: state == certified.flip.state)
        judgeContest(place, now: now)
    }

    /// This node has looked, or its own part of the round is due.
    mutating func confirm(_ flip: FlipID, of place: Int, now: Instant) {
        guard let certified = book[place].certified, certified.flip.id == flip,
            certified.isContested
        else { return }
        judgeContest(place, now: now)
        guard book[place].certified?.isContested ?? false else { return }
        if let duty = book[place].duty { lookAsCalled(duty, now: now) }
        askRound(place, now: now)
        timers.schedule(.confirm(check: place, flip), at: now + roundSpan(of: place))
    }

    mutating func judgeContest(_ place: Int, now: Instant) {
        guard let certified = book[place].certified, let contest = certified.contest else { return }
        let isOwner = book[place].duty.flatMap { duties.at($0)?.isOwner } ?? false
        let isDoubted = book[place].board.posted.contains { posted in
            let entry = posted.entry
            guard entry.parent == certified.flip.id, entry.stance.isDissent else { return false }
            // Nobody tells others than owners who still stands by what.
            return isStanding(posted, place, now: now)
                || !isOwner && !isEquivocator(entry.node, now: now)
                    && members[entry.node]?.isReachable ?? false
        }
        guard !isDoubted, hasRoundEnded(contest, place, now: now) else { return }
        book[place].certified?.contest = nil
        report(.confirmed(certified.flip))
    }

    private func hasRoundEnded(_ contest: Contest, _ place: Int, now: Instant) -> Bool {
        let age = now - contest.since
        let span = roundSpan(of: place)
        guard let plan = plan(place), let duty = book[place].duty, let held = duties.at(duty),
            held.isOwner
        else {
            // Whoever is no owner hears no answers, but dissents, for as long as they take.
            let delay = plan(place)?.rule.delay ?? 1
            return age >= span * (delay + 2) + parameters.headPeriodMax
        }
        let owners = liveOwners(of: place, now: now)
        let silent = owners.filter { !contest.agreed.contains($0) }
        guard !silent.isEmpty else { return true }
        // One that answers nothing for so long is hung, which is not a dissent; but those who
        // answer must be as many as could have certified it.
        guard age >= max(span * parameters.standingIntervals, parameters.standingMin) else {
            return false
        }
        return !silent.contains(where: contest.disagreed.contains)
            && owners.count - silent.count >= demands(of: plan.rule, now: now).quorum
    }
}

import MeshChecks
import MeshCore
import MeshPlacement

// Whether enough look at a check for a quorum to be found, and if not, why (section 6).

extension Verdicts {
    /// Fewer than Q owners observing for three intervals, or none in a zone that a quorum needs and
    /// nobody there to stand in: the check is not watched.
    mutating func watchOwners(now: Instant) {
        // Most of what may be sent in a second is for what fails.
        var callsLeft = VerdictBounds.hintsPerSecond / 4
        for duty in duties.places {
            guard let held = duties.at(duty), held.isOwner, let plan = plan(held.check) else {
                continue
            }
            // A word that has not been looked after for so long is nobody's any more.
            if held.standing != nil, !isObserving(held, plan, now: now) {
                withdraw(duty, now: now)
            }
            let looking = looking(duty, held, plan, now: now)
            let demands = demands(of: plan.rule, now: now)
            guard var lack = lack(held.check, looking: looking, demands) else {
                duties[duty]?.lonelySince = nil
                duties[duty]?.lack = nil
                setWatched(true, duty)
                continue
            }
            tellBlind(in: &lack, duty, held, now: now)
            let since = held.lonelySince ?? now
            duties[duty]?.lonelySince = since
            duties[duty]?.lack = lack
            guard now - since >= plan.rule.interval * 3, held.isWatched else { continue }
            setWatched(false, duty)
            // Whoever does not have the check says so when it is called, and the next one steps in.
            for node in lack.silent + lack.blind
            where node != id && callsLeft > 0 && hints.maySend(now: now) {
                callsLeft -= 1
                hint(.lookNow, held.check, nil, to: node, now: now)
            }
        }
    }

    /// Who looks in vain is told apart from who says nothing.
    private func tellBlind(in lack: inout WatchLack, _ duty: Int, _ held: Duty, now: Instant) {
        let window = parameters.headPeriodMax * 2
        var blind = duties.peers(of: duty)
            .filter { $0.blindAt.map { now - $0 <= window } ?? false }.map(\.node)
        // One look in vain is none of it.
        if let cause = held.blindness, lack.silent.contains(id) {
            blind.append(id)
            lack.cause = WatchLack.Cause(node: id, text: cause)
        }
        lack.blind = lack.silent.filter(blind.contains)
        lack.silent.removeAll(where: blind.contains)
    }

    private mutating func setWatched(_ isWatched: Bool, _ duty: Int) {
        guard let held = duties.at(duty), held.isWatched != isWatched else { return }
        duties[duty]?.isWatched = isWatched
        report(.watched(book[held.check].id, isWatched))
    }

    /// Owners that have looked of late, as far as is heard here.
    private func looking(
        _ duty: Int, _ held: Duty, _ plan: CheckDefinition, now: Instant
    ) -> [NodeID] {
        let window = plan.rule.interval * 2 + plan.timeout + parameters.headPeriodMax
        var looking: [NodeID] = isObserving(held, plan, now: now) ? [id] : []
        for peer in duties.peers(of: duty)
        where (members[peer.node]?.isReachable ?? false)
            && peer.observingAt.map({ now - $0 <= window }) ?? false
        {
            looking.append(peer.node)
        }
        return looking
    }

    /// What is missing for a quorum where `looking` look; `nil` if nothing is.
    func lack(
        _ place: Int, looking: [NodeID], _ demands: (owners: Int, quorum: Int, zones: Int)
    ) -> WatchLack? {
        if looking.count >= demands.quorum, spans(demands.zones, looking) { return nil }
        let owners = placement.owners(of: book[place].id)
        let covered = zonesCovered(by: looking, owners: owners)
        guard looking.count < demands.quorum || covered < demands.zones else { return nil }
        let declining = book[place].board.posted.map(\.entry)
            .filter { $0.stance == .declines && members[$0.node]?.isReachable ?? false }
            .map(\.node)
        return WatchLack(
            owners: demands.owners, quorum: demands.quorum, zones: demands.zones,
            reachable: zones.reachableCount - declining.count, zonesReached: covered,
            looking: looking.count, declining: declining,
            silent: owners.filter {
                !looking.contains($0) && !declining.contains($0)
                    && (members[$0]?.isReachable ?? false)
            }, speaker: owners.first { looking.contains($0) } ?? owners.first)
    }

    /// Whether nodes stand in as many zones: mostly so, and then nothing else is to be counted.
    private func spans(_ count: Int, _ nodes: [NodeID]) -> Bool {
        guard count > 1 else { return true }
        var found: [Label] = []
        for node in nodes {
            guard let zone = members[node]?.zone, !found.contains(zone) else { continue }
            found.append(zone)
            if found.count == count { return true }
        }
        return false
    }

    /// Zones in which somebody looks, or one who is no owner can be called to stand in.
    private func zonesCovered(by looking: [NodeID], owners: [NodeID]) -> Int {
        zones.reachable.count { zone in
            let isThere = { (node: NodeID) in members[node]?.zone == zone.label }
            let owning = owners.count { isThere($0) && (members[$0]?.isReachable ?? false) }
            return looking.contains(where: isThere) || zone.count > owning
        }
    }
}

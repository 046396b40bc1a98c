package import MeshCore
import MeshMembership

/// Who could reach whom, in the network's truth: what a node's claim to have the majority is held
/// against.
extension World {
    /// How many names a process knows, itself included: of several keys under one name one counts.
    /// `excludingNews`: without those whom it has met within the last ten seconds.
    package func knownCount(of process: Int, excludingNews: Bool = false) -> Int {
        knownStamp &+= 1
        var known = 1
        stamp(processes[process].identity)
        for identity in identities.all where isKnown(identity.number, by: process) {
            if excludingNews,
                let view = views.view(of: identity.number, by: process),
                view.standing.state != .dead, now - view.reachableSince < Self.newsSpan
            {
                continue
            }
            if hasLostName(identity.number, at: process) { continue }
            if stamp(identity.number) { known += 1 }
        }
        return known
    }

    /// Whether a process holds an identity for dead, and a later one under its name for gone: who
    /// took a name keeps it from the dead, also by leaving.
    private func hasLostName(_ identity: Int, at process: Int) -> Bool {
        guard views.view(of: identity, by: process)?.standing.state == .dead else { return false }
        let name = identities.nameNumber(of: identity)
        return identities.all[(identity + 1)...].contains { later in
            identities.nameNumber(of: later.number) == name
                && views.view(of: later.number, by: process)?.standing.state.isKnown == false
        }
    }

    private static let newsSpan = TimeSpan.seconds(10)

    /// True if nobody of that name has been stamped in this round.
    @discardableResult
    private func stamp(_ identity: Int) -> Bool {
        let name = identities.nameNumber(of: identity)
        while knownStamps.count <= name { knownStamps.append(0) }
        guard knownStamps[name] != knownStamp else { return false }
        knownStamps[name] = knownStamp
        return true
    }

    package func isKnown(_ identity: Int, by process: Int) -> Bool {
        views.view(of: identity, by: process)?.standing.state.isKnown ?? false
    }

    /// How many distinct zones the reachable members that a process knows run in, its own included.
    package func reachableZoneCount(of process: Int) -> Int {
        var found: Set<Int> = [zones[process]]
        for other in processes where other.isUp && other.number != process {
            let state = views.view(of: other.identity, by: process)?.standing.state
            if state?.isReachable ?? false { found.insert(zones[other.number]) }
        }
        return found.count
    }

    /// How many zones those span whom a process knows, itself included, of those who are wanted.
    func zoneCount(knownTo process: Int, where isWanted: (SimulatedProcess) -> Bool) -> Int {
        var found: Set<Int> = [zones[process]]
        for other in processes
        where other.life > 0 && isKnown(other.identity, by: process) && isWanted(other) {
            found.insert(zones[other.number])
        }
        return found.count
    }

    /// Whether a place sees what is and says what it sees.
    func isHonestEye(_ place: Int) -> Bool {
        watch.targets.canLook(from: place) && watch.liars[place] == nil
    }

    /// Whether the process could reach more than half of those whom it knows at some time within
    /// the last `span`; at exactly half, the half with the lowest id has it. Loss is left out.
    package func couldHaveMajority(_ process: Int, within span: TimeSpan) -> Bool {
        if let at = majoritySeenAt[process], now - at <= Self.majorityCacheSpan { return true }
        let moment = now - span
        var reached = 0
        var lowestReached = NodeID(.zero)
        knownStamp &+= 1
        for other in processes {
            let isSelf = other.number == process
            guard isSelf || isKnown(other.identity, by: process),
                other.wasRunning(since: moment),
                isSelf || wasConnected(process, other.number, since: moment),
                stamp(other.identity)
            else { continue }
            let id = identities.all[other.identity].id
            lowestReached = reached == 0 ? id : min(lowestReached, id)
            reached += 1
        }
        let known = knownCount(of: process)
        let has =
            2 * reached > known
            || 2 * reached == known && isLowest(lowestReached, of: process)
        if has { majoritySeenAt[process] = now }
        return has
    }

    /// Whether nobody whom the process knows has a lower id. Of several keys under one name it is
    /// hard to say from here which one has it: the highest is taken for it; its own it has itself.
    private func isLowest(_ id: NodeID, of process: Int) -> Bool {
        let own = processes[process].identity
        var highest = [identities.nameNumber(of: own): identities.all[own].id]
        for identity in identities.all where isKnown(identity.number, by: process) {
            if hasLostName(identity.number, at: process) { continue }
            let name = identities.nameNumber(of: identity.number)
            highest[name] = max(highest[name] ?? identity.id, identity.id)
        }
        return highest.values.allSatisfy { $0 >= id }
    }

    /// Whether another process has run as the same node since `moment`.
    func livedTwice(_ process: Int, since moment: Instant) -> Bool {
        processes.contains {
            $0.number != process && $0.identity == processes[process].identity
                && $0.wasRunning(since: moment)
        }
    }

    /// Part of every span that is asked about.
    private static let majorityCacheSpan = TimeSpan.seconds(1)

    func wasConnected(_ one: Int, _ other: Int, since moment: Instant) -> Bool {
        if network.reachability.isConnected(one, other) { return true }
        return formerReachabilities.contains {
            $0.until >= moment && $0.reachability.isConnected(one, other)
        }
    }

    /// Keeps how the network was before a cut or a healing, for as long as anybody may ask.
    func keepReachability() {
        formerReachabilities.removeAll { now - $0.until > Self.reachabilityMemory }
        formerReachabilities.append((now, network.reachability))
    }

    private static let reachabilityMemory = TimeSpan.seconds(30)
}

extension SimulatedProcess {
    func wasRunning(since moment: Instant) -> Bool {
        state == .running || stoppedAt >= moment
    }
}

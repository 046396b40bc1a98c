package import MeshCore

// News on its way out (SWIM 4.1): at once when it is new, then by the tick while it lasts.

extension Membership {
    /// How often an update is told: lambda x ceil(log10(n + 1)).
    var retransmitLimit: Int {
        parameters.retransmitMultiplier * max(1, ceilingLog10(table.reachableOthersCount + 2))
    }

    /// Queues news of another part of the node, in the lane of its kind.
    package mutating func broadcast(
        _ update: Update, about key: DisseminationQueue.Key, now: Instant
    ) {
        lanes[GossipLane(ofKind: update.kind)].enqueue(update, about: key)
        wantGossip(now: now)
    }

    /// More flips wait to be told than gossip carries in about a second.
    package var isInStorm: Bool { lanes[.flips].count > MembershipBounds.stormFlipsMin }

    /// Another part's news under a key is told no more. Membership's own are left alone.
    package mutating func unbroadcast(_ key: DisseminationQueue.Key) {
        for lane in GossipLane.allCases where lane != .membership { lanes[lane].remove(key) }
    }

    /// A peer has told what waits here, word for word: that counts as told once. For other parts'
    /// news only; members' own, with a mesh of a thousand, must be told in full.
    package mutating func noteHeard(_ update: Update, about key: DisseminationQueue.Key) {
        let lane = GossipLane(ofKind: update.kind)
        guard lane != .membership else { return }
        lanes[lane].noteHeard(update, about: key, limit: parameters.newsLimit)
    }

    /// Something new waits: the next tick need not be.
    mutating func wantGossip(now: Instant) {
        guard phase != .waiting, phase != .stopped else { return }
        scheduleGossip(at: max(now, (lastGossip ?? now) + parameters.gossipEagerInterval))
    }

    private mutating func scheduleGossip(at instant: Instant) {
        if gossipAlarm.set(at: instant) { timers.schedule(.gossip, at: instant) }
    }

    mutating func gossip(now: Instant) {
        guard gossipAlarm.goesOff(at: now), !lanes.isEmpty else { return }
        lastGossip = now
        for position in randomMembers(
            parameters.gossipFanout, except: nil, where: \.isReachable)
        where !lanes.isEmpty {
            send(.gossip, to: position, leading: [], now: now)
        }
        guard !lanes.isEmpty else { return }
        let interval = lanes.hasNews ? parameters.gossipEagerInterval : parameters.gossipInterval
        scheduleGossip(at: now + interval)
    }
}

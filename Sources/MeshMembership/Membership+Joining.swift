package import MeshCore

// Finding the mesh, and finding it again: seeds, calls on the dead, and how long they are kept.

extension Membership {
    /// The first statement is signed: this node begins to speak.
    mutating func beginRunning(now: Instant) {
        phase = .running
        timers.schedule(
            .probeRound, at: now + generator.span(from: .zero, to: parameters.probePeriod))
        timers.schedule(.retention, at: now + Self.retentionTick)
        if table.deadCount > 0 { scheduleDeadContact(at: now) }
        lanes[.membership].enqueue(
            table.aliveUpdate(at: 0), about: .init(subject: id.bytes))
        scheduleSeeds(at: now)
    }

    // MARK: Seeds

    private var listLooksSmall: Bool {
        let reachable = table.reachableOthersCount
        return reachable == 0 || (reachable + 1) * 2 <= reachable + 1 + table.deadCount
    }

    private func isSeedNeeded(_ node: NodeID) -> Bool {
        let isReachable = table.position(of: node).map { table[$0].isReachable } ?? false
        return !isReachable && listLooksSmall
    }

    mutating func contactSeeds(now: Instant) {
        guard seedsAlarm.goesOff(at: now), phase == .running, !seeds.seeds.isEmpty else { return }
        for seed in seeds.due(now: now, isNeeded: { [self] in isSeedNeeded($0) }) {
            effects.append(.resolve(seed: seed))
        }
        let next = seeds.nextTry { [self] in isSeedNeeded($0) }
        scheduleSeeds(
            at: min(next ?? now + parameters.seedInterval, now + parameters.seedInterval))
    }

    /// Somebody has come, and this node has met none of those that are named.
    mutating func hurrySeeds(now: Instant) {
        guard phase == .running else { return }
        seeds.hurry(now: now)
        if let next = seeds.nextTry(isNeeded: { [self] in isSeedNeeded($0) }) {
            scheduleSeeds(at: max(now, next))
        }
    }

    mutating func scheduleSeeds(at instant: Instant) {
        if seedsAlarm.set(at: instant) { timers.schedule(.seeds, at: instant) }
    }

    /// The shell has looked a seed up; no address means that the name has none now.
    package mutating func handle(
        addresses: [SocketAddress], ofSeed seed: Int, now: Instant
    ) {
        guard phase == .running, seeds.seeds.indices.contains(seed) else { return }
        let others = addresses.filter { $0 != local.address }
        if others.isEmpty, !addresses.isEmpty { return seeds.isSelf(seed, now: now) }
        seeds.resolved(seed, to: others)
        trySeed(seed, now: now)
    }

    /// Tries a seed's next address, or gives up for this time.
    mutating func trySeed(_ seed: Int, now: Instant) {
        while let address = seeds.nextAddress(of: seed) {
            if open(.syncing(seed: seed), to: address, now: now) != nil { return }
        }
        seeds.failed(
            seed, now: now, interval: parameters.seedInterval, using: &generator)
        scheduleSeeds(at: seeds.seeds[seed].nextTry)
    }

    // MARK: The dead

    /// Calls on a dead member now and then, the likelier the more of them there are: that is where
    /// a healed partition heals. All nodes together call about twice per interval for each.
    mutating func contactDead(now: Instant) {
        guard deadContactAlarm.goesOff(at: now), phase == .running, table.deadCount > 0 else {
            return
        }
        let jitter = generator.span(from: .zero, to: parameters.deadContactInterval / 5)
        scheduleDeadContact(at: now + parameters.deadContactInterval + jitter)
        let reachable = table.reachableOthersCount + 1
        guard generator.index(below: reachable) < 2 * table.deadCount,
            let position = randomMembers(1, except: nil, where: { $0.state == .dead }).first
        else { return }
        let timeout = parameters.pingTimeoutMax
        let probe = Probe(
            .contact, of: table[position].id, now: now, timeout: timeout, end: timeout * 4,
            tries: 2, asksRelays: false)
        _ = begin(probe, now: now)
    }

    mutating func scheduleDeadContact(at instant: Instant) {
        if deadContactAlarm.set(at: instant) { timers.schedule(.deadContact, at: instant) }
    }

    static var retentionTick: TimeSpan { .seconds(30) }

    /// Ends the memory of those that ended long ago. It does not age while this node is without a
    /// majority: the rest of the mesh cannot be forgotten by those cut off from it.
    mutating func retain(now: Instant) {
        timers.schedule(.retention, at: now + Self.retentionTick)
        let elapsed = now - lastRetentionTick
        lastRetentionTick = now
        guard !ended.isEmpty else { return }
        let ages = hasMajority
        for position in stride(from: table.count - 1, to: 0, by: -1) {
            let member = table[position]
            guard let anchor = ended[member.id]?.anchor else { continue }
            if member.state == .dead, member.isAsserted, ended[member.id]?.claim == nil {
                signDeath(of: member)
            }
            guard ages else {
                ended[member.id]?.anchor = anchor + elapsed
                continue
            }
            if now - anchor >= parameters.retention {
                remove(at: position, now: now)
            } else if now - anchor >= parameters.retention / 2, member.isAsserted {
                // Half-way it falls silent, so that nodes whose clocks differ a little do not give
                // it back to one another for ever.
                digest.toggle(member.id, generation: member.generation, state: member.state)
                table[position].marks.insert(.silent)
            }
        }
    }

    private mutating func remove(at position: Int, now: Instant) {
        let member = table[position]
        if member.isAsserted {
            digest.toggle(member.id, generation: member.generation, state: member.state)
        }
        endSuspicion(of: member.id)
        forgetAccusations(of: member.id)
        ended[member.id] = nil
        datagramsUnanswered[member.id] = nil
        probeOrder.remove(position, moved: table.count - 1)
        table.remove(at: position)
        report(.removed(member.id))
        lastMemberChange = now
        if member.marks.contains(.nameShared) { settleName(member.name) }
    }
}

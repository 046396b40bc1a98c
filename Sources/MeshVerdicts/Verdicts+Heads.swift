import MeshChecks
package import MeshCore

// Heads: a node says that it still watches and what it still stands by (section 5).

extension Verdicts {
    mutating func scheduleHeads(at instant: Instant) {
        if headAlarm.set(at: instant) { timers.schedule(.heads, at: instant) }
    }

    /// What is shared with one co-owner.
    private struct Shared {
        var places: [Int] = []
        var shortestInterval = VotingRule.intervalMax

        mutating func note(_ place: Int, _ interval: TimeSpan) {
            places.append(place)
            shortestInterval = min(shortestInterval, interval)
        }
    }

    private func shared() -> [NodeID: Shared] {
        var shared: [NodeID: Shared] = [:]
        for duty in duties.places {
            guard let check = duties.check(of: duty), let interval = interval(of: check) else {
                continue
            }
            for peer in duties.peers(of: duty) {
                shared[peer.node, default: Shared()].note(check, interval)
            }
        }
        return shared
    }

    /// To every co-owner, as often as the shortest shared interval asks for within its bounds, and
    /// to those who asked lately.
    mutating func sendHeads(now: Instant) {
        guard headAlarm.goesOff(at: now) else { return }
        scheduleHeads(at: now + parameters.headPeriodMin)
        let shared = shared()
        audience = audience.filter { $0.value > now }
        for node in Set(shared.keys).union(audience.keys).sorted() {
            guard members[node]?.isReachable ?? false else { continue }
            let own = shared[node] ?? Shared()
            let period = own.shortestInterval.clamped(
                from: parameters.headPeriodMin, to: parameters.headPeriodMax)
            if let last = headsSent[node], now - last + parameters.headPeriodMin / 2 < period {
                continue
            }
            headsSent[node] = now
            effects.append(.send(.head(head(for: own.places, now: now)), to: node))
        }
        headsSent = headsSent.filter { members[$0.key] != nil }
        headsDoubted = headsDoubted.filter { members[$0.key] != nil }
        watchOwners(now: now)
    }

    /// A new owner has looked for the first time: former owners wait to hear it.
    mutating func sendFirstHead(about duty: Int, now: Instant) {
        guard let held = duties.at(duty), held.isOwner, isSettled else { return }
        let firsts = headsOwed
        headsOwed = true
        if !firsts { scheduleHeads(at: now + .milliseconds(100)) }
        for peer in duties.peers(of: duty) { headsSent[peer.node] = nil }
    }

    private mutating func head(for places: [Int], now: Instant) -> Head {
        headsOwed = false
        var unobserved: [CheckPrefix] = []
        var digest: UInt64 = 0
        var isNothingObserved = !places.isEmpty
        var isListFull = false
        for place in places {
            guard let duty = book[place].duty, let held = duties.at(duty),
                let plan = plan(place)
            else { continue }
            if isObserving(held, plan, now: now) {
                isNothingObserved = false
            } else if unobserved.count < VerdictBounds.prefixesMax {
                unobserved.append(CheckPrefix(of: plan.id))
            } else {
                // More than a list can name: better absent everywhere than healthy by mistake.
                isListFull = true
            }
            if held.standing != nil, let own = held.own {
                digest ^= Self.standingHash(own.entry)
            }
        }
        return Head(
            generation: generation, lastSequence: sequence, digest: digest,
            observesNothing: isListFull || isNothingObserved && !unobserved.isEmpty,
            notObserved: unobserved)
    }

    func isObserving(_ held: Duty, _ plan: CheckDefinition, now: Instant) -> Bool {
        held.lastObservedAt.map { now - $0 <= plan.rule.interval * 2 + plan.timeout } ?? false
    }

    static func standingHash(_ entry: LogEntry) -> UInt64 {
        StableHash.of(entry.check.bytes.high, entry.check.bytes.low, entry.sequence)
    }

    // MARK: Heads of others

    /// This process was stopped: what lies in its sockets was said while it slept, and nobody may
    /// stand by it any more. Signers are believed again when they are heard a moment later.
    package mutating func noteStall(now: Instant) {
        wokeAt = now
        for place in 0..<book.count where !book[place].board.isEmpty {
            book[place].board.forgetStanding(except: id)
        }
    }

    /// Whether what is heard now may have lain about while this process was stopped.
    func mayBeStale(now: Instant) -> Bool {
        wokeAt.map { now - $0 < parameters.wakingTime } ?? false
    }

    package mutating func receive(_ head: Head, from node: NodeID, now: Instant) {
        guard let member = members[node], head.generation == member.generation,
            !mayBeStale(now: now)
        else { return }
        let unobserved = head.notObserved.map(\.word)
        var digest: UInt64 = 0
        var compared: [Int] = []
        var standing: [Int] = []
        for duty in 0..<duties.endIndex {
            guard let check = duties.check(of: duty) else { continue }
            let isObserving =
                !head.observesNothing
                && (unobserved.isEmpty
                    || !unobserved.contains(CheckPrefix(of: book[check].id).word))
            if !isObserving {
                duties.hear(node, isBlindAt: duty, now: now)
            } else if duties.hear(node, observes: duty, now: now) {
                letGoIfRelieved(duty, now: now)
            }
            // A head speaks of the checks that its receiver owns, whether its sender owns them or
            // stands in, and of what was signed before it left.
            guard !book.isBoardEmpty(check), let posted = book[check].board[node],
                duties[duty]?.isOwner ?? false,
                posted.entry.stance.stands, posted.entry.generation == head.generation,
                posted.entry.sequence <= head.lastSequence
            else { continue }
            digest ^= Self.standingHash(posted.entry)
            compared.append(check)
            // Whoever no longer looks does not stand by what it once saw.
            if isObserving { standing.append(check) }
        }
        guard digest == head.digest else {
            // Something was lost on the way: a dissent, or its withdrawal. Until it is known which,
            // nothing is stood by.
            for place in compared { book[place].board.doubt(node) }
            return askStanding(node, now: now)
        }
        for place in standing {
            book[place].board.stands(node, now: now)
            mint(place, now: now)
        }
    }

    /// At most once in half a period: the answer brings a head, which may not fit either.
    private mutating func askStanding(_ node: NodeID, now: Instant) {
        let rest = parameters.headPeriodMin / 2
        if headsDoubted[node].map({ now - $0 < rest }) ?? false { return }
        headsDoubted[node] = now
        effects.append(.send(.askStanding(AskStanding(checks: [])), to: node))
    }

    package mutating func receive(_ question: AskStanding, from node: NodeID, now: Instant) {
        guard members[node] != nil else { return }
        audience[node] = now + .seconds(30)
        if audience.count > VerdictBounds.prefixesMax {
            // The one whose time ends first gives way; of equals the lower id.
            let first = audience.min { ($0.value, $0.key) < ($1.value, $1.key) }
            if let first { audience[first.key] = nil }
        }
        let shared = duties.places.filter { duties.isShared($0, with: node) }
            .compactMap(duties.check)
        let places =
            question.checks.isEmpty ? shared : question.checks.compactMap { book.place(of: $0) }
        for place in places {
            guard let duty = book[place].duty, let own = duties.at(duty)?.own else { continue }
            effects.append(.mail(own.update(), about: subject(place, id), to: [node]))
        }
        // Always of all that is shared: whoever reads a head compares it with that.
        effects.append(.send(.head(head(for: shared, now: now)), to: node))
    }
}

extension Stance {
    /// Whether it is something that its signer must be heard to stand by.
    var stands: Bool {
        switch self {
        case .dissents, .opines: true
        case .withdrawn, .declines: false
        }
    }
}

import MeshCore

// The failure detector's rounds (SWIM 3.1 and 4.3, Lifeguard IV.A).

extension Membership {
    /// One period has passed: probe the next member of the lap.
    mutating func beginRound(now: Instant) {
        guard phase == .running else { return }
        timers.schedule(.probeRound, at: now + parameters.probePeriod * localHealth.factor)
        let next = probeOrder.next(using: &generator) { [table] in table[$0].isReachable }
        guard let next else { return localHealth.nobodyToProbe() }
        _ = begin(ordinaryProbe(.round, of: table[next].id, now: now), now: now)
    }

    /// A probe of the period's kind. Where only TCP gets through it begins with TCP and waits for
    /// a lost packet to be repeated.
    func ordinaryProbe(_ purpose: Probe.Purpose, of subject: NodeID, now: Instant) -> Probe {
        if isDatagramBlocked(subject) {
            let period = parameters.probePeriod * localHealth.factor
            return Probe(
                purpose, of: subject, now: now, timeout: .zero, end: period * 2, tries: 1,
                asksRelays: true, escalatesEvery: period / 2, opensStreamsAgain: true)
        }
        let timeout = scaledTimeout
        let end = min(timeout * 3, parameters.probePeriod * localHealth.factor)
        return Probe(
            purpose, of: subject, now: now, timeout: timeout, end: end,
            tries: parameters.roundTries, asksRelays: true)
    }

    var scaledTimeout: TimeSpan { roundTrips.timeout(parameters) * localHealth.factor }

    mutating func nextSequence() -> UInt32 {
        lastSequence &+= Probe.numbersEach
        return lastSequence
    }

    /// Starts a probe with its first ping and returns its number; `nil` if too many are under way
    /// or the subject is gone.
    mutating func begin(_ probe: Probe, now: Instant) -> UInt32? {
        guard probes.count < MembershipBounds.probesMax else {
            counters.boundsReached += 1
            return nil
        }
        guard table.position(of: probe.subject) != nil else { return nil }
        let sequence = nextSequence()
        probes[sequence] = probe
        sendPing(sequence, now: now)
        timers.schedule(.probeStep(sequence), at: probe.nextStep)
        return sequence
    }

    /// The ping of a probe, with what its subject should hear: that it is accused (Lifeguard IV.C),
    /// and, if it may not know us, who we are.
    private func pingParts(
        _ sequence: UInt32, _ position: Int, now: Instant
    ) -> (message: Message, leading: [Update]) {
        let member = table[position]
        var leading: [Update] = []
        if member.state == .dead || parameters.lifeguard.contains(.buddy),
            let claim = claim(about: position)
        {
            leading.append(claim)
        }
        // A member that is alive here has most likely heard of us; a young process says who it is
        // anyway, for its past may have said otherwise.
        let isYoung = now - startedAt < Self.introductionSpan
        if !member.marks.contains(.acquainted), isYoung || member.state != .alive {
            leading.append(table.aliveUpdate(at: 0))
        }
        let message = Message.ping(
            sequence: sequence, target: NodePrefix(of: member.id), digest: digest.root,
            truth: truthDigest)
        return (message, leading)
    }

    /// For how long after its start a process introduces itself to all whom it probes.
    private static var introductionSpan: TimeSpan { .minutes(1) }

    private mutating func sendPing(_ sequence: UInt32, now: Instant) {
        guard let subject = probes[sequence]?.subject,
            let position = table.position(of: subject),
            let offset = probes[sequence]?.notePing(now: now)
        else { return }
        let (message, leading) = pingParts(sequence + offset, position, now: now)
        send(message, to: position, leading: leading, now: now)
    }

    mutating func stepProbe(_ sequence: UInt32, now: Instant) {
        guard let step = probes[sequence]?.step(now: now) else {
            if let probe = probes[sequence] {
                timers.schedule(.probeStep(sequence), at: probe.nextStep)
            }
            return
        }
        switch step {
        case .ping: sendPing(sequence, now: now)
        case .escalate: escalate(sequence, now: now)
        case .fail: return fail(sequence, now: now)
        }
        if let probe = probes[sequence] {
            timers.schedule(.probeStep(sequence), at: probe.nextStep)
        }
    }

    /// No direct answer: ask others to try, and try TCP beside them.
    private mutating func escalate(_ sequence: UInt32, now: Instant) {
        guard let probe = probes[sequence], let position = table.position(of: probe.subject) else {
            return
        }
        // The next ping carries who we are again: the subject may have restarted.
        table[position].marks.remove(.acquainted)
        if probe.asksRelays {
            let relays = randomMembers(parameters.indirectProbes, except: probe.subject) {
                $0.isReachable
            }
            let request = Message.pingRequest(sequence: sequence, target: probe.subject)
            for relay in relays {
                if !probe.relays.contains(table[relay].id) {
                    probes[sequence]?.relays.append(table[relay].id)
                }
                send(request, to: relay, leading: [], now: now)
            }
        }
        guard probe.streams.isEmpty || probe.opensStreamsAgain else { return }
        let (message, leading) = pingParts(sequence, position, now: now)
        let ping = payload(message, leading: leading, byteCountMax: Self.payloadByteCountMax)
        let opened = open(
            .probing(sequence: sequence, payload: ping), to: table[position].address, now: now)
        if let opened { probes[sequence]?.streams.append(opened) }
    }

    private mutating func fail(_ sequence: UInt32, now: Instant) {
        guard let probe = probes[sequence] else { return }
        endProbe(sequence)
        switch probe.purpose {
        case .round, .confirmation:
            localHealth.probeFailed(
                nacksExpected: probe.relays.count, nacksReceived: probe.nackers.count)
            // A statement that came meanwhile is newer than our question.
            guard let position = table.position(of: probe.subject) else { return }
            if table[position].state == .alive, table[position].since > probe.startedAt { return }
            accuse(probe.subject, now: now)
        case .lastLook:
            lookFailed(at: probe.subject, now: now)
        case .contact:
            break
        }
    }

    /// Ends a probe whatever its state, with the stream that it opened.
    mutating func endProbe(_ sequence: UInt32) {
        guard let probe = probes.removeValue(forKey: sequence) else { return }
        for stream in probe.streams where streams.remove(stream) != nil {
            effects.append(.close(stream))
        }
    }

    /// A probe has been answered, directly, by a relay or over TCP.
    mutating func noteAnswer(
        to sequence: UInt32, _ probe: Probe, from peer: Peer, now: Instant
    ) {
        let number = Probe.number(of: sequence)
        let isDirect = peer.node == probe.subject
        guard let position = table.position(of: probe.subject) else { return endProbe(number) }
        if case .datagram = peer.path, isDirect {
            table[position].marks.insert(.acquainted)
            datagramsUnanswered[probe.subject] = nil
            if let took = probe.roundTrip(of: sequence, now: now) { roundTrips.record(took) }
        } else if case .stream = peer.path {
            noteDatagramsBlocked(probe.subject)
        }
        endProbe(number)
        switch probe.purpose {
        case .round, .confirmation: localHealth.probeSucceeded()
        case .lastLook, .contact: break
        }
        let suspicion = suspicions[probe.subject]
        if let suspicion, probe.startedAt >= suspicion.startedAt,
            parameters.lifeguard.contains(.lastLook)
        {
            clear(probe.subject, now: now)
        } else if table[position].marks.contains(.restored), isDirect {
            revive(at: position, now: now)
        }
    }

    /// An answer over TCP only makes us probe accordingly; after three in a row the operator
    /// should know.
    private mutating func noteDatagramsBlocked(_ node: NodeID) {
        let inARow = datagramsUnanswered[node, default: 0] + 1
        guard inARow <= 3 else { return }
        datagramsUnanswered[node] = inARow
        if inARow == 3 { report(.datagramsBlocked(node)) }
    }

    func isDatagramBlocked(_ node: NodeID) -> Bool { datagramsUnanswered[node] != nil }

    /// A member of the last run answers: it is alive as we remember it, or will say otherwise.
    private mutating func revive(at position: Int, now: Instant) {
        let member = table[position]
        ended[member.id] = nil
        setState(.alive, at: position, by: member.id, now: now)
    }

    /// Our own timer was late. Answers may have come and gone while nobody looked, so nobody is
    /// blamed for this round, and looks under way begin again.
    mutating func noteLateness(_ lateness: TimeSpan, now: Instant) {
        guard lateness >= parameters.stallThreshold,
            parameters.lifeguard.contains(.localHealth), phase == .running
        else { return }
        localHealth.stalled()
        report(.stalled(lateness))
        for sequence in probes.keys.sorted() {
            guard let probe = probes[sequence], probe.startedAt + parameters.stallThreshold < now
            else { continue }
            endProbe(sequence)
            if probe.purpose == .lastLook {
                suspicions[probe.subject]?.look = nil
                beginLastLook(at: probe.subject, now: now)
            }
        }
    }

    /// Up to `count` members besides this node for which `isWanted`, in random order.
    ///
    /// Random positions are tried first; a walk over all only if those miss too often.
    mutating func randomMembers(
        _ count: Int, except: NodeID?, where isWanted: (Member) -> Bool
    ) -> [Int] {
        guard table.count > 1 else { return [] }
        var chosen: [Int] = []
        for _ in 0..<4 * count where chosen.count < count {
            let position = 1 + generator.index(below: table.count - 1)
            if table[position].id != except, !chosen.contains(position),
                isWanted(table[position])
            {
                chosen.append(position)
            }
        }
        guard chosen.count < count else { return chosen }
        var rest = (1..<table.count).filter {
            table[$0].id != except && !chosen.contains($0) && isWanted(table[$0])
        }
        generator.shuffle(&rest)
        return chosen + rest.prefix(count - chosen.count)
    }
}

import MeshChecks
import MeshCore
import MeshPlacement
import MeshTestSupport

@testable import MeshVerdicts

// How the bench's time goes on, and what becomes of effects.

extension Bench {
    mutating func run(for span: TimeSpan) {
        let end = now + span
        while let next = nextMoment, next <= end {
            now = max(now, next)
            if let (happening, _) = happenings.popDue(at: now) {
                handle(happening)
            } else {
                for number in all { act(number) { $0.handleDeadline(now: $1) } }
            }
        }
        now = end
    }

    /// Runs until `holds`, at most for `limit`; whether it came to hold.
    @discardableResult
    mutating func run(until limit: TimeSpan, _ holds: (Bench) -> Bool) -> Bool {
        let end = now + limit
        while !holds(self) {
            guard now < end else { return false }
            run(for: .milliseconds(50))
        }
        return true
    }

    private var nextMoment: Instant? {
        let timer = all.filter { seats[$0].isRunning && !seats[$0].isStalled }
            .compactMap { seats[$0].verdicts.nextDeadline }.min()
        return [timer, happenings.nextDeadline].compactMap { $0 }.min()
    }

    private mutating func handle(_ happening: Happening) {
        switch happening {
        case .parcel(let parcel, let number, let generation, let sender):
            guard seats[number].generation == generation, isReachable(number, sender) else {
                return
            }
            deliver(parcel, to: number)
        case .signature(let bytes, let token, let number, let generation):
            guard seats[number].generation == generation else { return }
            let signature = Self.cryptography.sign(bytes, by: seats[number].key)
            act(number) { $0.handle(signature: signature, for: token, now: $1) }
        case .looked(let token, let check, let number, let generation):
            guard seats[number].generation == generation else { return }
            guard let outcome = outcome(of: check, at: number) else { return }
            let observation = Observation(outcome, latency: lookSpan)
            act(number) { $0.handle(observation, for: token, now: $1) }
        case .called(let number, let began, let generation):
            guard seats[number].generation == generation else { return }
            endCall(number, began: began)
        case .noticed(let other, let number, let isReachable):
            // What is noticed is what is: a story may have gone on.
            notice(other, by: number, isReachable: isReachable && self.isReachable(number, other))
        case .exchange:
            happenings.schedule(.exchange, at: now + .seconds(1))
            if exchanges { exchangeAll() }
        }
    }

    private func outcome(of check: CheckID, at number: Int) -> Observation.Outcome? {
        if let sight = sights[number]?[check] { return sight }
        return .saw(targets[check] ?? .up, .none)
    }

    private mutating func deliver(_ parcel: Parcel, to number: Int) {
        act(number) { verdicts, now in
            switch parcel {
            case .update(let update, let peer):
                try? verdicts.receive(update, from: peer, now: now)
            case .message(let message, let peer):
                switch message {
                case .head(let head): verdicts.receive(head, from: peer, now: now)
                case .hints(let hints): verdicts.receive(hints, from: peer, now: now)
                case .askStanding(let ask): verdicts.receive(ask, from: peer, now: now)
                case .askRoll(let ask): verdicts.receive(ask, from: peer, now: now)
                case .rollAnswer(let answer): verdicts.receive(answer, from: peer, now: now)
                case .handover(let handover): verdicts.receive(handover, from: peer, now: now)
                case .arrival(let arrival): verdicts.receive(arrival, from: peer, now: now)
                }
            }
        }
    }

    func notice(_ other: Int, isReachable: Bool, by number: Int) -> VerdictMember {
        VerdictMember(
            id: seats[other].node, key: seats[other].key, zone: seats[other].zone,
            isReachable: isReachable, generation: seats[other].generation)
    }

    private mutating func notice(_ other: Int, by number: Int, isReachable: Bool) {
        if isReachable {
            seats[number].reachable.insert(other)
        } else {
            seats[number].reachable.remove(other)
        }
        guard !seats[number].forgotten.contains(other) else { return }
        let member = notice(other, isReachable: isReachable, by: number)
        act(number) { verdicts, now in
            verdicts.update(member, now: now)
            verdicts.settlePlacement(now: now)
        }
    }

    // MARK: Effects

    mutating func settle(_ number: Int) {
        while let effect = seats[number].verdicts.popEffect() { perform(effect, of: number) }
        for (key, hash) in seats[number].verdicts.takeChangedDossiers() {
            seats[number].hashes[key] = hash
        }
    }

    private mutating func perform(_ effect: VerdictEffect, of number: Int) {
        let seat = seats[number]
        switch effect {
        case .look(let order):
            seats[number].looks.append((now, order.check))
            happenings.schedule(
                .looked(order.token, order.check, at: number, generation: seat.generation),
                at: now + lookSpan)
        case .sign(let bytes, let token):
            if case .entry(let entry, _)? = seat.verdicts.drafts[token] {
                seats[number].signed.append((now, entry))
            }
            happenings.schedule(
                .signature(bytes, token: token, at: number, generation: seat.generation),
                at: now + .milliseconds(1))
        case .mail(let update, _, let nodes):
            for node in nodes { send(.update(update, from: seat.node), from: number, to: node) }
        case .tellAll(let update, _):
            for other in all where other != number {
                let late = generator.span(from: .milliseconds(50), to: .milliseconds(400))
                send(
                    .update(update, from: seat.node), from: number, to: seats[other].node,
                    after: late)
            }
        case .hush, .compare, .certified: break
        case .send(let message, let node):
            seats[number].sent.append((now, message, node))
            send(.message(message, from: seat.node), from: number, to: node)
        case .needMajority(let since): askMajority(number, since: since)
        case .store(let item): seats[number].disk[item.key] = item.value
        case .report(let event): seats[number].events.append((now, event))
        }
    }

    private mutating func send(
        _ parcel: Parcel, from sender: Int, to node: NodeID, after late: TimeSpan = .zero
    ) {
        guard let number = all.first(where: { seats[$0].node == node }),
            !loses(parcel, sender, number)
        else { return }
        happenings.schedule(
            .parcel(parcel, to: number, generation: seats[number].generation, from: sender),
            at: now + delay + late)
    }

    // MARK: The majority

    private mutating func askMajority(_ number: Int, since: Instant) {
        let call = seats[number].call
        if let began = call.began {
            if began < since { seats[number].call.wantsNext = true }
        } else if let began = call.heldBegan, began >= since, now <= call.heldUntil {
            happenings.schedule(
                .called(number, began: began, generation: seats[number].generation), at: now)
        } else {
            beginCall(number)
        }
    }

    private mutating func beginCall(_ number: Int) {
        seats[number].call.wantsNext = false
        seats[number].call.began = now
        let span = hasMajority(number) ? delay * 2 : .seconds(1)
        happenings.schedule(
            .called(number, began: now, generation: seats[number].generation), at: now + span)
    }

    private mutating func endCall(_ number: Int, began: Instant) {
        let holds: Bool
        if seats[number].call.began == began {
            holds = hasMajority(number)
            seats[number].call.began = nil
            seats[number].call.heldBegan = began
            seats[number].call.heldUntil = now + .seconds(1)
            seats[number].call.held = holds
        } else {
            holds = seats[number].call.held
        }
        act(number) { $0.handle(majority: holds, callBegan: began, now: $1) }
        if seats[number].call.began == nil, seats[number].call.wantsNext { beginCall(number) }
    }

    func hasMajority(_ number: Int) -> Bool {
        let known = all.filter { !seats[number].forgotten.contains($0) }
        let present = known.filter { isReachable(number, $0) }
        guard present.count * 2 == known.count else { return present.count * 2 > known.count }
        return known.min { seats[$0].node < seats[$1].node }.map(present.contains) ?? false
    }

    // MARK: Exchange

    /// Each compares with the next one that it can reach; what differs is sent both ways.
    private mutating func exchangeAll() {
        for one in all {
            guard
                let other = (1..<max(seats.count, 2)).map({ (one + $0) % seats.count })
                    .first(where: { $0 != one && isReachable(one, $0) })
            else { continue }
            exchange(one, other)
        }
    }

    mutating func exchange(_ one: Int, _ other: Int) {
        let keys = Set(seats[one].hashes.keys).union(seats[other].hashes.keys)
        for key in keys.sorted()
        where (seats[one].hashes[key] ?? 0) != (seats[other].hashes[key] ?? 0) {
            for (from, to) in [(one, other), (other, one)] {
                var updates = seats[from].verdicts.dossier(of: CheckID(key))
                if let birth = seats[from].verdicts.birth { updates.insert(birth.update(), at: 0) }
                for update in updates where !loses(.update(update, from: nil), from, to) {
                    // As the engine does it: who brings a certificate vouches for it.
                    let isProof = update.kind == UpdateKind.certificate
                    let carrier = isProof ? seats[from].node : nil
                    happenings.schedule(
                        .parcel(
                            .update(update, from: carrier), to: to,
                            generation: seats[to].generation, from: from),
                        at: now + delay)
                }
            }
        }
    }
}

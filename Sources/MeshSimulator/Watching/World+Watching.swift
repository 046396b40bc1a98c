import MeshChecks
import MeshCore
import MeshEngine
import MeshNotices
import MeshVerdicts

/// A look under way.
struct PendingLook: Sendable {
    var process: Int
    var life: Int
    var order: LookOrder
    var check: Int
    var observation: Observation
    var begun: Instant
    /// Nobody tampered with it: it is what the place sees.
    var isTrue: Bool
}

/// A notice under way to its provider, and its answer back.
struct PendingDelivery: Sendable {
    var process: Int
    var life: Int
    var order: DeliveryOrder
    var contact: Int
    var orderedAt: Instant
    /// What the sender will hear; `nil` if nothing.
    var answer: Delivery?
    /// From the provider's acceptance to the answer.
    var answerDelay: TimeSpan
    var isAnswerLost: Bool
}

/// A write that has been made and not been confirmed.
struct PendingStore: Sendable {
    var process: Int
    var life: Int
    var token: StoreToken
}

private let refused = Reason("connection refused")
private let timedOut = Reason("timed out")
private let slow = Reason("slower than allowed")

/// Looks at targets, telling people, writing down: what a node asks for besides the mesh.
extension World {
    // MARK: Looking

    func look(_ order: LookOrder, by number: Int) {
        guard let check = watch.checks.number(of: order.check),
            !watch.targets.checkerHangs(at: number)
        else { return }
        trace.combine(UInt64(number) << 32 | UInt64(check))
        var (observation, isTrue) = observe(check, by: number)
        if let lie = watch.liars[number], let told = lied(lie, observation, by: number) {
            countLie(of: number)
            observation = told
            isTrue = false
        }
        if let shown = saboteur.sabotaged(observation, of: check) {
            observation = shown
            isTrue = false
        }
        let slot = watch.pendingLooks.insert(
            PendingLook(
                process: number, life: processes[number].life, order: order, check: check,
                observation: observation, begun: now, isTrue: isTrue))
        queue.schedule(.looked(slot: slot), at: now + observation.latency)
    }

    private func observe(_ check: Int, by number: Int) -> (Observation, isTrue: Bool) {
        let roundTrip = watch.generator.span(
            from: setup.watch.roundTripMin, to: setup.watch.roundTripMax)
        switch watch.targets.uplink(of: number) {
        case .works: break
        case .dead:
            // What it sees is true for it; whether the target is down is another question.
            return (Observation(.saw(.down, timedOut), latency: setup.watch.timeout), true)
        case .unrouted:
            return (Observation(.abstained(.noResources), latency: .milliseconds(1)), true)
        }
        let zone = zones[number]
        let condition = watch.targets.condition(of: check, from: number, in: zone)
        let state = watch.targets.state(of: check, from: number, in: zone, at: now)
        if condition == .hanging {
            return (Observation(.saw(.down, timedOut), latency: setup.watch.timeout), true)
        }
        let reason: Reason =
            switch state {
            case .up: .none
            case .degraded: slow
            case .down: refused
            }
        return (Observation(.saw(state, reason), latency: roundTrip), true)
    }

    private func lied(_ lie: Lie, _ truth: Observation, by number: Int) -> Observation? {
        switch lie {
        case .saysDown, .understatesRule, .rewritesRule, .inventsSigners:
            return Observation(.saw(.down, refused), latency: truth.latency)
        case .saysUp:
            return Observation(.saw(.up, .none), latency: truth.latency)
        case .changesItsMind:
            let isDown = watch.lookParity[number] ?? false
            watch.lookParity[number] = !isDown
            return Observation(
                isDown ? .saw(.down, refused) : .saw(.up, .none), latency: truth.latency)
        case .claimsToHaveSent, .staysSilent, .equivocates, .showsStaleHeads, .repeatsThePast,
            .withholds, .claimsEverything, .fakesReceipts, .floodsHints:
            return nil
        }
    }

    func finishLook(_ slot: UInt32) {
        guard let look = watch.pendingLooks.remove(slot),
            processes[look.process].life == look.life
        else { return }
        arrive(.observation(look), at: look.process)
    }

    func handleObservation(_ look: PendingLook) {
        switch look.observation.outcome {
        case .saw(let state, _):
            watch.sights.countLook(isAbstention: false)
            if look.isTrue {
                watch.sights.record(
                    state, of: look.check, by: processes[look.process].identity,
                    in: zones[look.process], under: look.order.definition, begun: look.begun,
                    at: now)
            }
        case .abstained: watch.sights.countLook(isAbstention: true)
        }
        note(.looked(process: look.process, look.order, look.observation), .looks)
        let local = processes[look.process].local(now)
        processes[look.process].node?.handle(look.observation, for: look.order.token, now: local)
        drain(look.process)
    }

    // MARK: Telling

    /// The provider's round trip is up to twice a target's.
    func deliver(_ order: DeliveryOrder, by number: Int) {
        watch.deliveryCount += 1
        let id = order.notice.id
        if watch.firstOrderedAt[id] == nil { watch.firstOrderedAt[id] = now }
        note(.ordered(process: number, order), .notices)
        let roundTrip = watch.generator.span(
            from: setup.watch.roundTripMin, to: setup.watch.roundTripMax * 2)
        var pending = PendingDelivery(
            process: number, life: processes[number].life, order: order,
            contact: watch.checks.contactNumber(of: order.notice.contact) ?? -1, orderedAt: now,
            answer: .sent, answerDelay: roundTrip / 2, isAnswerLost: false)
        if watch.liars[number] == .claimsEverything { return countLie(of: number) }
        if watch.liars[number] == .claimsToHaveSent {
            countLie(of: number)
            return answer(pending, after: roundTrip)
        }
        let doesKnow =
            pending.contact >= 0
            && !(watch.skews[number]?.lacksContacts.contains(pending.contact) ?? false)
        guard doesKnow else {
            pending.answer = .failed(Reason("unknown contact"))
            return answer(pending, after: .milliseconds(1))
        }
        switch watch.targets.uplink(of: number) {
        case .works: break
        case .dead:
            pending.answer = .failed(timedOut)
            return answer(pending, after: Self.providerTimeout)
        case .unrouted:
            pending.answer = .failed(Reason("network is unreachable"))
            return answer(pending, after: .milliseconds(1))
        }
        switch watch.receivers.condition(of: pending.contact, from: number) {
        case .accepts: break
        case .refuses:
            pending.answer = .failed(refused)
            return answer(pending, after: roundTrip)
        case .hangs: return
        case .losesAnswer:
            pending.answer = .failed(timedOut)
            pending.answerDelay = Self.providerTimeout
            pending.isAnswerLost = true
        }
        let slot = watch.pendingDeliveries.insert(pending)
        queue.schedule(.noticeArrives(slot: slot), at: now + roundTrip / 2)
    }

    /// A planted fault: the sender is told that all is well.
    func answerWithoutSending(_ order: DeliveryOrder, by number: Int) {
        let pending = PendingDelivery(
            process: number, life: processes[number].life, order: order, contact: 0,
            orderedAt: now, answer: .sent, answerDelay: .zero, isAnswerLost: false)
        answer(pending, after: .milliseconds(10))
    }

    /// After this a sender gives a silent provider up.
    private static let providerTimeout = TimeSpan.seconds(2)

    /// The request that has left arrives, whatever has become of its sender.
    func acceptNotice(_ slot: UInt32) {
        guard let pending = watch.pendingDeliveries.remove(slot),
            let check = watch.checks.number(of: pending.order.notice.check)
                ?? Self.meshCheckNumber(pending.order.notice)
        else { return }
        let process = processes[pending.process]
        trace.combine(pending.order.notice.id.bytes.low)
        let number = watch.receivers.accept(
            .init(
                notice: pending.order.notice, check: check, contact: pending.contact,
                process: pending.process, identity: process.identity,
                orderedAt: pending.orderedAt, at: now, isRepeated: false))
        if pending.isAnswerLost { watch.receivers.loseAnswer(to: pending.process, at: now) }
        note(.accepted(number), .notices)
        answer(pending, after: pending.answerDelay)
    }

    /// Notices of the built-in check have no check of ours: they are filed under -1.
    private static func meshCheckNumber(_ notice: Notice) -> Int? {
        notice.kind == .mesh ? -1 : nil
    }

    private func answer(_ pending: PendingDelivery, after delay: TimeSpan) {
        guard pending.answer != nil else { return }
        let slot = watch.pendingDeliveries.insert(pending)
        queue.schedule(.deliveryAnswered(slot: slot), at: now + delay)
    }

    func finishDelivery(_ slot: UInt32) {
        guard let pending = watch.pendingDeliveries.remove(slot), let answer = pending.answer,
            processes[pending.process].life == pending.life
        else { return }
        arrive(.delivery(answer, pending.order), at: pending.process)
    }

    func handleDelivery(_ delivery: Delivery, _ order: DeliveryOrder, at number: Int) {
        note(.answered(process: number, order, delivery), .notices)
        let local = processes[number].local(now)
        processes[number].node?.handle(delivery, for: order.token, now: local)
        drain(number)
    }

    // MARK: Writing down

    /// Durable at once; the confirmation takes a moment.
    func store(_ item: StoredItem, token: StoreToken?, by number: Int) {
        counts.storedItems += 1
        if needsDisk[number], !saboteur.diskLies {
            processes[number].disk.items[item.key] = item.value
        }
        guard let token else { return }
        let slot = watch.pendingStores.insert(
            PendingStore(process: number, life: processes[number].life, token: token))
        let delay = watch.generator.span(from: .microseconds(1), to: setup.watch.storeDelayMax)
        queue.schedule(.stored(slot: slot), at: now + delay)
    }

    func confirmStore(_ slot: UInt32) {
        guard let pending = watch.pendingStores.remove(slot),
            processes[pending.process].life == pending.life
        else { return }
        arrive(.stored(pending.token), at: pending.process)
    }

    // MARK: What nodes say

    func record(_ event: CheckEvent, by number: Int) {
        switch event {
        case .flipped(let flip, let state, let origin):
            guard let check = watch.checks.number(of: flip.check) else { return }
            let (entry, former) = watch.truth.record(
                flip, check: check, by: number, isMinted: origin == .minted, at: now)
            trace.combine(UInt64(entry) << 16 | UInt64(number))
            if watch.truth.flips[entry].knownByAllAt == nil,
                watch.truth.flips[entry].holders >= runningCount
            {
                watch.truth.noteKnownByAll(entry, at: now)
            }
            note(
                .flipped(process: number, flip: entry, former: former, from: state, origin),
                .checks)
        case .forked: watch.truth.noteFork()
        case .equivocated: watch.truth.noteEquivocation()
        case .abstained: watch.truth.noteAbstention()
        case .confirmed, .provisional, .watched: break
        }
        note(.checkReported(process: number, event), .checks)
    }

    func record(_ event: NoticeEvent, by number: Int) {
        switch event {
        case .changed(let view):
            if view.status == .sent, watch.sentKnownAt[view.notice.id] == nil,
                view.node != identities.all[processes[number].identity].id
            {
                watch.sentKnownAt[view.notice.id] = now
            }
        case .equivocated: watch.truth.noteEquivocation()
        case .recorded, .refused: break
        }
        note(.noticeReported(process: number, event), .notices)
    }

    // MARK: Clocks

    /// What the place's wall clock shows now, for its own monotonic clock.
    func wallClock(of number: Int) -> WallClock {
        let milliseconds =
            Self.epochMilliseconds + now.nanoseconds / 1_000_000
            + processes[number].wallClockOffsetMilliseconds
        return WallClock(
            reading: WallTime(milliseconds: UInt64(max(0, milliseconds))),
            at: processes[number].local(now))
    }

    /// The shell has found the two clocks apart.
    func tellWallClock(to number: Int) {
        guard isRunning(number) else { return }
        processes[number].isWallClockNews = false
        let local = processes[number].local(now)
        processes[number].node?.handle(wallClock(of: number), now: local)
        drain(number)
    }

    // MARK: Configuration

    func reconfigure(_ number: Int, _ skew: PlanSkew) {
        watch.lastDisturbance = now
        watch.skews[number] = skew == PlanSkew() ? nil : skew
        for check in watch.checks.ids.indices { watch.targets.touch(check, at: now) }
        guard processes[number].isUp else { return }
        guard isRunning(number) else {
            processes[number].isPlanNews = true
            return
        }
        tellPlan(to: number)
    }

    func tellPlan(to number: Int) {
        processes[number].isPlanNews = false
        let plan = watch.checks.plan(watch.skews[number])
        let local = processes[number].local(now)
        processes[number].node?.handle(plan, now: local)
        drain(number)
    }
}

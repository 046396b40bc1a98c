import MeshChecks
import MeshCore

/// What goes wrong with targets, uplinks, receivers and configurations in the chaos scenario. It
/// draws from a generator of its own: a world without checks stays the world it was.
struct WatchChaos {
    private enum Strike: CaseIterable {
        case fails, hangs, degrades, recovers, flaps, manyFail, failsFromOneZone, failsFromOnePlace,
            uplinkDies, uplinkIsUnrouted, checkerHangs, receiverRefuses, receiverHangs,
            receiverLosesAnswers, receiverRefusesOne, lacksCheck, lacksContact, lacksRoute,
            isRedefined
    }

    private var generator: SeededGenerator
    private let checks: Int
    private let places: Int
    private let zones: Int
    private let contacts: Int
    /// Every other seed's providers fail: such a run takes minutes longer to come to rest.
    let strikesReceivers: Bool

    init(_ stage: Stage, seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        checks = stage.setup.watch.checkCount
        places = stage.setup.placeCount
        zones = stage.setup.zoneCount
        contacts = stage.setup.watch.contactCount
        strikesReceivers = contacts > 0 && stage.request.seed & 1 == 1
    }

    /// Strikes between two moments, and puts everything right at `end` but what targets are.
    mutating func strike(from start: TimeSpan, until end: TimeSpan, on plan: inout FaultPlan) {
        var at = start
        while at < end {
            strike(at: at, before: end, on: &plan)
            at = at + generator.span(from: .milliseconds(200), to: .seconds(20))
        }
        for place in 0..<places {
            plan.add(.uplink(place, .works), at: end)
            plan.add(.checkerHangs(place, false), at: end)
            plan.add(.reconfigure(place, PlanSkew()), at: end)
        }
        for contact in 0..<contacts where strikesReceivers {
            plan.add(.receiver(contact: contact, place: nil, .accepts), at: end)
            for place in 0..<places {
                plan.add(.receiver(contact: contact, place: place, nil), at: end)
            }
        }
        for check in touched.sorted() {
            for zone in 0..<zones { plan.add(.zoneSees(zone: zone, check: check, nil), at: end) }
            for place in 0..<places {
                plan.add(.placeSees(place: place, check: check, nil), at: end)
            }
        }
        for check in flapping.sorted() {
            plan.add(
                .target(check, generator.chance(perMillion: 500_000) ? .up : .refusing), at: end)
        }
    }

    /// Checks that were seen otherwise from somewhere; checks that flap.
    private var touched: Set<Int> = []
    private var flapping: Set<Int> = []
    /// When the next uplink may die.
    private var uplinksRestUntil = TimeSpan.zero

    private mutating func strike(at: TimeSpan, before end: TimeSpan, on plan: inout FaultPlan) {
        let check = generator.index(below: checks)
        let place = generator.index(below: places)
        let zone = generator.index(below: zones)
        let contact = contacts > 0 ? generator.index(below: contacts) : 0
        let over = at + min(generator.span(from: .seconds(1), to: .seconds(60)), end - at)
        switch Strike.allCases[generator.index(below: Strike.allCases.count)] {
        case .fails: plan.add(.target(check, .refusing), at: at)
        case .hangs: plan.add(.target(check, .hanging), at: at)
        case .degrades: plan.add(.target(check, .degraded), at: at)
        case .recovers: plan.add(.target(check, .up), at: at)
        case .flaps:
            flapping.insert(check)
            let period = generator.span(from: .seconds(2), to: .seconds(60))
            plan.add(.target(check, .flapping(period: period)), at: at)
        case .manyFail:
            let share = 1 + generator.index(below: max(1, checks / 2))
            for other in 0..<share {
                plan.add(.target((check + other) % checks, .refusing), at: at)
                plan.add(.target((check + other) % checks, .up), at: over)
            }
        case .failsFromOneZone:
            touched.insert(check)
            plan.add(.zoneSees(zone: zone, check: check, .refusing), at: at)
            plan.add(.zoneSees(zone: zone, check: check, nil), at: over)
        case .failsFromOnePlace:
            touched.insert(check)
            plan.add(.placeSees(place: place, check: check, .hanging), at: at)
            plan.add(.placeSees(place: place, check: check, nil), at: over)
        case .uplinkDies, .uplinkIsUnrouted:
            // One at a time, and the next when all have looked again: two of three owners with
            // dead uplinks are a quorum of liars, and no rule can tell.
            guard at >= uplinksRestUntil else { return }
            uplinksRestUntil = over + .minutes(1)
            let uplink: Uplink = generator.chance(perMillion: 500_000) ? .dead : .unrouted
            plan.add(.uplink(place, uplink), at: at)
            plan.add(.uplink(place, .works), at: over)
        case .checkerHangs:
            plan.add(.checkerHangs(place, true), at: at)
            plan.add(.checkerHangs(place, false), at: over)
        case .receiverRefuses: trouble(contact, nil, .refuses, at, over, &plan)
        case .receiverHangs: trouble(contact, nil, .hangs, at, over, &plan)
        case .receiverLosesAnswers: trouble(contact, nil, .losesAnswer, at, over, &plan)
        case .receiverRefusesOne: trouble(contact, place, .refuses, at, over, &plan)
        case .lacksCheck: skew(place, at, over, &plan) { $0.lacksChecks = [check] }
        case .lacksContact: skew(place, at, over, &plan) { $0.lacksContacts = [contact] }
        case .lacksRoute: skew(place, at, over, &plan) { $0.lacksRoutes = [check] }
        case .isRedefined:
            // The whole mesh takes on another definition, place by place, and goes back.
            for other in 0..<places {
                let late = generator.span(from: .zero, to: .seconds(5))
                skew(other, at + late, over + late, &plan) { $0.revisions = [check: 1] }
            }
        }
    }

    private func trouble(
        _ contact: Int, _ place: Int?, _ condition: Receivers.Condition, _ at: TimeSpan,
        _ over: TimeSpan, _ plan: inout FaultPlan
    ) {
        guard strikesReceivers else { return }
        plan.add(.receiver(contact: contact, place: place, condition), at: at)
        plan.add(
            .receiver(contact: contact, place: place, place == nil ? .accepts : nil), at: over)
    }

    private func skew(
        _ place: Int, _ at: TimeSpan, _ over: TimeSpan, _ plan: inout FaultPlan,
        _ change: (inout PlanSkew) -> Void
    ) {
        var skew = PlanSkew()
        change(&skew)
        plan.add(.reconfigure(place, skew), at: at)
        plan.add(.reconfigure(place, PlanSkew()), at: over)
    }
}

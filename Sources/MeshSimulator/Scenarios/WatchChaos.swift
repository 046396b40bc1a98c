import MeshChecks
import MeshCore
import MeshMembership

/// What goes wrong with targets, uplinks, receivers and configurations in the chaos scenario. It
/// draws from a generator of its own: a world without checks stays the world it was.
struct WatchChaos {
    private enum Strike: CaseIterable {
        case fails, hangs, degrades, recovers, flaps, manyFail, failsFromOneZone, failsFromOnePlace,
            uplinkDies, uplinkIsUnrouted, checkerHangs, receiverRefuses, receiverHangs,
            receiverLosesAnswers, receiverRefusesOne, lacksCheck, lacksContact, lacksRoute,
            isDisabled, isRedefined, lies, isCloned, isForgotten, jumpsByDays
    }

    private var generator: SeededGenerator
    private let checks: Int
    private let places: Int
    private let zones: Int
    private let contacts: Int
    /// Places that start by themselves: the others are started by faults, some of them as copies.
    private let nodes: Int
    private var nextCopy: Int
    /// Who lies in this run: fewer than a quorum, in every other pair of seeds.
    private let deceivers: [Int]
    private let detection: TimeSpan
    /// Every other seed's providers fail: such a run takes minutes longer to come to rest.
    let strikesReceivers: Bool

    /// How many copies of data directories may be started in one run.
    static let copiesMax = 2
    /// What liars in such a run do. Who lies about telling ends notices that nobody else may then
    /// send, and who proves a rule of its own is judged by stories: here their votes matter.
    private static let lies = Lie.allCases.filter { !$0.isAboutTelling }

    init(_ stage: inout Stage, firstCopy: Int, seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        nodes = stage.nodes
        detection = stage.bounds.detection
        let rule = stage.setup.watch.rules[0]
        let quorum = rule.quorum.needed(of: rule.owners(known: stage.nodes))
        var voters = Array(0..<stage.nodes)
        generator.shuffle(&voters)
        deceivers = stage.request.seed & 2 == 2 ? Array(voters.prefix(quorum - 1)) : []
        // Forks are what a voter with two words under one number can do.
        stage.setup.watch.allowsForks = !deceivers.isEmpty
        if generator.chance(perMillion: 300_000) { stage.speakMixedVersions() }
        nextCopy = firstCopy
        checks = stage.setup.watch.checkCount
        places = stage.setup.placeCount
        zones = stage.setup.zoneCount
        contacts = stage.setup.watch.contactCount
        strikesReceivers = contacts > 0 && stage.request.seed & 1 == 1
    }

    /// Strikes between two moments, and puts everything right at `end` but what targets are.
    mutating func strike(from start: TimeSpan, until end: TimeSpan, on stage: inout Stage) {
        var at = start
        while at < end {
            strike(at: at, before: end, on: &stage)
            at = at + generator.span(from: .milliseconds(200), to: .seconds(20))
        }
        mend(at: end, &stage.setup.plan)
    }

    private mutating func mend(at end: TimeSpan, _ plan: inout FaultPlan) {
        for place in cloned { plan.add(.start(place), at: end) }
        for place in 0..<places {
            plan.add(.lie(place, nil), at: end)
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
    /// Places whose directories were copied.
    private var cloned: [Int] = []
    /// When the next uplink may die.
    private var uplinksRestUntil = TimeSpan.zero

    private mutating func strike(at: TimeSpan, before end: TimeSpan, on stage: inout Stage) {
        var plan = stage.setup.plan
        defer { stage.setup.plan = plan }
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
        case .isDisabled: skew(place, at, over, &plan) { $0.disabledChecks = [check] }
        case .lies:
            guard !deceivers.isEmpty else { return }
            let liar = deceivers[generator.index(below: deceivers.count)]
            plan.add(.lie(liar, Self.lies[generator.index(below: Self.lies.count)]), at: at)
            plan.add(.lie(liar, nil), at: over)
        case .isCloned:
            guard nextCopy < places else { return }
            let original = generator.index(below: nodes)
            stage.setup.nameByPlace[nextCopy] = World.label("node-\(original)")
            plan.add(.copyDisk(from: original, to: nextCopy), at: at)
            plan.add(.start(nextCopy), at: at)
            // Whichever of the two has stopped, it is the original that comes back in the end.
            plan.add(.kill(nextCopy, silently: false), at: over)
            cloned.append(original)
            nextCopy += 1
        case .isForgotten:
            let victim = generator.index(below: nodes)
            let operatorPlace = (victim + 1) % nodes
            guard victim != operatorPlace, at + detection < end else { return }
            plan.add(.kill(victim, silently: true), at: at)
            plan.add(.forget(place: victim, by: operatorPlace), at: at + detection)
            plan.add(.start(victim), at: min(at + detection + .seconds(10), end))
        case .jumpsByDays:
            let days: Int64 = generator.chance(perMillion: 500_000) ? 1 : -1
            plan.add(.jumpWallClock(place, milliseconds: days * 86_400_000), at: at)
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

extension Stage {
    /// Half of the nodes speak a later version with further fields, as while a mesh is upgraded.
    mutating func speakMixedVersions() {
        for place in 0..<nodes where !place.isMultiple(of: 2) {
            var parameters = request.parameters
            parameters.wireVersions = 1...2
            parameters.futureFields = [0xF0, 0x0D, 0xCA, 0xFE, 1, 2, 3]
            setup.parametersByPlace[place] = parameters
        }
    }
}

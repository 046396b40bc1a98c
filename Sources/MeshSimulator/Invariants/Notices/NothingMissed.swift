import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// Once the mesh is whole and has been left alone for a while, what is certified is what the
/// targets show, and everybody has been told.
package struct NothingMissed: Invariant {
    package static let name = "nothing-missed"
    package static let promise =
        "in a whole, quiet mesh every state is certified and every contact told (design 7, 10)"

    private let bounds: Bounds
    /// Which disturbance's end each check was judged for.
    private var judgedFor: [Instant?]
    /// The last accepted flip notice of each check, and its last outage, by birth and epoch.
    private var last: [Told?]
    private var lastOutage: [Told?]
    package private(set) var missedCount = 0
    /// How many states, and how many tellings, there was something to expect of.
    package private(set) var judgedCount = 0

    private struct Told: Sendable {
        var birth: Birth
        var epoch: UInt32
        var state: TargetState
    }

    package init(bounds: Bounds) {
        self.bounds = bounds
        judgedFor = Array(repeating: nil, count: bounds.checkCount)
        last = Array(repeating: nil, count: bounds.checkCount)
        lastOutage = last
    }

    package var interests: Happening.Kinds { .notices }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .accepted(let number) = happening else { return }
        let acceptance = world.watch.receivers.acceptances[number]
        let check = acceptance.check
        guard acceptance.notice.kind == .flip, check >= 0,
            let flip = world.watch.truth.number(of: acceptance.notice.flip)
        else { return }
        let told = Told(
            birth: world.watch.truth.flips[flip].flip.birth, epoch: acceptance.notice.epoch,
            state: NoRecoveryWithoutOutage.alertClass(
                acceptance.notice.state, check, in: world))
        if isLater(told, than: last[check]) { last[check] = told }
        if told.state != .up, isLater(told, than: lastOutage[check]) { lastOutage[check] = told }
    }

    /// A lower birth is another chain: what was told of the lost one is of the past.
    private func isLater(_ told: Told, than other: Told?) -> Bool {
        guard let other else { return true }
        return other.birth != told.birth || told.epoch >= other.epoch
    }

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        guard !judgedFor.isEmpty, world.calm.quiet(at: world.now) >= bounds.agreement else {
            return
        }
        let patience = bounds.truth.certification + bounds.truth.telling
        let calm = max(
            world.calm.lastDisturbance + bounds.agreement, world.watch.lastDisturbance)
        for check in judgedFor.indices {
            var disturbed = max(calm, world.watch.targets.changedAt[check])
            if let contact = world.watch.checks.route(of: check)?.contact,
                let changedAt = world.watch.receivers.changedAt[contact]
            {
                disturbed = max(disturbed, changedAt + bounds.truth.retrying - patience)
            }
            guard judgedFor[check] != disturbed, world.now - disturbed >= patience else {
                continue
            }
            judgedFor[check] = disturbed
            judge(check, in: world, log: &log)
        }
    }

    private mutating func judge(_ check: Int, in world: World, log: inout ViolationLog) {
        let skews = world.watch.skews.values
        guard !world.watch.targets.isFlapping(check),
            !skews.contains(where: {
                $0.lacksChecks.contains(check) || $0.disabledChecks.contains(check)
                    || $0.revisions[check] != nil
            }),
            let held = world.watch.truth.held(of: check).first
        else { return judgeUnknown(check, in: world, log: &log) }
        let flip = world.watch.truth.flips[Int(held)].flip
        if let truth = expectedState(of: check, in: world) {
            judgedCount += 1
            if truth != flip.state {
                missedCount += 1
                log.add(
                    Self.self, at: world.now,
                    "\(world.text(flip)) is certified, and the target is \(truth)")
            }
        }
        judgeTelling(of: flip, check, in: world, log: &log)
    }

    /// Nobody holds a flip, though everybody could look.
    private mutating func judgeUnknown(_ check: Int, in world: World, log: inout ViolationLog) {
        guard world.watch.truth.held(of: check).isEmpty, !world.watch.isSkewed(check),
            let truth = expectedState(of: check, in: world)
        else { return }
        missedCount += 1
        log.add(
            Self.self, at: world.now,
            "\(world.checkName(check)) is unknown, and the target is \(truth)")
    }

    /// What every place that can look and tells the truth sees, if all see one thing, enough of them
    /// are there to be a quorum, and the others are none. Otherwise nothing is expected.
    private func expectedState(of check: Int, in world: World) -> TargetState? {
        let rule = world.watch.checks.rule(of: check)
        let running = world.processes.filter { $0.state == .running }
        let honest = running.filter { world.isHonestEye($0.number) }
        // A node that never met any of its peers decides nothing (design 5, *settled*).
        let isLost = world.setup.namesAbsentSeeds && running.count == 1
        guard let witness = honest.first?.number, !isLost,
            world.couldHaveMajority(witness, within: .zero)
        else { return nil }
        // With owners that are dead and known, all of them are asked for what not all can give.
        let needed = rule.quorum.needed(of: rule.owners(known: world.knownCount(of: witness)))
        let known = world.zoneCount(knownTo: witness) { _ in true }
        let seeing = world.zoneCount(knownTo: witness) {
            $0.state == .running && world.isHonestEye($0.number)
        }
        guard honest.count >= needed, running.count - honest.count < needed,
            seeing >= rule.zonesNeeded(counting: known)
        else { return nil }
        let seen = Set(
            honest.map {
                world.watch.targets.state(
                    of: check, from: $0.number, in: world.zones[$0.number], at: world.now)
            })
        return seen.count == 1 ? seen.first : nil
    }

    private mutating func judgeTelling(
        of flip: Flip, _ check: Int, in world: World, log: inout ViolationLog
    ) {
        guard let (contact, route) = world.watch.checks.route(of: check),
            canTell(check, contact, in: world)
        else { return }
        judgedCount += 1
        let state = NoRecoveryWithoutOutage.alertClass(flip.state, check, in: world)
        let toldState = last[check]?.state ?? .up
        let problem: String?
        switch route.on {
        case .both:
            problem = toldState == state ? nil : "was last told \(toldState)"
        case .offline:
            let hasHeard =
                lastOutage[check].map {
                    $0.birth == flip.birth && isCurrent($0, flip, check, world)
                }
                ?? false
            problem = state == .up || hasHeard ? nil : "never heard of it"
        case .online:
            problem = nil
        }
        guard let problem else { return }
        missedCount += 1
        log.add(
            Self.self, at: world.now,
            "\(world.text(flip)) is certified, and contact \(contact) \(problem)")
    }

    /// Whether what was told belongs to the outage that `flip` is part of.
    private func isCurrent(_ told: Told, _ flip: Flip, _ check: Int, _ world: World) -> Bool {
        var current = flip
        while current.epoch > told.epoch {
            guard NoRecoveryWithoutOutage.alertClass(current.state, check, in: world) != .up,
                let parent = world.watch.truth.number(of: current.parent)
            else { return false }
            current = world.watch.truth.flips[parent].flip
        }
        return true
    }

    /// Whether somebody who runs, tells the truth and can be heard knows contact and route.
    private func canTell(_ check: Int, _ contact: Int, in world: World) -> Bool {
        guard !world.watch.liars.values.contains(where: \.isAboutTelling) else { return false }
        return world.processes.contains { process in
            let skew = world.watch.skews[process.number]
            return process.state == .running && world.watch.liars[process.number] == nil
                && world.watch.targets.uplink(of: process.number) == .works
                && world.watch.receivers.condition(of: contact, from: process.number) == .accepts
                && !(skew?.lacksContacts.contains(contact) ?? false)
                && !(skew?.lacksRoutes.contains(check) ?? false)
        }
    }
}

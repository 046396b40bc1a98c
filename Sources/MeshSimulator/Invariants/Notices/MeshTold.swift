import MeshChecks
import MeshCore
import MeshEngine
import MeshMembership
import MeshNotices
import MeshVerdicts

/// What is told of the mesh itself, and of what one side of a cut sees: each group tells each
/// contact once, and what was told gets its end.
package struct MeshTold: Invariant {
    package static let name = "mesh-told"
    package static let promise =
        "each group tells each contact once what is wrong with the mesh and what it alone sees, and "
        + "its end (design 7)"

    /// Somebody was told that something is wrong, and not yet that it is over.
    private struct Open: Sendable {
        var notice: Notice
        var check: Int
        var contact: Int
        /// Places that the teller counted in its group and that have been in one with it ever since:
        /// a cut that has just healed is still one to whoever has not noticed.
        var together: Set<Int>
        /// Places that were in its group then.
        var witnesses: Set<Int>
        /// The teller, and which of its lives told.
        var process: Int
        var life: Int
        /// The provider's yes never arrived: for all that the mesh knows, nobody was told.
        var isAnswerLost: Bool
        var isReported = false
        /// Somebody has tried to tell that it is over, in vain as far as is known: if it begins
        /// again, that must be told again.
        var isEndTried = false
    }

    private let bounds: Bounds
    private var open: [Open] = []
    /// Of what is told more than once while it lasts: when it was first tried, and the words since.
    /// Only looked up.
    private var words: [IncidentID: (since: Instant, revisions: Set<UInt32>)] = [:]
    /// Since when each process could not have had a majority. Only looked up.
    private var lonelySince: [Int: Instant] = [:]
    /// For which contacts a process' loneliness has been held against it.
    private var missed: Set<Missed> = []

    private struct Missed: Hashable, Sendable {
        var process: Int
        var contact: Int
    }

    package init(bounds: Bounds) { self.bounds = bounds }

    package var interests: Happening.Kinds { .notices }

    // MARK: What is told

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        if case .ordered(_, let order) = happening {
            noteWord(order.notice, in: world, log: &log)
            return noteTry(order.notice)
        }
        guard case .accepted(let number) = happening else { return }
        let acceptance = world.watch.receivers.acceptances[number]
        let notice = acceptance.notice
        guard notice.kind == .mesh || notice.kind == .partial, !acceptance.isRepeated else {
            return
        }
        if Self.isEnd(notice) { return end(acceptance) }
        let group = group(of: acceptance.process, in: world)
        if notice.kind == .partial, group.count < 2, !hadCompany(acceptance.process, in: world) {
            log.add(
                Self.self, at: world.now,
                "\(world.processes[acceptance.process].name) is alone and tells \(world.text(notice))"
            )
        }
        let again = open.first {
            $0.contact == acceptance.contact && $0.check == acceptance.check
                && Self.saysTheSame($0.notice, notice) && $0.together.contains(acceptance.process)
                && couldKnow(acceptance.process, of: $0, in: world) && !$0.isEndTried
                && !Self.isFurther(notice, after: $0.notice)
        }
        if let again {
            log.add(
                Self.self, at: world.now,
                "contact \(acceptance.contact) was told \(world.text(notice)) by "
                    + "\(world.processes[acceptance.process].name), and "
                    + "\(world.text(again.notice)) by its own group before")
        }
        open.append(
            Open(
                notice: notice, check: acceptance.check, contact: acceptance.contact,
                together: group.filter { counts($0, in: acceptance.process, world) },
                witnesses: group, process: acceptance.process,
                life: world.processes[acceptance.process].life,
                isAnswerLost: world.watch.receivers.isUnheard(acceptance)))
    }

    /// Whether word of what was told could have reached a place: a teller that dies before its
    /// receipt is out, or that never hears the yes, leaves none.
    private func couldKnow(_ place: Int, of open: Open, in world: World) -> Bool {
        guard !open.isAnswerLost else { return false }
        if place == open.process { return world.processes[place].life == open.life }
        return world.watch.sentKnownAt[open.notice.id].map { $0 < world.now } ?? false
    }

    /// Of the same thing, whatever it is called: a group that has lost its quorum, one node, one
    /// state of one check.
    private static func saysTheSame(_ one: Notice, _ other: Notice) -> Bool {
        guard one.kind == other.kind else { return false }
        guard one.kind == .mesh else { return one.epoch == other.epoch && one.state == other.state }
        if one.subject?.kind == .lostQuorum { return other.subject?.kind == .lostQuorum }
        return one.subject == other.subject
    }

    /// Of checks that too few look at there is more to tell when there are more: under a higher
    /// revision of the same incident.
    private static func isFurther(_ notice: Notice, after former: Notice) -> Bool {
        notice.subject?.kind == .unwatchedChecks && notice.subject == former.subject
            && notice.incident == former.incident && notice.epoch > former.epoch
    }

    /// Further words are at most one in `partition_grace`, from when the first was decided on, which
    /// is before it was first tried: for as long as telling may take.
    private mutating func noteWord(
        _ notice: Notice, in world: World, log: inout ViolationLog
    ) {
        guard notice.subject?.kind == .unwatchedChecks, !Self.isEnd(notice) else { return }
        var known = words[notice.incident] ?? (world.now, [])
        let isNew = known.revisions.insert(notice.epoch).inserted
        words[notice.incident] = known
        let grace = world.setup.watch.meshParameters.partitionGrace
        let span = world.now - known.since + bounds.truth.telling
        let room = span.nanoseconds / grace.nanoseconds
        guard isNew, known.revisions.count - 1 > room else { return }
        log.add(
            Self.self, at: world.now,
            "\(world.text(notice)) is word \(known.revisions.count) since \(known.since.seconds)")
    }

    private static func isEnd(_ notice: Notice) -> Bool {
        switch notice.kind {
        case .mesh: notice.state == .up
        case .partial: notice.ordinal > 0
        case .flip, .reminder, .escalation: false
        }
    }

    private mutating func end(_ acceptance: Receivers.Acceptance) {
        open.removeAll { Self.ends(acceptance.notice, $0) }
    }

    private mutating func noteTry(_ notice: Notice) {
        guard Self.isEnd(notice) else { return }
        for place in open.indices where Self.ends(notice, open[place]) {
            open[place].isEndTried = true
        }
    }

    private static func ends(_ notice: Notice, _ open: Open) -> Bool {
        guard open.notice.contact == notice.contact, open.notice.kind == notice.kind else {
            return false
        }
        return notice.kind == .mesh
            ? open.notice.subject == notice.subject : open.notice.flip == notice.flip
    }

    private func group(of place: Int, in world: World) -> Set<Int> {
        Set(
            world.processes.map(\.number).filter {
                $0 == place
                    || world.isRunning($0) && world.network.reachability.isConnected(place, $0)
            })
    }

    /// Whether a place is in a process' group as the process itself sees it.
    private func counts(_ place: Int, in process: Int, _ world: World) -> Bool {
        let view = world.views.view(of: world.processes[place].identity, by: process)
        return place == process || view?.standing.state.isReachable ?? false
    }

    /// A group is what its nodes have noticed of it, and what has left may arrive when it is broken.
    private func hadCompany(_ place: Int, in world: World) -> Bool {
        let moment = world.now - bounds.detection - TruthBounds.sendingGrace
        return world.processes.contains {
            $0.number != place && $0.wasRunning(since: moment)
                && world.wasConnected(place, $0.number, since: moment)
        }
    }

    // MARK: What is not told

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        guard world.setup.watch.contactCount > 0 else { return }
        for index in open.indices { narrow(&open[index], in: world) }
        expectQuorumTold(in: world, log: &log)
        let parameters = world.setup.watch.meshParameters
        let patience =
            bounds.agreement + bounds.truth.certification + bounds.truth.telling
            + parameters.recoveryGrace + parameters.confirmationGrace
        let rest = min(
            world.calm.quiet(at: world.now), world.now - world.watch.lastDisturbance,
            world.now - world.watch.targets.lastChange)
        guard rest >= patience else { return }
        for index in open.indices where !open[index].isReported {
            let contact = open[index].contact
            // Whoever was refused for long waits for long.
            if let changedAt = world.watch.receivers.changedAt[contact],
                world.now - changedAt < patience + bounds.truth.retrying
            {
                continue
            }
            guard isOver(open[index], in: world), canTell(contact, in: world) else { continue }
            open[index].isReported = true
            log.add(
                Self.self, at: world.now,
                "contact \(open[index].contact) still believes \(world.text(open[index].notice))")
        }
    }

    private func narrow(_ open: inout Open, in world: World) {
        let reachability = world.network.reachability
        let former = open.together
        open.together = former.filter { place in
            world.processes[place].isUp
                && (former.count == 1
                    || former.contains {
                        $0 != place && world.processes[$0].isUp
                            && reachability.isConnected(place, $0)
                    })
        }
    }

    private func isOver(_ open: Open, in world: World) -> Bool {
        let witness = world.processes.first { $0.state == .running }?.number ?? 0
        guard world.couldHaveMajority(witness, within: .zero) else { return false }
        guard open.notice.kind == .mesh, let subject = open.notice.subject else {
            guard let held = world.watch.truth.held(of: open.check).first else { return false }
            let flip = world.watch.truth.flips[Int(held)].flip
            let told = NoRecoveryWithoutOutage.alertClass(open.notice.state, open.check, in: world)
            return flip.epoch == open.notice.epoch
                && NoRecoveryWithoutOutage.alertClass(flip.state, open.check, in: world) != told
        }
        switch subject.kind {
        case .lostQuorum: return true
        case .deadNode:
            return world.processes.contains {
                $0.state == .running
                    && subject.isAbout(world.identities.all[$0.identity].id.bytes)
            }
        case .failingContact, .skewedConfiguration, .wrongClock, .fullDisk, .unwatchedChecks, nil:
            return false
        }
    }

    /// A group without the majority has had its grace and as long as telling takes.
    private mutating func expectQuorumTold(in world: World, log: inout ViolationLog) {
        let started = world.processes.count { $0.life > 0 }
        guard world.calm.isImpaired || world.runningCount * 2 <= started else {
            lonelySince = [:]
            missed = []
            return
        }
        let grace =
            world.setup.watch.meshParameters.partitionGrace + bounds.detection
            + bounds.truth.telling + .seconds(60)
        for process in world.processes {
            let number = process.number
            guard process.state == .running, !world.couldHaveMajority(number, within: .zero) else {
                lonelySince[number] = nil
                continue
            }
            let since = lonelySince[number] ?? world.now
            lonelySince[number] = since
            let calmSince = max(
                since, world.calm.lastDisturbance, world.watch.lastDisturbance)
            guard world.now - calmSince >= grace, process.startedAt + .seconds(20) < since,
                world.watch.liars.isEmpty
            else { continue }
            for contact in world.watch.checks.meshContacts {
                let isKnown = open.contains {
                    $0.contact == contact && $0.notice.subject?.kind == .lostQuorum
                        && ($0.witnesses.contains(number) || $0.together.contains(number))
                }
                guard !isKnown, canReach(contact, from: number, in: world),
                    missed.insert(Missed(process: number, contact: contact)).inserted
                else { continue }
                log.add(
                    Self.self, at: world.now,
                    "\(process.name) has had no majority since \(since.seconds), and contact "
                        + "\(contact) was not told")
            }
        }
    }

    private func canReach(_ contact: Int, from place: Int, in world: World) -> Bool {
        world.watch.targets.uplink(of: place) == .works
            && world.watch.receivers.condition(of: contact, from: place) == .accepts
            && !(world.watch.skews[place]?.lacksContacts.contains(contact) ?? false)
    }

    private func canTell(_ contact: Int, in world: World) -> Bool {
        world.watch.liars.isEmpty
            && world.processes.contains {
                $0.state == .running && canReach(contact, from: $0.number, in: world)
            }
    }
}

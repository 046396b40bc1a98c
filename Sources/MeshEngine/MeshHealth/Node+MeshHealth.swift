import MeshChecks
package import MeshCore
import MeshMembership
import MeshNotices
import MeshPlacement
import MeshVerdicts

// What is told of the mesh itself, and of what one side of a cut sees (end of section 7).

extension Node {
    /// In ticks: how often the mesh is looked at, and how often what is told is brought up to date.
    private static var meshLookPeriod: Int { 5 }
    private static var meshRefreshPeriod: Int { 30 }

    /// The shell has found that its machine does something to this node, or no longer does.
    ///
    /// `detail`: in a few words, for people; `nil` when it is over.
    package mutating func noteFault(_ fault: NodeFault, _ detail: String?, now: Instant) {
        selfWatch.note(fault, detail)
        pump(now: now)
    }

    mutating func startWatchingMesh(now: Instant) {
        let own = notices.reports.first { $0.node == id }
        selfWatch.restore(own?.report ?? NodeReport([], RecordText("")), now: now)
    }

    mutating func watchMesh(now: Instant) {
        guard settling.isSettled, settling.ticks % Self.meshLookPeriod == 0 else { return }
        let sight = sightOfMesh()
        for step in health.look(at: sight, now: now) {
            switch step {
            case .begins(let subject, let since):
                tellBegin(of: subject, since: since, in: sight, now: now)
            case .grows(let subject, let since):
                tell(
                    subject, .down, revision: sight.unwatched.owed, since: since, in: sight,
                    now: now)
            case .ends(let subject): tellEnd(of: subject, in: sight, now: now)
            }
        }
        if settling.ticks % Self.meshRefreshPeriod == 0 { refresh(sight, now: now) }
        watchPartials(sight, now: now)
        watchMyself(sight, now: now)
    }

    private mutating func sightOfMesh() -> MeshHealth.Sight {
        if sides?.revision != membership.membersRevision {
            let counted = membership.countedMembers
            sides = Sides(
                revision: membership.membersRevision,
                group: counted.filter(\.isReachable).map(\.id),
                missing: counted.filter { !$0.isReachable }.map(\.id))
        }
        var sight = MeshHealth.Sight(hasMajority: membership.hasMajority)
        sight.group = sides?.group ?? []
        sight.missing = sides?.missing ?? []
        sight.skewed = verdicts.decliners?.filter { membership.isReachable($0) }
        sight.reports = notices.reports
        sight.contacts = plan.contacts.sorted()
        sight.told = notices.troublesTold
        sight.unwatchedKnown = notices.meshRevision(of: .unwatchedChecks)
        return sight
    }

    // MARK: Beginning and end

    private mutating func tellBegin(
        of subject: MeshSubject, since: Instant, in sight: MeshHealth.Sight, now: Instant
    ) {
        let known = notices.meshRevision(of: subject)
        var revision = known.map { $0.state == .up ? $0.revision &+ 1 : $0.revision } ?? 1
        if known?.state ?? .up == .up { revision = max(revision, floor(of: subject, sight)) }
        if subject == .unwatchedChecks { revision = max(revision, sight.unwatched.owed) }
        tell(subject, .down, revision: revision, since: since, in: sight, now: now)
    }

    /// Two deaths of one node have two names, even if nobody is left who remembers the first.
    private func floor(of subject: MeshSubject, _ sight: MeshHealth.Sight) -> UInt64 {
        guard subject.kind == .deadNode, let node = sight.find(subject),
            let standing = membership.member(node)?.standing
        else { return 1 }
        return UInt64(standing.generation) * 2
    }

    private mutating func tellEnd(
        of subject: MeshSubject, in sight: MeshHealth.Sight, now: Instant
    ) {
        guard let known = notices.meshRevision(of: subject) else { return }
        let isNamed = known.state == .up && !notices.needsAnotherEnd(of: subject)
        // Above whatever was asked for and is told no more: that is over, too.
        let highest = subject == .unwatchedChecks ? sight.unwatched.highest : known.revision
        let revision = isNamed ? known.revision : highest &+ 1
        tell(subject, .up, revision: revision, since: now, in: sight, now: now)
    }

    /// What has begun goes by the group as it is now: who has come may tell, who has gone may not.
    private mutating func refresh(_ sight: MeshHealth.Sight, now: Instant) {
        for (subject, since) in health.troubles {
            guard let known = notices.meshRevision(of: subject) else { continue }
            if known.state == .up {
                health.contradict(subject, now: now)
            } else {
                tell(subject, .down, revision: known.revision, since: since, in: sight, now: now)
            }
        }
    }

    private mutating func tell(
        _ subject: MeshSubject, _ state: TargetState, revision: UInt64, since: Instant,
        in sight: MeshHealth.Sight, now: Instant
    ) {
        // There may be several words of it while it lasts.
        let first =
            subject == .unwatchedChecks && state != .up
            ? min(sight.unwatched.first ?? revision, revision) : nil
        notices.tellMesh(
            MeshNews(
                subject: subject.bytes, revision: revision, first: first, state: state,
                since: wallClock.time(at: since),
                reason: state == .up
                    ? end(of: subject, sight) : reason(for: subject, under: revision, sight),
                group: sight.group, ladder: ladder(of: sight.group),
                isLostQuorum: subject.kind == .lostQuorum || subject.kind == .unwatchedChecks),
            now: now)
    }

    /// The group in rank order by score(node, "mesh").
    private func ladder(of group: [NodeID]) -> [NodeID] {
        let check = meshCheck
        return Array(
            group.map { (score: Score(of: $0, for: check), node: $0) }
                .sorted { ($0.score, $0.node) < ($1.score, $1.node) }
                .map(\.node).prefix(ToldFlip.ladderMax))
    }

    // MARK: In words

    private func reason(
        for subject: MeshSubject, under revision: UInt64, _ sight: MeshHealth.Sight
    ) -> Reason {
        let name = sight.find(subject).map(self.name(of:)) ?? "a node"
        let report = sight.reports.first { subject.isAbout($0.node.bytes) }?.report
        switch subject.kind {
        case .lostQuorum:
            let known = sight.group.count + sight.missing.count
            let missing = list(sight.missing)
            return Reason(
                "\(sight.group.count) of \(known) nodes are here: no quorum for "
                    + "\(plan.checks.count { $0.isEnabled }) checks; missing: \(missing)")
        case .deadNode: return Reason("\(name) is dead")
        case .failingContact: return Reason("no node gets through to a contact")
        case .skewedConfiguration:
            return Reason("\(name) does not have checks that others have")
        case .unwatchedChecks:
            return Reason(
                sight.unwatched.words(under: revision, missing: list(sight.missing, atMost: 3)))
        case .wrongClock, .fullDisk: return Reason("\(name): \(report?.text.text ?? "")")
        case nil: return .none
        }
    }

    private func end(of subject: MeshSubject, _ sight: MeshHealth.Sight) -> Reason {
        let node = sight.find(subject)
        switch subject.kind {
        case .lostQuorum: return Reason("the quorum is back")
        case .unwatchedChecks: return Reason("all checks are watched again")
        case .failingContact: return Reason("a contact is reached again")
        case .deadNode, .skewedConfiguration, .wrongClock, .fullDisk:
            // Dead no more, or forgotten, or gone for good.
            guard let node else { return Reason("the node no longer counts") }
            return Reason("\(name(of: node)) is well again")
        case nil: return .none
        }
    }

    private func list(_ nodes: [NodeID], atMost limit: Int = MeshHealthBounds.namesMax) -> String {
        let names = nodes.prefix(limit).map(name(of:))
        let rest = nodes.count - names.count
        return names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private func name(of node: NodeID) -> String {
        membership.member(node)?.name.text ?? node.bytes.hexadecimal
    }

    // MARK: This node

    private mutating func watchMyself(_ sight: MeshHealth.Sight, now: Instant) {
        // Without the majority nothing is decided anyway, and that is told.
        if sight.hasMajority {
            let members = membership
            selfWatch.note(
                unwatched: verdicts.unwatchedChecks, sight.unwatched,
                name: { members.member($0)?.name.text ?? $0.bytes.hexadecimal }, now: now)
        }
        if let report = selfWatch.takeReport(now: now) { notices.report(report, now: now) }
    }

    // MARK: Partial views

    mutating func noteProvisional(_ state: TargetState?, of check: CheckID, now: Instant) {
        partials.note(state, of: check, now: now)
        // Healed: what was not told is not told any more.
        if state == nil, membership.hasMajority { notices.withdrawPartials(check, now: now) }
    }

    private mutating func watchPartials(_ sight: MeshHealth.Sight, now: Instant) {
        if sight.hasMajority {
            for check in partials.takePassed(after: .zero, now: now) {
                notices.withdrawPartials(check, now: now)
            }
            endPartials(now: now)
        } else {
            partials.forgetOpen()
            tellPartials(sight, now: now)
            passPartials(sight, now: now)
        }
    }

    /// The chain has had its time to confirm what some side saw.
    private mutating func endPartials(now: Instant) {
        for (check, since) in partials.ages(ofOpen: notices.openPartials.map(\.check), now: now) {
            guard let view = verdicts.view(of: check, now: now), view.provisional == nil else {
                continue
            }
            let rule = view.plan?.rule
            let patience =
                (rule.map { $0.interval * ($0.delay + 3) } ?? .zero)
                + parameters.confirmationGrace
            guard now - since >= patience else { continue }
            notices.dropPartials(check, ladder: ladder(ofPartial: check, view), now: now)
        }
    }

    /// What has stood for the grace on a side of at least two nodes.
    private mutating func tellPartials(_ sight: MeshHealth.Sight, now: Instant) {
        guard sight.group.count >= 2 else { return }
        for (check, seen) in partials.due(after: parameters.partitionGrace, now: now) {
            guard let view = verdicts.view(of: check, now: now), view.owners.count >= 2,
                let birth, view.provisional == seen.state
            else { continue }
            let parent =
                view.flip?.id
                ?? FlipID(genesisOf: check, in: mesh, birth: birth, using: cryptography)
            let epoch = view.flip?.epoch ?? 0
            let told = notices.openPartials.filter {
                $0.check == check && $0.birth == birth && $0.epoch == UInt64(epoch)
                    && (sight.group.contains($0.node) || sight.group.contains($0.group))
            }
            guard let lowest = told.map(\.group).min() ?? sight.group.first else { continue }
            let opinion = view.verdicts.filter { $0.stance == .opines(seen.state) }
                .min { ($0.since, $0.node) < ($1.since, $1.node) }
            notices.tellPartial(
                PartialNews(
                    check: check, parent: parent, birth: birth, epoch: epoch, state: seen.state,
                    previous: view.flip?.state,
                    since: opinion?.since ?? wallClock.time(at: seen.since),
                    reason: opinion?.reason ?? .none, group: sight.group,
                    ladder: ladder(ofPartial: check, view), lowest: lowest),
                now: now)
        }
    }

    /// This side sees it no more, though it is still cut off.
    private mutating func passPartials(_ sight: MeshHealth.Sight, now: Instant) {
        for check in partials.takePassed(after: parameters.recoveryGrace, now: now) {
            notices.withdrawPartials(check, now: now)
            guard let view = verdicts.view(of: check, now: now) else { continue }
            let open = notices.openPartials.filter {
                $0.check == check
                    && (sight.group.contains($0.node) || sight.group.contains($0.group))
            }
            for group in Set(open.map(\.group)).sorted() {
                notices.dropPartials(
                    check, group: group, ladder: ladder(ofPartial: check, view), now: now)
            }
        }
    }

    private func ladder(ofPartial check: CheckID, _ view: CheckView) -> [NodeID] {
        verdicts.ladder(of: check, confirmations: max(view.owners.count, 1))
    }

    private var parameters: MeshHealthParameters { health.parameters }
}

extension MeshHealth.Sight {
    /// The node that a subject is about, if it counts.
    fileprivate func find(_ subject: MeshSubject) -> NodeID? {
        group.first { subject.isAbout($0.bytes) } ?? missing.first { subject.isAbout($0.bytes) }
    }
}

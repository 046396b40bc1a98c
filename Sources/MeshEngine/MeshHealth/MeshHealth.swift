import MeshChecks
import MeshCore
import MeshNotices

/// What this node holds to be wrong with the mesh itself, and since when: what it is to tell of in
/// notices of the built-in check `mesh`.
///
/// It goes by levels, not by events: each look compares what is wrong now with what somebody was
/// told. So a trouble whose teller has died, or whose node was started again, still gets its end;
/// and two nodes that see alike tell alike. What a node cannot know (how a node is that it cannot
/// reach) neither begins nor ends.
struct MeshHealth: Sendable {
    /// What there is to see at one moment. All lists ascend.
    struct Sight: Sendable {
        var hasMajority = true
        /// Nodes that count and can be reached, this one among them.
        var group: [NodeID] = []
        /// Nodes that count and are dead.
        var missing: [NodeID] = []
        /// Nodes of the group that lack checks; `nil` if this one does and cannot judge.
        var skewed: [NodeID]? = []
        /// What nodes say of themselves.
        var reports: [(node: NodeID, report: NodeReport)] = []
        /// Contacts that this node can reach or has routes to.
        var contacts: [ContactID] = []
        /// What people were told is wrong.
        var told: [Notices.ToldSubject] = []
        /// How far they were told of unwatched checks.
        var unwatchedKnown: (revision: UInt64, state: TargetState)?

        var unwatched: UnwatchedSight {
            UnwatchedSight(reports: reports, group: group, known: unwatchedKnown)
        }
    }

    enum Step: Sendable, Hashable {
        case begins(MeshSubject, since: Instant)
        /// It goes on, and there is more to it than was told.
        case grows(MeshSubject, since: Instant)
        case ends(MeshSubject)
    }

    /// How long one thing has been wrong, or well again.
    private struct Clock: Sendable {
        var isWrong: Bool
        var since: Instant
        /// It is to be told of, or was.
        var hasBegun: Bool
        /// Not to begin before: others have just told that it is over.
        var notBefore: Instant
    }

    let parameters: MeshHealthParameters
    private var clocks: [MeshSubject: Clock] = [:]
    /// Since when this group has had no majority.
    private(set) var lostSince: Instant?
    /// What that is told as, once it has lasted.
    private var lostSubject: MeshSubject?
    /// Since when there is more to tell of unwatched checks.
    private var growingSince: Instant?
    /// Since when each contact has failed, and who has been heard to get through since.
    private var failing: [ContactID: Instant] = [:]
    private var proven: Set<ContactID> = []

    init(_ parameters: MeshHealthParameters = .init()) { self.parameters = parameters }

    // MARK: What happens

    /// Somebody has tried to tell a contact.
    mutating func note(_ status: NoticeStatus, of contact: ContactID, now: Instant) {
        switch status {
        case .sent:
            failing[contact] = nil
            if proven.count < MeshHealthBounds.contactsMax { proven.insert(contact) }
        case .failed:
            proven.remove(contact)
            guard failing[contact] == nil, failing.count < MeshHealthBounds.contactsMax
            else { return }
            failing[contact] = now
        case .pending, .claimed, .held, .superseded: break
        }
    }

    /// Another node has told that this is over, and here it is not: if it stays so for long, it
    /// begins anew.
    mutating func contradict(_ subject: MeshSubject, now: Instant) {
        clocks[subject]?.hasBegun = false
        clocks[subject]?.notBefore = now + parameters.partitionGrace
    }

    /// Without the majority for `partition_grace`: nothing is watched here.
    func hasLostQuorum(at now: Instant) -> Bool {
        lostSince.map { now - $0 >= parameters.partitionGrace } ?? false
    }

    /// What has begun and not ended, ascending, and since when it is wrong.
    var troubles: [(subject: MeshSubject, since: Instant)] {
        clocks.filter { $0.value.hasBegun && $0.value.isWrong }
            .map { ($0.key, $0.value.since) }.sorted { $0.0 < $1.0 }
    }

    // MARK: Looking

    mutating func look(at sight: Sight, now: Instant) -> [Step] {
        noteQuorum(sight, now: now)
        let wrong = wrong(in: sight)
        let told = Set(sight.told.map(\.subject))
        var steps: [Step] = []
        for subject in wrong.sorted() {
            if let step = age(subject, wasTold: told.contains(subject), now: now) {
                steps.append(step)
            }
        }
        if let step = growth(of: .unwatchedChecks, sight.unwatched, now: now) { steps.append(step) }
        let others = told.union(clocks.keys).subtracting(wrong)
        for subject in others.sorted() {
            if isUnknown(subject, in: sight) {
                if clocks[subject]?.hasBegun == false { clocks[subject] = nil }
            } else if let step = heal(subject, now: now) {
                steps.append(step)
            }
        }
        return steps
    }

    private mutating func noteQuorum(_ sight: Sight, now: Instant) {
        guard !sight.hasMajority else {
            lostSince = nil
            lostSubject = nil
            return
        }
        lostSince = lostSince ?? now
        guard hasLostQuorum(at: now), lostSubject == nil, let lowest = sight.group.first
        else { return }
        // A group that has shrunk or grown goes on with what part of it has told; who is neither
        // here nor missed has left since.
        let adopted = sight.told.filter { told in
            told.subject.kind == .lostQuorum
                && (!sight.missing.contains(told.node)
                    || sight.group.contains { told.subject.isAbout($0.bytes) })
        }
        lostSubject =
            adopted.map(\.subject).min() ?? MeshSubject(.lostQuorum, of: lowest)
    }

    private func wrong(in sight: Sight) -> Set<MeshSubject> {
        var wrong: Set<MeshSubject> = []
        if let lostSubject { wrong.insert(lostSubject) }
        if sight.hasMajority {
            for node in sight.missing { wrong.insert(MeshSubject(.deadNode, of: node)) }
        }
        for contact in sight.contacts where failing[contact] != nil {
            wrong.insert(MeshSubject(failing: contact))
        }
        for node in sight.skewed ?? [] { wrong.insert(MeshSubject(.skewedConfiguration, of: node)) }
        for (node, report) in sight.reports where sight.group.contains(node) {
            for subject in report.faults.subjects(of: node)
            where sight.hasMajority || !subject.isDecidedByMajority {
                wrong.insert(subject)
            }
        }
        // Reports of which the end was told since are over.
        if !sight.unwatched.isWrong { wrong.remove(.unwatchedChecks) }
        return wrong
    }

    /// Reports ask for a word that nobody has told: what others have to say joins it for a while.
    private mutating func growth(
        of subject: MeshSubject, _ sight: UnwatchedSight, now: Instant
    ) -> Step? {
        guard let clock = clocks[subject], clock.isWrong, clock.hasBegun, sight.isDown,
            sight.owesMore
        else {
            growingSince = nil
            return nil
        }
        let since = growingSince ?? now
        growingSince = since
        return now - since >= parameters.gatheringGrace ? .grows(subject, since: clock.since) : nil
    }

    /// Whether this node cannot know how it is about a subject that it does not see to be wrong.
    private func isUnknown(_ subject: MeshSubject, in sight: Sight) -> Bool {
        switch subject.kind {
        case .lostQuorum, .deadNode, .unwatchedChecks: return !sight.hasMajority
        case .failingContact:
            let contact = sight.contacts.first { subject.isAbout($0.bytes) }
            return contact.map { !proven.contains($0) } ?? true
        case .skewedConfiguration where sight.skewed == nil: return true
        case .skewedConfiguration, .wrongClock, .fullDisk:
            return sight.missing.contains { subject.isAbout($0.bytes) }
        case nil: return true
        }
    }

    /// It is wrong: begins if that has lasted.
    private mutating func age(
        _ subject: MeshSubject, wasTold: Bool, now: Instant
    ) -> Step? {
        guard var clock = clocks[subject] ?? begin(subject, wasTold: wasTold, now: now)
        else { return nil }
        if !clock.isWrong {
            clock.isWrong = true
            clock.since = now
        }
        defer { clocks[subject] = clock }
        guard !clock.hasBegun, now - clock.since >= grace(of: subject), now >= clock.notBefore
        else { return nil }
        clock.hasBegun = true
        return .begins(subject, since: clock.since)
    }

    private func begin(_ subject: MeshSubject, wasTold: Bool, now: Instant) -> Clock? {
        guard clocks.count < MeshHealthBounds.troublesMax else { return nil }
        let since =
            subject == lostSubject
            ? lostSince ?? now : failing.first { subject.isFailing($0.key) }?.value ?? now
        return Clock(isWrong: true, since: since, hasBegun: wasTold, notBefore: now)
    }

    /// It is well: ends if that has lasted, and if it had begun.
    private mutating func heal(_ subject: MeshSubject, now: Instant) -> Step? {
        var clock =
            clocks[subject]
            ?? Clock(isWrong: false, since: now, hasBegun: true, notBefore: now)
        guard clock.hasBegun else {
            clocks[subject] = nil
            return nil
        }
        if clock.isWrong {
            clock.isWrong = false
            clock.since = now
        }
        guard now - clock.since >= recoveryGrace(of: subject) else {
            if clocks[subject] != nil || clocks.count < MeshHealthBounds.troublesMax {
                clocks[subject] = clock
            }
            return nil
        }
        clocks[subject] = nil
        return .ends(subject)
    }

    private func grace(of subject: MeshSubject) -> TimeSpan {
        switch subject.kind {
        case .deadNode: parameters.deathGrace
        case .failingContact: parameters.contactGrace
        case .skewedConfiguration: parameters.skewGrace
        case .unwatchedChecks: parameters.gatheringGrace
        // Whoever says it has waited.
        case .lostQuorum, .wrongClock, .fullDisk, nil: .zero
        }
    }

    private func recoveryGrace(of subject: MeshSubject) -> TimeSpan {
        switch subject.kind {
        // Whoever has said it may have died of what is not over: another must see it first.
        case .lostQuorum, .deadNode, .failingContact, .skewedConfiguration, .unwatchedChecks, nil:
            parameters.recoveryGrace
        case .wrongClock, .fullDisk: .zero
        }
    }
}

extension MeshSubject {
    fileprivate func isFailing(_ contact: ContactID) -> Bool {
        kind == .failingContact && isAbout(contact.bytes)
    }
}

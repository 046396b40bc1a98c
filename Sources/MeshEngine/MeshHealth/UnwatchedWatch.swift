import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// Checks that too few look at, though this node does: since when each, of which people were told,
/// and when there is more to tell.
///
/// A permanent one must not hide those that follow it. So each is told of once while the trouble
/// lasts: a check that is new asks for a further word, not one that comes back. The words are paced:
/// whatever is new within `partition_grace` of the last one shares the next.
struct UnwatchedWatch: Sendable {
    let parameters: MeshHealthParameters
    private let id: NodeID
    private var checks: [UnwatchedCheck] = []
    /// Since when each has been unwatched. Only looked up.
    private var since: [CheckID: Instant] = [:]
    private var emptySince: Instant?
    /// Whether to report that there are any.
    private(set) var isOn = false
    /// Marks of what this node has had told.
    private var told: Set<UInt32> = []
    /// How many more of its checks were, of which it has forgotten on its restart which.
    private var forgotten = 0
    /// What this node says of it, or has said.
    private(set) var said: NodeReport.Unwatched?
    private(set) var text = ""
    /// Others must hear `said`, though whether there are any has not changed.
    private(set) var isNew = false
    /// What it has asked for and nobody is known to have told yet.
    private var asked: Asked?
    /// What was heard to be told last, and when.
    private var heard: (revision: UInt64, isDown: Bool)?
    private var heardAt: Instant

    private struct Asked: Sendable {
        var word: UInt64
        var at: Instant
        var marks: Set<UInt32>
    }

    init(_ parameters: MeshHealthParameters, id: NodeID) {
        self.parameters = parameters
        self.id = id
        heardAt = .zero
    }

    /// What the others hold of this node from before it was started.
    mutating func restore(_ report: NodeReport, now: Instant) {
        isOn = report.faults.contains(.unwatchedChecks)
        said = report.unwatched
        told = Set(report.unwatched?.marks ?? [])
        forgotten = Int(report.unwatched?.unmarked ?? 0)
        text = report.text.text
        heardAt = now
    }

    /// - Parameters:
    ///   - checks: those for which this node speaks.
    ///   - mayReport: whether what is found now can be told to the others at once.
    ///   - name: of a node, for people.
    mutating func note(
        _ checks: [UnwatchedCheck], _ sight: UnwatchedSight, mayReport: Bool,
        name: (NodeID) -> String, now: Instant
    ) {
        self.checks = checks
        age(now: now)
        hear(sight, now: now)
        guard !checks.isEmpty else { return rest(sight, now: now) }
        let known = sight.marks(besides: id)
        recall(known, sight)
        let all = told.union(known)
        let isKnown = { (check: UnwatchedCheck) in all.contains(check.mark) }
        let lasting = checks.filter {
            isKnown($0) || has($0, lasted: parameters.partitionGrace, now: now)
        }
        guard !lasting.isEmpty, mayReport else { return }
        let fresh = lasting.filter { !isKnown($0) }
        if !fresh.isEmpty, mayAsk(sight, now: now) {
            // What will have lasted soon goes along.
            let along = checks.filter {
                !isKnown($0) && has($0, lasted: parameters.recoveryGrace, now: now)
            }
            ask(for: along, sight, name, now: now)
        } else if !isOn || said == nil, sight.isDown || sight.owesMore {
            // Told of already: by whoever was the first owner before.
            isOn = true
            say(word: sight.isDown ? sight.revision : sight.owed, added: 0, in: sight)
        } else if sight.owesMore, let said, said.word < sight.owed, said.count != checks.count {
            // The next word says how many there are in all.
            say(word: said.word, added: Int(said.added), in: sight)
        }
    }

    mutating func noteReported() { isNew = false }

    // MARK: What has changed

    private mutating func age(now: Instant) {
        var ages: [CheckID: Instant] = [:]
        for check in checks { ages[check.id] = since[check.id] ?? now }
        since = ages
        emptySince = checks.isEmpty ? emptySince ?? now : nil
    }

    private func has(_ check: UnwatchedCheck, lasted span: TimeSpan, now: Instant) -> Bool {
        since[check.id].map { now - $0 >= span } ?? false
    }

    private mutating func hear(_ sight: UnwatchedSight, now: Instant) {
        if heard.map({ $0 != (sight.revision, sight.isDown) }) ?? true {
            heard = (sight.revision, sight.isDown)
            heardAt = now
        }
        // Its end was told: whatever follows is another trouble.
        if said != nil, !sight.isOfNow(said) { forget() }
        guard let asked, sight.revision >= asked.word else { return }
        // Whoever has told it may not have heard this node in time.
        if now - asked.at < parameters.gatheringGrace / 3 { told.subtract(asked.marks) }
        self.asked = nil
    }

    /// None for now: the others are told when that has lasted.
    private mutating func rest(_ sight: UnwatchedSight, now: Instant) {
        guard isOn, let emptySince, now - emptySince >= parameters.recoveryGrace else { return }
        isOn = false
        // What nobody has told is new when it comes again.
        if let asked { told.subtract(asked.marks) }
        asked = nil
        text = ""
        if sight.isDown, let said {
            say(word: min(said.word, max(sight.revision, said.first)), added: 0, in: sight)
        } else {
            forget()
        }
    }

    private mutating func forget() {
        told = []
        forgotten = 0
        said = nil
        asked = nil
    }

    /// Of those that this node has told of before its start, it knows how many, not which.
    private mutating func recall(_ known: Set<UInt32>, _ sight: UnwatchedSight) {
        guard forgotten > 0, sight.isDown || sight.owesMore else { return }
        for check in checks where forgotten > 0 {
            guard !known.contains(check.mark), told.insert(check.mark).inserted else { continue }
            forgotten -= 1
        }
    }

    // MARK: What is said

    /// At most one word in `partition_grace`; what another is about to tell is joined.
    private func mayAsk(_ sight: UnwatchedSight, now: Instant) -> Bool {
        sight.revision == 0 || sight.owesMore || now - heardAt >= parameters.partitionGrace
    }

    private mutating func ask(
        for fresh: [UnwatchedCheck], _ sight: UnwatchedSight, _ name: (NodeID) -> String,
        now: Instant
    ) {
        let word = sight.owesMore ? sight.owed : sight.highest &+ 1
        // Asked for more before that was told: it is all of one word.
        let pending = asked?.word == word ? asked?.marks ?? [] : []
        let marks = pending.union(fresh.map(\.mark))
        told.formUnion(marks)
        asked = Asked(word: word, at: now, marks: marks)
        isOn = true
        text = Self.words(checks.filter { marks.contains($0.mark) }, name)
        say(word: word, added: marks.count, in: sight)
    }

    private mutating func say(word: UInt64, added: Int, in sight: UnwatchedSight) {
        let first = min(sight.first ?? word, word)
        // Those that are unwatched now come first.
        let now = Set(checks.map(\.mark)).intersection(told)
        let other = told.subtracting(now)
        let marks = (now.sorted() + other.sorted()).prefix(NodeReport.Unwatched.marksMax)
        said = NodeReport.Unwatched(
            word: word, first: first, count: checks.count, added: added,
            unmarked: max(0, now.count - marks.count) + forgotten, marks: marks.sorted())
        isNew = true
    }

    /// Names and why, of the first of them.
    private static func words(
        _ checks: [UnwatchedCheck], _ name: (NodeID) -> String
    ) -> String {
        var words = UnwatchedWords()
        for check in checks.prefix(MeshHealthBounds.namesMax) {
            words.add(check.name.text, check.lack.summary(name), told: check.lack.told(name))
        }
        return words.text(atMost: NodeReport.textByteCountMax)
    }
}

extension UnwatchedCheck {
    fileprivate var mark: UInt32 { NodeReport.Unwatched.mark(of: id) }
}

import MeshChecks
import MeshCore
import MeshNotices

/// What all know of checks at which too few look: the reports of every node, and how far it was
/// told. Whoever holds the same of these owes the same word.
struct UnwatchedSight: Sendable, Hashable {
    /// The highest revision that was told or is being told, 0 for none, and whether it says that
    /// something is wrong.
    let revision: UInt64
    let isDown: Bool
    /// Nodes of the group that see such checks now, and what they say; ascending.
    private(set) var standing: [Said] = []
    /// What others say who do not see any now, or are gone.
    private(set) var past: [Said] = []
    /// The highest revision that any report has asked for.
    private(set) var highest: UInt64

    struct Said: Sendable, Hashable {
        var node: NodeID
        var text: RecordText
        var unwatched: NodeReport.Unwatched?
    }

    init(
        reports: [(node: NodeID, report: NodeReport)] = [], group: [NodeID] = [],
        known: (revision: UInt64, state: TargetState)? = nil
    ) {
        revision = known?.revision ?? 0
        isDown = known.map { $0.state != .up } ?? false
        highest = revision
        for (node, report) in reports {
            let said = Said(node: node, text: report.text, unwatched: report.unwatched)
            guard isOfNow(report.unwatched) else { continue }
            highest = max(highest, report.unwatched?.word ?? 0)
            if report.faults.contains(.unwatchedChecks), group.contains(node) {
                standing.append(said)
            } else {
                past.append(said)
            }
        }
    }

    /// What was said under a revision whose end has been told since is over. And no lie uses the
    /// revisions up: see `NoticeBounds.revisionsAheadMax`.
    func isOfNow(_ unwatched: NodeReport.Unwatched?) -> Bool {
        let word = unwatched?.word ?? 0
        if word > revision { return word - revision <= NoticeBounds.revisionsAheadMax }
        return isDown || revision == 0
    }

    var isWrong: Bool { !standing.isEmpty }

    /// The revision under which what stands is to be told; at most `revision` if it has been.
    var owed: UInt64 { standing.map { $0.unwatched?.word ?? 0 }.max() ?? 0 }

    /// Somebody has more to say than was told.
    var owesMore: Bool { owed > revision }

    /// The revision that the trouble began with, or is to begin with; `nil` if there is none.
    var first: UInt64? {
        let said = (standing + past).compactMap(\.unwatched)
            .filter { isDown || $0.first > revision }
        return said.map(\.first).max() ?? (isDown ? revision : nil)
    }

    /// Checks told of in this trouble, or about to be, by others than `node`.
    func marks(besides node: NodeID) -> Set<UInt32> {
        guard let first else { return [] }
        var marks: Set<UInt32> = []
        // What one that is gone has asked for was not told.
        for said in standing + past.filter({ $0.unwatched.map(\.word) ?? 0 <= revision })
        where said.node != node && said.unwatched?.first == first {
            marks.formUnion(said.unwatched?.marks ?? [])
        }
        return marks
    }

    /// What is told under a revision: how many there are, who is missing, and which are new and why,
    /// before those of which the contacts have heard.
    func words(under revision: UInt64, missing: String) -> String {
        let news = standing.filter { $0.unwatched.map { $0.word >= revision } ?? true }
        let rest = standing.filter { said in !news.contains(said) }
        let count = standing.reduce(0) { $0 + Int($1.unwatched?.count ?? 0) }
        let added = news.reduce(0) { $0 + Int($1.unwatched?.added ?? 0) }
        var words = count == 1 ? "1 check is not watched" : "\(count) checks are not watched"
        if let first, first < revision { words += ", \(added) since last told" }
        if !missing.isEmpty { words += "; missing: \(missing)" }
        var which = UnwatchedWords()
        for said in news + rest { which.read(said.text.text) }
        let names = which.text(atMost: Reason.byteCountMax - words.utf8.count - 2, of: count)
        return names.isEmpty ? words : "\(words): \(names)"
    }
}

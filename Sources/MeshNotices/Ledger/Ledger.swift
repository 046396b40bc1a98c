import MeshChecks
import MeshCore

/// A receipt or a record as it is relayed: what was read from it, and its bytes.
struct Signed<Statement: Sendable & Hashable>: Sendable, Hashable {
    var statement: Statement
    var body: [UInt8]
}

/// What each contact was last told, and what failed since, line by line: what all nodes must come
/// to agree upon, and nothing else.
///
/// A line keeps the highest *sent* receipt and, of the newest notice beyond it, the latest failure
/// of each node. Both are a maximum, so that nodes that have heard the same receipts in any order
/// hold the same.
///
/// Two sides of a cut tell of the mesh by themselves, and one may tell that something is wrong after
/// the other has told that it is over, under a higher revision. Nothing but the wall clock says what
/// a contact heard last: on lines of the mesh, a word that this very end is the end of and that came
/// later is kept, too. A clock that is wrong brings one end too many by that, or one too few.
struct Ledger: Sendable {
    struct Entry: Sendable {
        var told: Signed<Receipt>?
        /// That something is wrong, told later than `told` though not higher: see `isLate`.
        var late: Signed<Receipt>?
        /// By node, ascending; all of one notice, later than `told`.
        var failures: [Signed<Receipt>] = []

        var all: [Signed<Receipt>] { sent + failures }
        var sent: [Signed<Receipt>] { [told, late].compactMap { $0 } }
    }

    /// What a receipt changed.
    struct Merge: Sendable {
        var isNew = false
        /// What is no longer kept and need not be on disk.
        var dropped: [Signed<Receipt>] = []
        /// Another statement under the same number of the same node.
        var contradicted: Signed<Receipt>?
        var isRefused = false
    }

    private struct Stamp: Hashable {
        var node: NodeID
        var generation: UInt32
        var sequence: UInt64
    }

    /// A line by the age of what is kept on it.
    private struct Aged: Comparable {
        var time: WallTime
        var line: Line

        static func < (left: Aged, right: Aged) -> Bool {
            left.time == right.time ? left.line < right.line : left.time < right.time
        }
    }

    private let bounds: NoticeBounds
    private var entries: [Line: Entry] = [:]
    /// Lines that may give way at the bound, the oldest last; also some that have changed since.
    /// `nil` until one has to.
    private var aged: [Aged]?
    private var lines: [CheckID: [Line]] = [:]
    private var stamps: [Stamp: Line] = [:]
    private var hashes: [CheckID: UInt64] = [:]
    /// Lines of partial views: few, and looked for whenever a cut has healed.
    private var partials: Set<Line> = []
    /// The exclusive or of all that is kept.
    private(set) var root: UInt64 = 0

    init(bounds: NoticeBounds = NoticeBounds()) { self.bounds = bounds }

    func told(on line: Line) -> Receipt? { entries[line]?.told?.statement }
    /// What the contact heard last, as far as is known.
    func lastWord(on line: Line) -> Receipt? {
        guard let entry = entries[line], let told = entry.told?.statement else { return nil }
        guard told.state == .up, let late = entry.late?.statement else { return told }
        return late
    }
    func signedTold(on line: Line) -> Signed<Receipt>? { entries[line]?.told }
    func failures(on line: Line) -> [Receipt] {
        entries[line]?.failures.map(\.statement) ?? []
    }
    /// Ascending.
    func lines(of check: CheckID) -> [Line] { lines[check] ?? [] }
    func hash(of check: CheckID) -> UInt64 { hashes[check] ?? 0 }
    /// Ascending.
    var partialLines: [Line] { partials.sorted() }
    var checks: [CheckID] { lines.keys.sorted() }
    var lineCount: Int { entries.count }
    /// Bytes held: lines and what is kept on each, as it is and as it travels, and the indexes.
    var storageByteCount: Int {
        let line = MemoryLayout<Line>.stride
        let indexes =
            entries.capacity * (line + MemoryLayout<Entry>.stride)
            + stamps.capacity * (line + MemoryLayout<Stamp>.stride)
            + (lines.capacity + hashes.capacity) * 24 + entries.count * (32 + line)
        return entries.values.reduce(indexes) { sum, entry in
            sum + entry.all.reduce(0) { $0 + 32 + $1.body.count }
                + entry.failures.count * MemoryLayout<Signed<Receipt>>.stride
        }
    }

    func bodies(of check: CheckID) -> [[UInt8]] {
        lines(of: check).flatMap { entries[$0]?.all.map(\.body) ?? [] }
    }

    /// Whether `merge` would keep it: asked before the signature is verified.
    func wants(_ receipt: Receipt) -> Bool {
        guard let entry = entries[receipt.line] else { return true }
        if Self.isLate(receipt, in: entry) { return true }
        if let told = entry.told?.statement, !Self.replaces(told, receipt) { return false }
        guard !receipt.isSent, let newest = entry.failures.first?.statement else { return true }
        if receipt.place != newest.place { return receipt.place > newest.place }
        if let held = entry.failures.first(where: { $0.statement.node == receipt.node }) {
            return Self.isLater(receipt, than: held.statement)
        }
        guard entry.failures.count >= bounds.failuresMax, let last = entry.failures.last else {
            return true
        }
        return receipt.node < last.statement.node
    }

    /// A held receipt with the same stamp and other bytes.
    func contradiction(of receipt: Receipt, _ body: [UInt8]) -> Signed<Receipt>? {
        let stamp = Stamp(
            node: receipt.node, generation: receipt.generation, sequence: receipt.sequence)
        guard let line = stamps[stamp], let entry = entries[line] else { return nil }
        return entry.all.first {
            Self.stamp(of: $0) == stamp && $0.body != body
        }
    }

    /// `isRouted`: whether a route of this node names the check.
    mutating func merge(_ signed: Signed<Receipt>, isRouted: (CheckID) -> Bool) -> Merge {
        let receipt = signed.statement
        var merge = Merge()
        guard wants(receipt) else { return merge }
        if entries[receipt.line] == nil, entries.count >= bounds.ledgerMax {
            guard let dropped = makeRoom(for: receipt, isRouted: isRouted) else {
                merge.isRefused = true
                return merge
            }
            merge.dropped = dropped
        }
        var entry = take(receipt.line)
        if receipt.isSent {
            let sent = entry.sent + [signed]
            if entry.told.map({ Self.replaces($0.statement, receipt) }) ?? true {
                entry.told = signed
                entry.late = nil
                for other in sent where Self.isLate(other.statement, in: entry) {
                    entry.late = other
                }
            } else if Self.isLate(receipt, in: entry) {
                entry.late = signed
            }
            let kept = entry.sent
            merge.dropped += sent.filter { !kept.contains($0) }
            let place = entry.told?.statement.place ?? receipt.place
            merge.dropped += entry.failures.filter { $0.statement.place <= place }
            entry.failures.removeAll { $0.statement.place <= place }
        } else {
            if let newest = entry.failures.first, newest.statement.place < receipt.place {
                merge.dropped += entry.failures
                entry.failures = []
            }
            if let index = entry.failures.firstIndex(where: { $0.statement.node >= receipt.node }) {
                if entry.failures[index].statement.node == receipt.node {
                    entry.failures[index] = signed
                } else {
                    entry.failures.insert(signed, at: index)
                }
            } else {
                entry.failures.append(signed)
            }
            // The highest node gives way, at every node alike.
            if entry.failures.count > bounds.failuresMax {
                merge.dropped.append(entry.failures.removeLast())
            }
        }
        merge.isNew = true
        put(entry, on: receipt.line, of: receipt.check)
        return merge
    }

    /// Whether a sent receipt gives way to `other`.
    private static func replaces(_ told: Receipt, _ other: Receipt) -> Bool {
        guard told.place == other.place else { return told.place < other.place }
        // Told twice: the lower node's receipt stays, at every node alike.
        guard other.isSent else { return false }
        return told.node == other.node ? isLater(told, than: other) : other.node < told.node
    }

    private static func isLater(_ receipt: Receipt, than other: Receipt) -> Bool {
        (receipt.generation, receipt.sequence) > (other.generation, other.sequence)
    }

    /// Whether a receipt says that something is wrong, of which `told` is the end or one more word,
    /// and was told after it and after whatever else was.
    private static func isLate(_ receipt: Receipt, in entry: Entry) -> Bool {
        guard receipt.isSent, receipt.line.topic.kind == .mesh, receipt.state != .up,
            let told = entry.told?.statement, receipt.time > told.time,
            told.epoch == receipt.epoch || told.epoch == receipt.epoch &+ 1
        else { return false }
        return entry.late.map { isLater(receipt, asWordThan: $0.statement) } ?? true
    }

    private static func isLater(_ receipt: Receipt, asWordThan other: Receipt) -> Bool {
        guard receipt.time == other.time else { return receipt.time > other.time }
        guard receipt.place == other.place else { return receipt.place > other.place }
        return receipt.node == other.node
            ? isLater(receipt, than: other) : receipt.node < other.node
    }

    // MARK: Keeping the indexes

    private mutating func take(_ line: Line) -> Entry {
        guard let entry = entries.removeValue(forKey: line) else { return Entry() }
        partials.remove(line)
        if let check = Self.check(of: entry) { toggle(entry, of: check, on: line, isIn: false) }
        return entry
    }

    private mutating func put(_ entry: Entry, on line: Line, of check: CheckID) {
        entries[line] = entry
        if case .partial = line.topic { partials.insert(line) }
        toggle(entry, of: check, on: line, isIn: true)
        var known = lines[check] ?? []
        let index = known.firstIndex { $0 >= line } ?? known.count
        if index == known.count || known[index] != line { known.insert(line, at: index) }
        lines[check] = known
        noteAge(of: entry, on: line)
    }

    private mutating func toggle(_ entry: Entry, of check: CheckID, on line: Line, isIn: Bool) {
        for signed in entry.all {
            var hash = StableHash()
            hash.combine(signed.body)
            let word = hash.finalize()
            hashes[check, default: 0] ^= word
            root ^= word
            stamps[Self.stamp(of: signed)] = isIn ? line : nil
        }
    }

    private static func stamp(of signed: Signed<Receipt>) -> Stamp {
        let receipt = signed.statement
        return Stamp(
            node: receipt.node, generation: receipt.generation, sequence: receipt.sequence)
    }

    private static func check(of entry: Entry) -> CheckID? {
        (entry.told ?? entry.failures.first)?.statement.check
    }

    // MARK: The bound

    /// Routes have changed: other lines may give way now.
    mutating func routesChanged() { aged = nil }

    /// Lets the oldest line go that no route names; `nil` if there is none, or if `receipt` is of
    /// no route and older still. Which lines stay is thereby the same at all nodes with the same
    /// routes, whatever the order in which they heard.
    private mutating func makeRoom(
        for receipt: Receipt, isRouted: (CheckID) -> Bool
    ) -> [Signed<Receipt>]? {
        if aged == nil {
            aged = entries.map { Aged(time: Self.time(of: $0.value), line: $0.key) }.sorted(by: >)
        }
        while let oldest = aged?.last {
            guard let held = entries[oldest.line], Self.time(of: held) == oldest.time,
                let check = Self.check(of: held), !isRouted(check)
            else {
                aged?.removeLast()
                continue
            }
            let isOlder = Aged(time: receipt.time, line: receipt.line) < oldest
            if isOlder, !isRouted(receipt.check) { return nil }
            aged?.removeLast()
            let entry = take(oldest.line)
            lines[check]?.removeAll { $0 == oldest.line }
            if lines[check]?.isEmpty == true {
                lines[check] = nil
                hashes[check] = nil
            }
            return entry.all
        }
        return nil
    }

    private mutating func noteAge(of entry: Entry, on line: Line) {
        guard let count = aged?.count else { return }
        guard count < 2 * bounds.ledgerMax else { return aged = nil }
        let new = Aged(time: Self.time(of: entry), line: line)
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if let other = aged?[middle], other > new { low = middle + 1 } else { high = middle }
        }
        aged?.insert(new, at: low)
    }

    private static func time(of entry: Entry) -> WallTime {
        (entry.told ?? entry.failures.first)?.statement.time ?? WallTime(milliseconds: 0)
    }
}

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
struct Ledger: Sendable {
    struct Entry: Sendable {
        var told: Signed<Receipt>?
        /// By node, ascending; all of one notice, later than `told`.
        var failures: [Signed<Receipt>] = []
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
    /// The exclusive or of all that is kept.
    private(set) var root: UInt64 = 0

    init(bounds: NoticeBounds = NoticeBounds()) { self.bounds = bounds }

    func told(on line: Line) -> Receipt? { entries[line]?.told?.statement }
    func signedTold(on line: Line) -> Signed<Receipt>? { entries[line]?.told }
    func failures(on line: Line) -> [Receipt] {
        entries[line]?.failures.map(\.statement) ?? []
    }
    /// Ascending.
    func lines(of check: CheckID) -> [Line] { lines[check] ?? [] }
    func hash(of check: CheckID) -> UInt64 { hashes[check] ?? 0 }
    var checks: [CheckID] { lines.keys.sorted() }
    var lineCount: Int { entries.count }

    func bodies(of check: CheckID) -> [[UInt8]] {
        lines(of: check).flatMap { line -> [[UInt8]] in
            guard let entry = entries[line] else { return [] }
            return (entry.told.map { [$0.body] } ?? []) + entry.failures.map(\.body)
        }
    }

    /// Whether `merge` would keep it: asked before the signature is verified.
    func wants(_ receipt: Receipt) -> Bool {
        guard let entry = entries[receipt.line] else { return true }
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
        return ([entry.told].compactMap { $0 } + entry.failures).first {
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
            if let told = entry.told { merge.dropped.append(told) }
            entry.told = signed
            merge.dropped += entry.failures.filter { $0.statement.place <= receipt.place }
            entry.failures.removeAll { $0.statement.place <= receipt.place }
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

    // MARK: Keeping the indexes

    private mutating func take(_ line: Line) -> Entry {
        guard let entry = entries.removeValue(forKey: line) else { return Entry() }
        if let check = Self.check(of: entry) { toggle(entry, of: check, on: line, isIn: false) }
        return entry
    }

    private mutating func put(_ entry: Entry, on line: Line, of check: CheckID) {
        entries[line] = entry
        toggle(entry, of: check, on: line, isIn: true)
        var known = lines[check] ?? []
        let index = known.firstIndex { $0 >= line } ?? known.count
        if index == known.count || known[index] != line { known.insert(line, at: index) }
        lines[check] = known
        noteAge(of: entry, on: line)
    }

    private mutating func toggle(_ entry: Entry, of check: CheckID, on line: Line, isIn: Bool) {
        for signed in [entry.told].compactMap({ $0 }) + entry.failures {
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
            return [entry.told].compactMap { $0 } + entry.failures
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

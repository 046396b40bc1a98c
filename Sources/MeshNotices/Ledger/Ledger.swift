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

    private var entries: [Line: Entry] = [:]
    private var lines: [CheckID: [Line]] = [:]
    private var stamps: [Stamp: Line] = [:]
    private var hashes: [CheckID: UInt64] = [:]
    /// Lines of partial views: few, and looked for whenever a cut has healed.
    private var partials: Set<Line> = []
    /// The exclusive or of all that is kept.
    private(set) var root: UInt64 = 0

    func told(on line: Line) -> Receipt? { entries[line]?.told?.statement }
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
        return entry.failures.allSatisfy {
            $0.statement.node != receipt.node || Self.isLater(receipt, than: $0.statement)
        }
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

    mutating func merge(_ signed: Signed<Receipt>, isRouted: (Line) -> Bool) -> Merge {
        let receipt = signed.statement
        var merge = Merge()
        guard wants(receipt) else { return merge }
        if entries[receipt.line] == nil, entries.count >= NoticeBounds.ledgerMax {
            merge.dropped = makeRoom(isRouted: isRouted)
            guard entries.count < NoticeBounds.ledgerMax else {
                merge.isRefused = true
                return merge
            }
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
            if entry.failures.count > NoticeBounds.failuresMax {
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

    /// Lets a quarter of the lines go that no route names, the oldest first.
    private mutating func makeRoom(isRouted: (Line) -> Bool) -> [Signed<Receipt>] {
        func age(_ line: Line) -> WallTime {
            let entry = entries[line]
            return (entry?.told ?? entry?.failures.first)?.statement.time ?? .init(milliseconds: 0)
        }
        let strangers = entries.keys.filter { !isRouted($0) }
            .map { (age: age($0), line: $0) }
            .sorted { $0.age == $1.age ? $0.line < $1.line : $0.age < $1.age }
        var dropped: [Signed<Receipt>] = []
        for (_, line) in strangers.prefix(max(1, entries.count / 4)) {
            let entry = take(line)
            guard let check = Self.check(of: entry) else { continue }
            dropped += [entry.told].compactMap { $0 } + entry.failures
            lines[check]?.removeAll { $0 == line }
            if lines[check]?.isEmpty == true {
                lines[check] = nil
                hashes[check] = nil
            }
        }
        return dropped
    }
}

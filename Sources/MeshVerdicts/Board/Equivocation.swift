import MeshChecks
import MeshCore

/// Nodes that have signed two different things under one number. Their verdicts do not count in the
/// generation in which they did, and not in a later one for `VerdictParameters.equivocatorRest`:
/// a node whose data directory was copied has lied to nobody, but until its operator has put that
/// right, and a while longer, nobody can tell which of the two to believe.
///
/// What another has minted with such a verdict stands: a certificate is judged from itself alone,
/// by everybody alike, or some would follow a chain that others refuse.
///
/// Bound: `VerdictBounds.equivocatorsMax`; the one proved longest ago gives way.
struct EquivocatorList: Sendable {
    private struct Proved: Sendable {
        var node: NodeID
        var generation: UInt32
        var until: Instant
    }

    /// Oldest proof first.
    private var proved: [Proved] = []

    /// Whether what `node` says in `generation` counts for nothing.
    func has(_ node: NodeID, in generation: UInt32, now: Instant) -> Bool {
        proved.contains {
            $0.node == node && ($0.generation >= generation || now < $0.until)
        }
    }

    /// False if it was known: a liar's further lies are no news, and its rest goes on.
    mutating func add(
        _ node: NodeID, in generation: UInt32, until: Instant, now: Instant
    ) -> Bool {
        let place = proved.firstIndex { $0.node == node }
        let isKnown = has(node, in: generation, now: now)
        let highest = max(generation, place.map { proved[$0].generation } ?? 0)
        if let place { proved.remove(at: place) }
        if proved.count == VerdictBounds.equivocatorsMax { proved.removeFirst() }
        proved.append(Proved(node: node, generation: highest, until: until))
        return !isKnown
    }
}

/// Under which number each node has lately signed about which check: sequence numbers are a node's
/// own, so that one number about two checks is as good a proof as two words about one. What was
/// signed is on the checks' boards, as long as nothing newer is.
///
/// Bound: `VerdictBounds.statementsMax` for each node that has signed anything and still counts.
struct StatementIndex: Sendable {
    private struct Statement: Sendable {
        var generation: UInt32
        var sequence: UInt64
        var place: Int
    }

    /// Oldest first.
    private var statements: [NodeID: [Statement]] = [:]

    /// Notes that `entry` is on the board of the check at `place`, and tells of which other check
    /// its signer has signed something under the same number.
    mutating func note(_ entry: LogEntry, at place: Int) -> Int? {
        var own = statements[entry.node] ?? []
        let other = own.first {
            $0.generation == entry.generation && $0.sequence == entry.sequence && $0.place != place
        }
        own.removeAll { $0.place == place }
        if own.count >= VerdictBounds.statementsMax { own.removeFirst() }
        own.append(
            Statement(generation: entry.generation, sequence: entry.sequence, place: place))
        statements[entry.node] = own
        return other?.place
    }

    mutating func forget(_ node: NodeID) { statements[node] = nil }
}

extension LogEntry {
    /// Of all that its signature covers. Two nodes that hold different words under one number find
    /// by it that they do.
    var contentHash: UInt64 {
        var writer = ByteWriter(reservingCapacity: 192)
        write(to: &writer)
        var hash = StableHash()
        hash.combine(writer.bytes)
        return hash.finalize()
    }
}

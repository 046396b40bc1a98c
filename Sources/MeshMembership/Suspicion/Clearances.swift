import MeshCore

/// Suspicions that this node has ended by its own evidence, so that the accusations still going
/// round do not begin them again. A new accuser does, and so does the same one once the talk of
/// then has surely ended: it may be right this time.
///
/// Bound: `MembershipBounds.clearancesMax`; the oldest gives way, at the price of one more look.
struct Clearances: Sendable {
    private struct Clearance: Sendable {
        var subject: NodeID
        var generation: UInt32
        var incarnation: UInt32
        var accusers: [NodeID]
        var end: Instant
    }

    /// Longer than an accusation is told by anybody.
    private static let span: TimeSpan = .seconds(30)
    private var clearances: [Clearance] = []

    mutating func add(_ subject: NodeID, _ suspicion: Suspicion, now: Instant) {
        var accusers = suspicion.accusers
        if let declarer = suspicion.declaredBy { accusers.append(declarer) }
        if let known = clearances.firstIndex(where: { $0.subject == subject }) {
            let earlier = clearances.remove(at: known)
            if earlier.generation == suspicion.generation,
                earlier.incarnation == suspicion.incarnation
            {
                accusers += earlier.accusers.prefix(8)
            }
        }
        if clearances.count == MembershipBounds.clearancesMax { clearances.removeFirst() }
        clearances.append(
            Clearance(
                subject: subject, generation: suspicion.generation,
                incarnation: suspicion.incarnation, accusers: accusers,
                end: now + Self.span))
    }

    func covers(_ claim: MemberClaim, now: Instant) -> Bool {
        clearances.contains {
            now < $0.end && $0.subject == claim.subject && $0.generation == claim.generation
                && $0.incarnation == claim.incarnation && $0.accusers.contains(claim.author)
        }
    }
}

import MeshCore

/// The claims of other nodes that hold here, line by line. A claim holds for a lease from when it
/// was last heard, on this node's own clock; one whose lease has ended is as none.
struct ClaimBook: Sendable {
    struct Held: Sendable, Hashable {
        var claim: Claim
        var node: NodeID
        var leaseEnd: Instant
    }

    private let bounds: NoticeBounds
    private var lines: [Line: [Held]] = [:]

    init(bounds: NoticeBounds = NoticeBounds()) { self.bounds = bounds }

    /// Holds `claim` of `node` until `leaseEnd`, in the place of whatever that node claimed on
    /// this line before. False at a bound; nothing is held then.
    mutating func hold(_ claim: Claim, of node: NodeID, until leaseEnd: Instant) -> Bool {
        let held = Held(claim: claim, node: node, leaseEnd: leaseEnd)
        var onLine = lines[claim.line] ?? []
        if let index = onLine.firstIndex(where: { $0.node == node }) {
            onLine[index] = held
        } else {
            guard onLine.count < bounds.claimsPerLineMax,
                !onLine.isEmpty || lines.count < bounds.claimedLinesMax
            else { return false }
            onLine.append(held)
        }
        lines[claim.line] = onLine
        return true
    }

    /// The best claim on a line that still holds, other than `node`'s: one that has left, or else
    /// the better of them.
    func best(on line: Line, at now: Instant, besides node: NodeID? = nil) -> Held? {
        var best: Held?
        for held in lines[line] ?? [] where held.leaseEnd > now && held.node != node {
            guard let leader = best else {
                best = held
                continue
            }
            if held.claim.hasLeft != leader.claim.hasLeft {
                if held.claim.hasLeft { best = held }
            } else if held.claim.isBetter(than: leader.claim) {
                best = held
            }
        }
        return best
    }

    func isClaimed(_ line: Line, at now: Instant) -> Bool { best(on: line, at: now) != nil }

    /// Takes away the claims of a line whose leases have ended, and returns them.
    mutating func takeLapsed(on line: Line, at now: Instant) -> [Held] {
        guard let onLine = lines[line] else { return [] }
        let lapsed = onLine.filter { $0.leaseEnd <= now }
        if !lapsed.isEmpty { replace(line, by: onLine.filter { $0.leaseEnd > now }) }
        return lapsed
    }

    mutating func remove(of node: NodeID, on line: Line) {
        guard let onLine = lines[line] else { return }
        replace(line, by: onLine.filter { $0.node != node })
    }

    /// A notice at `place` has been sent: claims of it and of earlier ones are over.
    mutating func remove(upTo place: Place, on line: Line) {
        guard let onLine = lines[line] else { return }
        replace(line, by: onLine.filter { $0.claim.place > place })
    }

    private mutating func replace(_ line: Line, by held: [Held]) {
        lines[line] = held.isEmpty ? nil : held
    }

    var lineCount: Int { lines.count }
}

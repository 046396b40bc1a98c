import MeshCore

/// Who tells, in which order: the owners at the flip in rank order, then further live nodes.
///
/// A node's turn comes one rung after that of the live node before it. Ranks that are suspect or
/// dead, that failed, or that let their lease end are skipped at once.
struct Ladder: Sendable, Hashable {
    /// At most `ToldFlip.ladderMax`.
    let nodes: [NodeID]
    let ownerCount: Int

    static let none = Ladder([], ownerCount: 0)

    init(_ nodes: [NodeID], ownerCount: Int) {
        self.nodes = Array(nodes.prefix(ToldFlip.ladderMax))
        self.ownerCount = max(0, min(ownerCount, self.nodes.count))
    }

    func rank(of node: NodeID) -> Int? { nodes.firstIndex(of: node) }

    /// How many rungs `me` waits; `nil` if it is not on the ladder or has had its turn.
    func rungs(before me: NodeID, spent: [NodeID], isAlive: (NodeID) -> Bool) -> Int? {
        guard let rank = rank(of: me), !spent.contains(me) else { return nil }
        return nodes[..<rank].count { !spent.contains($0) && isAlive($0) }
    }

    /// How many others may still have their turn in this round.
    func remaining(besides me: NodeID, spent: [NodeID], isAlive: (NodeID) -> Bool) -> Int {
        nodes.count { $0 != me && !spent.contains($0) && isAlive($0) }
    }

    /// Whom a claim of `me` is for: the owners or the whole ladder.
    func audience(of me: NodeID, asksAll: Bool) -> [NodeID] {
        (asksAll ? nodes[...] : nodes[..<ownerCount]).filter { $0 != me }
    }

    func isOwner(_ node: NodeID) -> Bool { nodes[..<ownerCount].contains(node) }

    /// To whom a receipt goes in person.
    func owners(besides me: NodeID) -> [NodeID] { nodes[..<ownerCount].filter { $0 != me } }
}

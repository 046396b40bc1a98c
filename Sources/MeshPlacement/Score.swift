package import MeshChecks
package import MeshCore

/// Rendezvous hashing (Thaler and Ravishankar 1998): every node's rank for a check follows from
/// the two ids alone. Lowest first.
package struct Score: Hashable, Sendable, Comparable {
    package let value: UInt64

    /// Both ids are hashes already: one full multiplication mixes them.
    package init(of node: NodeID, for check: CheckID) {
        value = StableHash.avalanche(
            (node.bytes.high ^ check.bytes.low) &+ (node.bytes.low ^ check.bytes.high)
                &* 0x9E37_79B9_7F4A_7C15)
    }

    package static func < (left: Score, right: Score) -> Bool { left.value < right.value }
}

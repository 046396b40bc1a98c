package import MeshCore

/// A fingerprint of a member list in 64 buckets: equal digests mean that two nodes hold the same
/// members in the same states.
///
/// A bucket is the exclusive or of its members' hashes, so that a change costs two operations and
/// the order of arrival leaves no trace. Alive and suspect hash alike, and incarnations not at
/// all: suspicions come and go everywhere at different moments and end by themselves, and lists
/// that differ only in them need no exchange.
package struct MemberDigest: Sendable, Hashable {
    package static let bucketCount = 64

    package private(set) var buckets = [UInt64](repeating: 0, count: bucketCount)
    /// The exclusive or of all buckets: what rides on every ping and ack.
    package private(set) var root: UInt64 = 0

    package init() {}

    /// Which bucket a member is in: the top six bits of its id, which is a hash already.
    package static func bucket(of node: NodeID) -> Int { Int(node.bytes.high >> 58) }

    /// Adds or removes a member in a state: the same operation twice undoes it.
    package mutating func toggle(_ node: NodeID, generation: UInt32, state: MemberState) {
        let phase: UInt64 =
            switch state {
            case .alive, .suspect: 1
            case .dead: 2
            case .left: 3
            case .forgotten: 4
            }
        let hash = StableHash.of(
            node.bytes.high, node.bytes.low, UInt64(generation) << 8 | phase)
        buckets[Self.bucket(of: node)] ^= hash
        root ^= hash
    }

    /// The buckets in which two lists differ, a bit each.
    package func difference(from other: [UInt64]) -> UInt64 {
        var mask: UInt64 = 0
        for bucket in 0..<Self.bucketCount where buckets[bucket] != other[bucket] {
            mask |= 1 << UInt64(bucket)
        }
        return mask
    }
}

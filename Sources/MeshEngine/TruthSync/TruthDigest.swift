package import MeshCore

/// A fingerprint of all that a node holds about checks, in 256 buckets by the first byte of the
/// key: equal roots mean that two nodes hold the same.
///
/// A bucket is the exclusive or of its dossiers' hashes, so that a change costs a few operations
/// and the order of arrival leaves no trace. 0 while nothing is held.
package struct TruthDigest: Sendable, Hashable {
    package static let bucketCount = 256

    package private(set) var buckets = [UInt64](repeating: 0, count: bucketCount)
    /// What rides on every ping and ack.
    package private(set) var root: UInt64 = 0

    package init() {}

    package static func bucket(of key: Bytes16) -> Int { Int(key.high >> 56) }

    /// A dossier has changed. `nil` before the first, or after the last of it is gone.
    package mutating func update(_ key: Bytes16, from old: UInt64?, to new: UInt64?) {
        if let old { toggle(key, old) }
        if let new { toggle(key, new) }
    }

    private mutating func toggle(_ key: Bytes16, _ hash: UInt64) {
        let mixed = StableHash.of(key.high, key.low, hash)
        buckets[Self.bucket(of: key)] ^= mixed
        root ^= mixed
    }

    /// The buckets in which two nodes differ. Expects as many as there are.
    package func difference(from other: [UInt64]) -> BucketSet {
        precondition(other.count == Self.bucketCount, "expected a digest of each bucket")
        var set = BucketSet()
        for bucket in 0..<Self.bucketCount where buckets[bucket] != other[bucket] {
            set.insert(bucket)
        }
        return set
    }
}

/// Some of the 256 buckets, a bit each.
package struct BucketSet: Sendable, Hashable {
    private var words: [UInt64] = [0, 0, 0, 0]

    package init() {}
    package init(_ buckets: some Sequence<Int>) { for bucket in buckets { insert(bucket) } }

    package mutating func insert(_ bucket: Int) { words[bucket >> 6] |= 1 << UInt64(bucket & 63) }
    package func contains(_ bucket: Int) -> Bool {
        words[bucket >> 6] >> UInt64(bucket & 63) & 1 == 1
    }
    /// In ascending order.
    package var buckets: [Int] { (0..<TruthDigest.bucketCount).filter(contains) }

    static let byteCount = 32

    func write(to writer: inout ByteWriter) { for word in words { writer.write(word) } }

    static func decode(_ reader: inout ByteReader) throws(DecodeError) -> BucketSet {
        var set = BucketSet()
        for word in 0..<4 { set.words[word] = try reader.readUInt64() }
        return set
    }
}

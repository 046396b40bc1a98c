import MeshCore
import MeshEngine
import Testing

@Suite struct TruthDigestTests {
    private func key(_ first: UInt8, _ rest: UInt64 = 1) -> Bytes16 {
        Bytes16(high: UInt64(first) << 56, low: rest)
    }

    @Test func `nothing held is nought`() {
        #expect(TruthDigest().root == 0)
        #expect(TruthDigest().buckets.count == 256)
    }

    @Test func `the order in which things came leaves no trace`() {
        var one = TruthDigest()
        var other = TruthDigest()
        for number in 0..<100 as Range<UInt8> {
            one.update(key(number), from: nil, to: UInt64(number))
        }
        for number in (0..<100 as Range<UInt8>).reversed() {
            other.update(key(number), from: nil, to: 999)
            other.update(key(number), from: 999, to: UInt64(number))
        }
        #expect(one == other)
        for number in 0..<100 as Range<UInt8> {
            one.update(key(number), from: UInt64(number), to: nil)
        }
        #expect(one == TruthDigest())
    }

    @Test func `equal hashes under two keys do not cancel out`() {
        var digest = TruthDigest()
        digest.update(key(7, 1), from: nil, to: 42)
        digest.update(key(7, 2), from: nil, to: 42)
        #expect(digest.root != 0)
    }

    @Test(arguments: [0, 1, 63, 64, 127, 255] as [UInt8])
    func `a difference names its bucket`(first: UInt8) {
        var digest = TruthDigest()
        digest.update(key(first), from: nil, to: 5)
        let difference = digest.difference(from: TruthDigest().buckets)
        #expect(difference == BucketSet([Int(first)]))
        #expect(difference.buckets == [Int(first)])
        #expect(digest.difference(from: digest.buckets) == BucketSet())
    }
}

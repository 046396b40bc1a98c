import MeshCore
import MeshMembership
import Testing

struct MemberDigestTests {
    /// Computed apart from this code: digests travel, and two versions must agree on them.
    @Test(
        arguments: [
            (.alive, 0), (.suspect, 0), (.dead, 1), (.left, 2), (.forgotten, 3),
        ] as [(MemberState, Int)])
    func `a member hashes to the value it has always had`(state: MemberState, position: Int) {
        let golden: [UInt64] = [
            0xD34A_C199_334C_1321, 0x3F0B_257E_2CD8_2B32, 0xFD37_823C_967A_0676,
            0x3C61_D470_9C66_7D11,
        ]
        var digest = MemberDigest()
        digest.toggle(Wire.subject, generation: 3, state: state)
        #expect(digest.root == golden[position])
        #expect(digest.buckets[8] == golden[position])
        #expect(digest.buckets.count { $0 != 0 } == 1)
    }

    @Test func `the order of arrival leaves no trace, and toggling twice undoes`() {
        var one = MemberDigest()
        var other = MemberDigest()
        one.toggle(Wire.subject, generation: 1, state: .alive)
        one.toggle(Wire.author, generation: 1, state: .dead)
        other.toggle(Wire.author, generation: 1, state: .dead)
        other.toggle(Wire.subject, generation: 1, state: .suspect)
        #expect(one == other)
        one.toggle(Wire.author, generation: 1, state: .dead)
        one.toggle(Wire.subject, generation: 1, state: .alive)
        #expect(one == MemberDigest())
    }

    @Test func `the difference names the buckets of the members that differ`() {
        var one = MemberDigest()
        var other = MemberDigest()
        one.toggle(Wire.subject, generation: 1, state: .alive)
        other.toggle(Wire.subject, generation: 2, state: .alive)
        let last = NodeID(Bytes16(high: .max, low: 0))
        other.toggle(last, generation: 1, state: .alive)
        #expect(MemberDigest.bucket(of: last) == 63)
        #expect(one.difference(from: other.buckets) == (1 << 8 | 1 << 63) as UInt64)
        #expect(one.difference(from: one.buckets) == 0)
    }
}

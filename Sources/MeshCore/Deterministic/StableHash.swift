/// A 64-bit hash that is the same in every process, on every platform and in every release.
///
/// The standard library's `Hasher` is seeded anew per process: two nodes would place a check
/// differently. This one is for placement, digests and tables, never where an adversary gains
/// from a collision; those places use SHA-256.
package struct StableHash: Sendable {
    @usableFromInline var state: UInt64

    @inlinable
    package init(seed: UInt64 = 0) { state = seed ^ 0x9E37_79B9_7F4A_7C15 }

    @inlinable
    package mutating func combine(_ word: UInt64) {
        let product = (state ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        state = product.high ^ product.low ^ (word &* 0xE703_7ED1_A0B4_28DB)
    }

    /// Eight bytes at a time, the rest and the length last.
    @inlinable
    package mutating func combine(_ bytes: some Collection<UInt8>) {
        var word: UInt64 = 0
        var filled = 0
        for byte in bytes {
            word = word << 8 | UInt64(byte)
            filled += 1
            if filled & 7 == 0 {
                combine(word)
                word = 0
            }
        }
        combine(word)
        combine(UInt64(filled))
    }

    @inlinable
    package func finalize() -> UInt64 { Self.avalanche(state) }

    /// SplitMix64's finaliser: every input bit reaches every output bit.
    @inlinable
    package static func avalanche(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// The hash of a few words.
    @inlinable
    package static func of(_ words: UInt64...) -> UInt64 {
        var hash = StableHash()
        for word in words { hash.combine(word) }
        return hash.finalize()
    }
}

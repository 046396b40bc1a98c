import MeshCore

/// A 128-bit hash that takes eight bytes at a time: behind every fake seal, signature and digest.
///
/// A run of a thousand nodes seals, opens and verifies ten million times; a byte at a time that
/// would be most of the run. It resists no adversary but the ones in this simulator, who have no
/// code to attack it with.
struct QuickHash: Sendable {
    private(set) var high: UInt64
    private(set) var low: UInt64

    init(_ first: UInt64, _ second: UInt64 = 0) {
        high = first ^ 0x9E37_79B9_7F4A_7C15
        low = second ^ 0xC2B2_AE3D_27D4_EB4F
    }

    mutating func absorb(_ word: UInt64) {
        let product = (high ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        high = product.high ^ product.low ^ low
        low = (low << 23 | low >> 41) &+ word &* 0xE703_7ED1_A0B4_28DB
    }

    mutating func absorb(_ bytes: [UInt8]) { absorb(bytes, count: bytes.count) }

    /// The first `count` of `bytes`, then how many there were.
    mutating func absorb(_ bytes: [UInt8], count: Int) {
        precondition(count >= 0 && count <= bytes.count, "expected a range within the bytes")
        var state = self
        // Safe: every load ends at or before `count`, which the precondition holds within `bytes`;
        // loads need no alignment.
        unsafe bytes.withUnsafeBytes { raw in
            var offset = 0
            while offset + 8 <= count {
                state.absorb(
                    UInt64(
                        littleEndian: unsafe raw.loadUnaligned(
                            fromByteOffset: offset, as: UInt64.self)))
                offset += 8
            }
            var rest: UInt64 = 0
            while offset < count {
                rest = rest << 8 | UInt64(unsafe raw[offset])
                offset += 1
            }
            state.absorb(rest)
        }
        state.absorb(UInt64(count))
        self = state
    }

    /// Sixteen bytes that depend on everything absorbed.
    var digest: Bytes16 {
        Bytes16(
            high: StableHash.avalanche(high ^ (low << 32 | low >> 32)),
            low: StableHash.avalanche(low &+ high &* 0xD6E8_FEB8_6659_FD93))
    }

    /// Thirty-two of them.
    var longDigest: Bytes32 {
        var second = self
        second.absorb(0x2545_F491_4F6C_DD1D)
        return Bytes32(high: digest, low: second.digest)
    }
}

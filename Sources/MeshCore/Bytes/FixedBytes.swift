/// Sixteen bytes as two words: ids and addresses. No heap, quick to compare and to hash; the
/// order is that of the bytes.
package struct Bytes16: Hashable, Sendable, Comparable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static let zero = Bytes16(high: 0, low: 0)

    @inlinable
    package static func < (left: Bytes16, right: Bytes16) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }

    /// 32 lower-case hexadecimal digits.
    package var hexadecimal: String { Self.hexadecimal(high) + Self.hexadecimal(low) }

    static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Thirty-two bytes: a SHA-256 digest, a public key, half a signature.
package struct Bytes32: Hashable, Sendable {
    package var high: Bytes16
    package var low: Bytes16

    package init(high: Bytes16, low: Bytes16) {
        self.high = high
        self.low = low
    }

    package static let zero = Bytes32(high: .zero, low: .zero)

    /// The 32 bytes in order.
    package var array: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 32)
        writer.write(self)
        return writer.bytes
    }
}

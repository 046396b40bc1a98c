/// Appends the wire's primitives to a byte array: big-endian integers, LEB128 varints, and byte
/// strings with their length before them. `ByteReader` beside it reads them back.
package struct ByteWriter: Sendable {
    package private(set) var bytes: [UInt8]

    package init(reservingCapacity capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    package var count: Int { bytes.count }

    package mutating func write(_ value: UInt8) { bytes.append(value) }
    package mutating func write(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }
    package mutating func write(_ value: UInt32) {
        write(UInt16(truncatingIfNeeded: value >> 16))
        write(UInt16(truncatingIfNeeded: value))
    }
    package mutating func write(_ value: UInt64) {
        write(UInt32(truncatingIfNeeded: value >> 32))
        write(UInt32(truncatingIfNeeded: value))
    }
    package mutating func write(_ value: Bytes16) {
        write(value.high)
        write(value.low)
    }
    package mutating func write(_ value: Bytes32) {
        write(value.high)
        write(value.low)
    }

    /// LEB128: seven bits a byte, least significant first, the high bit says that more follow.
    package mutating func writeVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// The bytes as they are, with no length before them.
    package mutating func writeRaw(_ raw: [UInt8]) { bytes.append(contentsOf: raw) }
    package mutating func writeRaw(_ raw: ArraySlice<UInt8>) { bytes.append(contentsOf: raw) }

    /// A varint length, then the bytes.
    package mutating func writePrefixed(_ raw: [UInt8]) {
        writeVarint(UInt64(raw.count))
        bytes.append(contentsOf: raw)
    }

    /// How many bytes `writeVarint` takes for `value`.
    package static func varintCount(_ value: Int) -> Int {
        var rest = value
        var count = 1
        while rest >= 0x80 {
            rest >>= 7
            count += 1
        }
        return count
    }
}

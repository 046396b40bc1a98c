/// Why bytes from outside could not be read. Reading never changes any state, so the sender's
/// datagram or stream is dropped and counted and nothing else happens.
package enum DecodeError: Error, Hashable, Sendable {
    /// Fewer bytes than the field needs. Normal for junk and for truncated datagrams.
    case truncated
    /// A length or count above the bound that is named beside the field.
    case tooLarge
    /// A value that the field cannot have: an unknown code, a name with a forbidden byte.
    case invalid
    /// Bytes left where the layout has ended.
    case trailing
}

/// Reads the wire's primitives from a range of bytes; it copies nothing and checks every length
/// before it reads.
package struct ByteReader: Sendable {
    private let bytes: [UInt8]
    private(set) var position: Int
    private let end: Int

    package init(_ bytes: [UInt8]) {
        self.init(bytes, in: 0..<bytes.count)
    }

    /// Reads only `range`. Expects it to lie within `bytes`.
    package init(_ bytes: [UInt8], in range: Range<Int>) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= bytes.count,
            "expected a range within the bytes")
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    package var remaining: Int { end - position }
    package var isAtEnd: Bool { position == end }

    package mutating func readUInt8() throws(DecodeError) -> UInt8 {
        guard position < end else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func readUInt16() throws(DecodeError) -> UInt16 {
        UInt16(truncatingIfNeeded: try readBigEndian(2))
    }
    package mutating func readUInt32() throws(DecodeError) -> UInt32 {
        UInt32(truncatingIfNeeded: try readBigEndian(4))
    }
    package mutating func readUInt64() throws(DecodeError) -> UInt64 { try readBigEndian(8) }

    package mutating func readBytes16() throws(DecodeError) -> Bytes16 {
        Bytes16(high: try readUInt64(), low: try readUInt64())
    }
    package mutating func readBytes32() throws(DecodeError) -> Bytes32 {
        Bytes32(high: try readBytes16(), low: try readBytes16())
    }

    /// A LEB128 varint of at most 64 bits, in its shortest form: one value, one encoding, so that
    /// a signed statement cannot be written in two ways.
    package mutating func readVarint() throws(DecodeError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try readUInt8()
            let low = UInt64(byte & 0x7F)
            guard shift < 63 || low <= 1 else { throw .tooLarge }
            value |= low << shift
            if byte & 0x80 == 0 {
                guard byte != 0 || shift == 0 else { throw .invalid }
                return value
            }
            shift += 7
            guard shift < 70 else { throw .tooLarge }
        }
    }

    /// A varint that must fit 32 bits: generations and incarnations.
    package mutating func readVarint32() throws(DecodeError) -> UInt32 {
        guard let value = UInt32(exactly: try readVarint()) else { throw .tooLarge }
        return value
    }

    package mutating func readRaw(_ count: Int) throws(DecodeError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw .truncated }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A byte string with its varint length before it, of at most `limit` bytes.
    package mutating func readPrefixed(atMost limit: Int) throws(DecodeError) -> ArraySlice<UInt8> {
        let count = try readVarint()
        guard count <= UInt64(limit) else { throw .tooLarge }
        return try readRaw(Int(count))
    }

    /// A reader of the next `count` bytes, which this one skips.
    package mutating func readSection(_ count: Int) throws(DecodeError) -> ByteReader {
        guard count >= 0, count <= remaining else { throw .truncated }
        defer { position += count }
        return ByteReader(bytes, in: position..<position + count)
    }

    /// What has not been read, which this reader then has.
    package mutating func readRest() -> ArraySlice<UInt8> {
        defer { position = end }
        return bytes[position..<end]
    }

    package func requireEnd() throws(DecodeError) {
        guard isAtEnd else { throw .trailing }
    }

    private mutating func readBigEndian(_ count: Int) throws(DecodeError) -> UInt64 {
        guard count <= remaining else { throw .truncated }
        var value: UInt64 = 0
        for offset in 0..<count { value = value << 8 | UInt64(bytes[position + offset]) }
        position += count
        return value
    }
}

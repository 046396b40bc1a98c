import MeshCore
import Testing

struct ByteReaderWriterTests {
    @Test func `what is written is read back in order`() throws {
        var writer = ByteWriter()
        writer.write(0x12 as UInt8)
        writer.write(0x3456 as UInt16)
        writer.write(0x789A_BCDE as UInt32)
        writer.write(0x0123_4567_89AB_CDEF as UInt64)
        let sixteen = Bytes16(high: 1, low: .max)
        let thirtyTwo = Bytes32(high: sixteen, low: .zero)
        writer.write(sixteen)
        writer.write(thirtyTwo)
        writer.writeVarint(300)
        writer.writePrefixed([7, 8])
        writer.writeRaw([9])
        #expect(writer.count == writer.bytes.count)

        var reader = ByteReader(writer.bytes)
        #expect(try reader.readUInt8() == 0x12)
        #expect(try reader.readUInt16() == 0x3456)
        #expect(try reader.readUInt32() == 0x789A_BCDE)
        #expect(try reader.readUInt64() == 0x0123_4567_89AB_CDEF)
        #expect(try reader.readBytes16() == sixteen)
        #expect(try reader.readBytes32() == thirtyTwo)
        #expect(try reader.readVarint() == 300)
        #expect(try Array(reader.readPrefixed(atMost: 2)) == [7, 8])
        #expect(reader.remaining == 1)
        #expect(Array(reader.readRest()) == [9])
        #expect(reader.isAtEnd)
        try reader.requireEnd()
    }

    @Test func `integers are big-endian`() {
        var writer = ByteWriter()
        writer.write(0x0102 as UInt16)
        writer.write(0x0304_0506 as UInt32)
        writer.write(0x0708_090A_0B0C_0D0E as UInt64)
        #expect(writer.bytes == Array(1...14))
    }

    @Test(
        arguments: [
            (0, [0x00]), (1, [0x01]), (127, [0x7F]), (128, [0x80, 0x01]), (300, [0xAC, 0x02]),
            (16_383, [0xFF, 0x7F]), (16_384, [0x80, 0x80, 0x01]),
            (UInt64(UInt32.max), [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
            (UInt64.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        ] as [(UInt64, [UInt8])]
    )
    func `a varint has one encoding`(value: UInt64, bytes: [UInt8]) throws {
        var writer = ByteWriter()
        writer.writeVarint(value)
        #expect(writer.bytes == bytes)
        if let small = Int(exactly: value) { #expect(ByteWriter.varintCount(small) == bytes.count) }

        var reader = ByteReader(bytes)
        #expect(try reader.readVarint() == value)
        #expect(reader.isAtEnd)

        for count in 0..<bytes.count {
            var short = ByteReader(Array(bytes[..<count]))
            #expect(throws: DecodeError.truncated) { try short.readVarint() }
        }
    }

    @Test(
        arguments: [
            ([0x80, 0x00], .invalid), ([0x81, 0x00], .invalid), ([0xFF, 0x80, 0x00], .invalid),
            ([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], .invalid),
            // The tenth byte has room for one bit.
            ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], .tooLarge),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0x00], .tooLarge),
        ] as [([UInt8], DecodeError)]
    )
    func `a varint in a longer form or of more bits is refused`(
        bytes: [UInt8],
        error: DecodeError
    ) {
        var reader = ByteReader(bytes)
        #expect(throws: error) { try reader.readVarint() }
    }

    @Test func `a varint of 32 bits refuses the thirty-third`() throws {
        var largest = ByteReader([0xFF, 0xFF, 0xFF, 0xFF, 0x0F])
        #expect(try largest.readVarint32() == .max)
        var above = ByteReader([0x80, 0x80, 0x80, 0x80, 0x10])
        #expect(throws: DecodeError.tooLarge) { try above.readVarint32() }
    }

    @Test func `every fixed field refuses every length that is too short for it`() {
        func expectTruncated<Value>(
            _ needed: Int,
            _ read: (inout ByteReader) throws(DecodeError) -> Value
        ) {
            for count in 0..<needed {
                var reader = ByteReader([UInt8](repeating: 1, count: count))
                #expect(throws: DecodeError.truncated) { _ = try read(&reader) }
            }
            var reader = ByteReader([UInt8](repeating: 1, count: needed))
            #expect(throws: Never.self) { _ = try read(&reader) }
            #expect(reader.isAtEnd)
        }
        expectTruncated(1) { reader throws(DecodeError) in try reader.readUInt8() }
        expectTruncated(2) { reader throws(DecodeError) in try reader.readUInt16() }
        expectTruncated(4) { reader throws(DecodeError) in try reader.readUInt32() }
        expectTruncated(8) { reader throws(DecodeError) in try reader.readUInt64() }
        expectTruncated(16) { reader throws(DecodeError) in try reader.readBytes16() }
        expectTruncated(32) { reader throws(DecodeError) in try reader.readBytes32() }
        expectTruncated(64) { reader throws(DecodeError) in try reader.readSignature() }
        expectTruncated(3) { reader throws(DecodeError) in try reader.readRaw(3) }
        expectTruncated(3) { reader throws(DecodeError) in try reader.readSection(3) }
    }

    @Test func `a byte string above its bound is refused before it is read`() {
        var reader = ByteReader([3, 1, 2, 3])
        #expect(throws: DecodeError.tooLarge) { try reader.readPrefixed(atMost: 2) }
        var huge = ByteReader([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01])
        #expect(throws: DecodeError.tooLarge) { try huge.readPrefixed(atMost: .max) }
        var short = ByteReader([3, 1, 2])
        #expect(throws: DecodeError.truncated) { try short.readPrefixed(atMost: 3) }
    }

    @Test func `a negative count is never read`() {
        var reader = ByteReader([1, 2, 3])
        #expect(throws: DecodeError.truncated) { try reader.readRaw(-1) }
        #expect(throws: DecodeError.truncated) { try reader.readSection(-1) }
    }

    @Test func `a section ends where it says, and its reader goes no further`() throws {
        var reader = ByteReader([1, 2, 3, 4])
        var section = try reader.readSection(2)
        #expect(try reader.readUInt8() == 3)
        #expect(try section.readUInt16() == 0x0102)
        #expect(throws: DecodeError.truncated) { try section.readUInt8() }
    }

    @Test func `bytes left over are an error where the layout has ended`() {
        #expect(throws: DecodeError.trailing) { try ByteReader([1]).requireEnd() }
    }

    @Test func `a range outside the bytes is our mistake`() async {
        await #expect(processExitsWith: .failure) { _ = ByteReader([1], in: 0..<2) }
    }
}

struct FixedBytesTests {
    @Test func `the order of 16 bytes is that of the bytes`() {
        let ascending = [
            Bytes16.zero, Bytes16(high: 0, low: 1), Bytes16(high: 0, low: .max),
            Bytes16(high: 1, low: 0), Bytes16(high: 1 << 63, low: 0),
            Bytes16(high: .max, low: .max),
        ]
        for (position, bytes) in ascending.enumerated() {
            for (other, others) in ascending.enumerated() {
                #expect((bytes < others) == (position < other))
            }
        }
    }

    @Test func `hexadecimal keeps its leading zeros`() {
        #expect(
            Bytes16(high: 0x0A, low: 0xFF00_0000_0000_00FF).hexadecimal
                == "000000000000000aff000000000000ff"
        )
        #expect(Bytes16.zero.hexadecimal == String(repeating: "0", count: 32))
    }

    @Test func `an array of 32 bytes is read back`() throws {
        let bytes = Array(0..<32 as Range<UInt8>)
        var reader = ByteReader(bytes)
        #expect(try reader.readBytes32().array == bytes)
    }
}

import MeshCore
import MeshEngine
import Testing

struct PacketHeaderTests {
    static let short = PacketHeader(
        wireVersion: 1, keyID: 0x0203_0405, bootID: BootID(0x0607_0809_0A0B_0C0D),
        counter: 0x0E0F_1011_1213, introduction: nil)
    static let long = PacketHeader(
        wireVersion: 1, keyID: 0x0203_0405, bootID: BootID(0x0607_0809_0A0B_0C0D),
        counter: 0x0E0F_1011_1213,
        introduction: .init(
            node: NodeID(Bytes16(high: 0x1415_1617_1819_1A1B, low: 0x1C1D_1E1F_2021_2223)),
            generation: 0x2425_2627))

    /// Wire version 1: version, flags, then key id, boot id, counter and, in the long form, node
    /// and generation, counted up from 02.
    static let golden: [(PacketHeader, [UInt8])] = [
        (short, [1, 0] + Array(0x02...0x13)), (long, [1, 1] + Array(0x02...0x27)),
    ]

    @Test(arguments: golden)
    func `a header is written as it always was`(header: PacketHeader, bytes: [UInt8]) throws {
        var writer = ByteWriter()
        header.write(to: &writer)
        #expect(writer.bytes == bytes)
        #expect(header.byteCount == bytes.count)

        var reader = ByteReader(bytes + [0xFF])
        #expect(try PacketHeader.decode(&reader) == header)
        #expect(reader.remaining == 1)
    }

    @Test(arguments: golden)
    func `every truncation is refused`(header: PacketHeader, bytes: [UInt8]) {
        for count in 0..<bytes.count {
            var reader = ByteReader(Array(bytes[..<count]))
            #expect(throws: DecodeError.truncated) { try PacketHeader.decode(&reader) }
        }
    }

    @Test func `flags of a later version change nothing here`() throws {
        var bytes = Self.golden[0].1
        bytes[1] = 0xFE
        var reader = ByteReader(bytes)
        #expect(try PacketHeader.decode(&reader) == Self.short)
    }

    @Test func `a counter beyond 48 bits is our mistake`() async {
        await #expect(processExitsWith: .failure) {
            _ = PacketHeader(
                wireVersion: 1, keyID: 0, bootID: BootID(0), counter: PacketHeader.counterMax + 1,
                introduction: nil)
        }
    }
}

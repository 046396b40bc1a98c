import MeshCore
import MeshMembership
import Testing

struct FrameTests {
    static let hello = Frame.Hello(
        node: Wire.subject, generation: 300, bootID: BootID(0x0102_0304_0506_0708),
        wireVersions: 1...2)

    /// Wire version 1: length, kind, body.
    static let golden: [(Frame, String)] = [
        (
            .hello(hello),
            "0000001d 01 01 02 202122232425262728292a2b2c2d2e2f ac02 0102030405060708"
        ),
        (.datagram([0xCA, 0xFE]), "00000003 02 cafe"),
        (.datagram([]), "00000001 02"),
        (
            .offer((0..<64).map { UInt64($0) }),
            "00000202 03 40 "
                + (0..<64).map { "00000000000000" + String(256 + $0, radix: 16).dropFirst() }
                .joined()
        ),
        (.request(0x8000_0000_0000_0001), "00000009 04 8000000000000001"),
        (.entries([]), "00000002 05 00"),
        (.end, "00000001 06"),
        (.unknown(kind: 0x80), "00000001 80"),
        (.foreign(kind: 0x20, body: [7, 8]), "00000003 20 0708"),
    ]

    static func entries() throws -> [MemberEntry] {
        [
            MemberEntry(
                secondsEnded: 0, alive: .alive(try Wire.statement(), Wire.signature), claim: nil),
            MemberEntry(
                secondsEnded: 86_400, alive: .alive(try Wire.statement(), Wire.signature),
                claim: .claim(Wire.claim(.dead), Wire.signature)),
        ]
    }

    /// The frame that `bytes` hold after their length.
    static func decode(_ bytes: [UInt8]) throws(DecodeError) -> Frame {
        try Frame.decode(ByteReader(bytes, in: 4..<bytes.count))
    }

    @Test(arguments: golden)
    func `a frame is written as it always was`(frame: Frame, text: String) throws {
        let golden = try Wire.bytes(text)
        #expect(frame.encoded() == golden)
        #expect(try Self.decode(golden) == frame)
    }

    @Test func `entries are written as they always were`() throws {
        let alive = AliveStatementTests.goldenBody + Wire.signatureText
        let dead =
            MemberClaimTests.goldenBody + MemberClaimTests.goldenAuthor + Wire.signatureText
        let golden = try Wire.bytes(
            "00000177 05 02" + "00 01 8201" + alive + "00" + "80a305 01 8201" + alive
                + "01 03 63" + dead)
        let frame = Frame.entries(try Self.entries())
        #expect(frame.encoded() == golden)
        #expect(try Self.decode(golden) == frame)
    }

    @Test(arguments: [golden[0], golden[3], golden[4], golden[5]])
    func `every truncation of a body is refused`(frame: Frame, text: String) throws {
        let bytes = try Wire.bytes(text)
        for count in 4..<bytes.count {
            #expect(throws: DecodeError.truncated) { try Self.decode(Array(bytes[..<count])) }
        }
    }

    @Test func `every truncation of entries is refused`() throws {
        let bytes = Frame.entries(try Self.entries()).encoded()
        for count in 4..<bytes.count {
            #expect(throws: DecodeError.self) { try Self.decode(Array(bytes[..<count])) }
        }
    }

    @Test(arguments: [golden[3], golden[4], golden[5], golden[6]])
    func `bytes left over are refused`(frame: Frame, text: String) throws {
        let bytes = try Wire.bytes(text) + [0]
        #expect(throws: DecodeError.trailing) { try Self.decode(bytes) }
    }

    @Test func `a hello's later fields and an unknown kind's body are skipped`() throws {
        #expect(try Self.decode(Wire.bytes(Self.golden[0].1 + "cafe")) == .hello(Self.hello))
        #expect(try Self.decode([0, 0, 0, 3, 0x80, 1, 2]) == .unknown(kind: 0x80))
        #expect(try Self.decode([0, 0, 0, 1, 0]) == .unknown(kind: 0))
    }

    @Test func `a hello whose lowest version is above its highest is refused`() throws {
        var bytes = try Wire.bytes(Self.golden[0].1)
        bytes[5] = 3
        #expect(throws: DecodeError.invalid) { try Self.decode(bytes) }
    }

    @Test(arguments: [0, 1, 63, 65, 255] as [UInt8])
    func `an offer of another number of buckets is refused`(count: UInt8) {
        let bytes = [0, 0, 0, 0, 3, count] + [UInt8](repeating: 0, count: 8 * Int(count))
        #expect(throws: DecodeError.invalid) { try Self.decode(bytes) }
    }

    @Test func `more entries than a frame could hold are refused before any is read`() throws {
        var writer = ByteWriter()
        writer.write(0 as UInt32)
        writer.write(5 as UInt8)
        writer.writeVarint(UInt64(Frame.byteCountMax / MemberEntry.byteCountMin + 1))
        #expect(throws: DecodeError.tooLarge) { try Self.decode(writer.bytes) }
    }

    @Test func `the least entry is a member's shortest word, and a frame of them is whole`() throws
    {
        let entry = MemberEntry(
            secondsEnded: 0, alive: .alive(try Wire.shortestStatement(), Wire.signature),
            claim: nil)
        var writer = ByteWriter()
        entry.write(to: &writer)
        #expect(writer.count == MemberEntry.byteCountMin)

        let count = (Frame.byteCountMax - 3) / MemberEntry.byteCountMin
        let frame = Frame.entries([MemberEntry](repeating: entry, count: count))
        let bytes = frame.encoded()
        #expect(bytes.count <= 4 + Frame.byteCountMax)
        #expect(try Self.decode(bytes) == frame)
    }
}

struct MemberEntryTests {
    @Test(arguments: MemberClaim.Kind.allCases)
    func `an entry carries any claim that ended its member`(kind: MemberClaim.Kind) throws {
        let entry = MemberEntry(
            secondsEnded: .max, alive: .alive(try Wire.statement(), Wire.signature),
            claim: .claim(Wire.claim(kind), Wire.signature))
        var writer = ByteWriter()
        entry.write(to: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try MemberEntry.decode(&reader) == entry)
        #expect(reader.isAtEnd)
    }

    @Test(
        arguments: [
            // Seconds; a kind other than alive; a flag that is neither.
            ("00 02 00 00", .invalid), ("00 01 00 02", .invalid),
            // 2^32 seconds.
            ("8080808010 01 00 00", .tooLarge), ("00 01 00", .truncated),
            ("00 01 00 01", .truncated),
        ] as [(String, DecodeError)])
    func `an entry that cannot be is refused`(text: String, error: DecodeError) throws {
        var reader = ByteReader(try Wire.bytes(text))
        #expect(throws: error) { try MemberEntry.decode(&reader) }
    }
}

struct FrameAssemblerTests {
    /// Frames of every kind one after the other, and their bytes.
    static func conversation() throws -> (frames: [Frame], bytes: [UInt8]) {
        let frames = FrameTests.golden.map(\.0) + [.entries(try FrameTests.entries())]
        return (frames, frames.flatMap { $0.encoded() })
    }

    @Test(arguments: [1, 2, 3, 5, 64, 1_000, 100_000])
    func `frames come out whole however the stream cuts them`(size: Int) throws {
        let (frames, bytes) = try Self.conversation()
        var assembler = FrameAssembler()
        var received: [Frame] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            assembler.append(Array(bytes[start..<min(start + size, bytes.count)]))
            while let frame = try assembler.next() { received.append(frame) }
        }
        #expect(received == frames)
    }

    @Test func `an unfinished frame waits for the rest of it`() throws {
        let bytes = try Wire.bytes(FrameTests.golden[0].1)
        for count in 0..<bytes.count {
            var assembler = FrameAssembler()
            assembler.append(Array(bytes[..<count]))
            let early = try assembler.next()
            #expect(early == nil)
            assembler.append(Array(bytes[count...]))
            let whole = try assembler.next()
            #expect(whole == .hello(FrameTests.hello))
            let after = try assembler.next()
            #expect(after == nil)
        }
    }

    @Test(arguments: ["00000000", "00020001", "ffffffff"])
    func `a length of nothing or above the bound ends the stream at once`(text: String) throws {
        var assembler = FrameAssembler()
        assembler.append(try Wire.bytes(text))
        #expect(throws: DecodeError.tooLarge) { try assembler.next() }
        assembler.append(try Wire.bytes(FrameTests.golden[6].1))
        #expect(throws: DecodeError.tooLarge) { try assembler.next() }
    }

    @Test func `a frame of the largest size passes`() throws {
        let frame = Frame.datagram([UInt8](repeating: 7, count: Frame.byteCountMax - 1))
        var assembler = FrameAssembler()
        assembler.append(frame.encoded())
        let whole = try assembler.next()
        #expect(whole == frame)
    }
}

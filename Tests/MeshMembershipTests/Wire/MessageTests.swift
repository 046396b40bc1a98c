import MeshCore
import MeshMembership
import Testing

struct MessageTests {
    /// Wire version 1: kind, length, fields.
    static let golden: [(Message, String)] = [
        (
            .ping(
                sequence: 0x0102_0304, target: NodePrefix(of: Wire.subject),
                digest: 0x1112_1314_1516_1718, truth: 0x3132_3334_3536_3738),
            "01 1c 01020304 2021222324252627 1112131415161718 3132333435363738"
        ),
        (
            .ping(sequence: 1, target: NodePrefix(0), digest: 0, truth: 0),
            "01 1c 00000001 0000000000000000 0000000000000000 0000000000000000"
        ),
        (
            .ack(
                sequence: 0x0102_0304, digest: 0x1112_1314_1516_1718,
                truth: 0x3132_3334_3536_3738),
            "02 14 01020304 1112131415161718 3132333435363738"
        ),
        (
            .pingRequest(sequence: 0x0102_0304, target: Wire.subject),
            "03 14 01020304 202122232425262728292a2b2c2d2e2f"
        ),
        (.nack(sequence: 0x0102_0304), "04 04 01020304"),
        (.gossip, "05 00"),
        (.unknown(kind: 0x80), "80 00"),
    ]
    /// Other parts' messages: membership tells where they end and reads no further.
    static let foreign: [(Message, String)] = [
        (.foreign(kind: 0x10, fields: [0, 0, 0, 9]), "10 04 00000009"),
        (.foreign(kind: 0x7F, fields: []), "7f 00"),
    ]

    @Test(arguments: golden + foreign)
    func `a message is written as it always was`(message: Message, text: String) throws {
        let golden = try Wire.bytes(text)
        var writer = ByteWriter()
        message.write(to: &writer)
        #expect(writer.bytes == golden)
        #expect(golden.count <= Message.byteCountMax)

        var reader = ByteReader(golden)
        #expect(try Message.decode(&reader) == message)
        #expect(reader.isAtEnd)
    }

    @Test(arguments: golden + foreign)
    func `every truncation is refused`(message: Message, text: String) throws {
        let golden = try Wire.bytes(text)
        for count in 0..<golden.count {
            var reader = ByteReader(Array(golden[..<count]))
            #expect(throws: DecodeError.truncated) { try Message.decode(&reader) }
        }
    }

    @Test(arguments: golden.dropLast(2))
    func `a length shorter than the fields is refused`(message: Message, text: String) throws {
        var bytes = try Wire.bytes(text)
        bytes[1] -= 1
        var reader = ByteReader(bytes)
        #expect(throws: DecodeError.truncated) { try Message.decode(&reader) }
    }

    @Test(arguments: golden)
    func `fields of a later version are skipped, and the updates behind them found`(
        message: Message, text: String
    ) throws {
        let update = Update(kind: 9, body: [1, 2, 3])
        var writer = ByteWriter()
        message.write(to: &writer, extensionBytes: [0xCA, 0xFE, 0xBA])
        writer.write(update)
        var reader = ByteReader(writer.bytes)
        #expect(try Message.decode(&reader) == message)
        #expect(try reader.readUpdate() == update)
        #expect(reader.isAtEnd)
    }

    @Test func `an answer of a relay is as large as the request for it`() {
        func byteCount(_ message: Message) -> Int {
            var writer = ByteWriter()
            message.write(to: &writer)
            return writer.count
        }
        let request = byteCount(.pingRequest(sequence: 1, target: Wire.subject))
        #expect(request == Message.relayedByteCountMax)
        #expect(byteCount(.ack(sequence: 1, digest: 2, truth: 3)) <= request)
        #expect(byteCount(.nack(sequence: 1)) <= request)
    }

    @Test func `every kind that is not known is skipped by its length`() throws {
        for kind in [0] + Array(6...255 as ClosedRange<UInt8>) {
            var reader = ByteReader([kind, 3, 9, 9, 9, 42])
            let isForeign = (16...127).contains(kind)
            #expect(
                try Message.decode(&reader)
                    == (isForeign ? .foreign(kind: kind, fields: [9, 9, 9]) : .unknown(kind: kind)))
            #expect(try reader.readUInt8() == 42)
        }
    }

    @Test func `a prefix is meant for the node whose id begins with it`() {
        #expect(NodePrefix(of: Wire.subject).matches(Wire.subject))
        #expect(!NodePrefix(of: Wire.author).matches(Wire.subject))
    }
}

import MeshCore
import MeshMembership
import Testing

struct UpdateTests {
    @Test(arguments: [(0, 2), (1, 3), (127, 129), (128, 131), (1_024, 1_027)])
    func `an update takes its kind, a length and its body`(body: Int, encoded: Int) throws {
        let update = Update(kind: 200, body: [UInt8](repeating: 5, count: body))
        var writer = ByteWriter()
        writer.write(update)
        #expect(writer.count == encoded)
        #expect(update.encodedByteCount == encoded)

        var reader = ByteReader(writer.bytes)
        #expect(try reader.readUpdate() == update)
        #expect(reader.isAtEnd)
        for count in 0..<writer.count {
            var short = ByteReader(Array(writer.bytes[..<count]))
            #expect(throws: DecodeError.truncated) { try short.readUpdate() }
        }
    }

    @Test func `a body above the bound is refused before it is read`() {
        // 1,025 as a varint.
        var reader = ByteReader([1, 0x81, 0x08] + [UInt8](repeating: 0, count: 1_025))
        #expect(throws: DecodeError.tooLarge) { try reader.readUpdate() }
    }

    @Test func `statements ride under their kinds`() throws {
        let alive = Update.alive(try Wire.statement(), Wire.signature)
        #expect(alive.kind == 1)
        #expect(try alive.body == Wire.statement().encoded(signature: Wire.signature))
        for kind in MemberClaim.Kind.allCases {
            let update = Update.claim(Wire.claim(kind), Wire.signature)
            #expect(update.kind == kind.rawValue)
            #expect(update.body == Wire.claim(kind).encoded(signature: Wire.signature))
            #expect(UpdateKind.membership.contains(update.kind))
        }
    }
}

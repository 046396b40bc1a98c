import MeshCore
import MeshEngine
import MeshMembership
import Testing

@Suite struct EngineMessageTests {
    static let golden: [(EngineMessage, kind: UInt8, fields: [UInt8])] = [
        (.parcel(number: 0x0102_0304), 16, [1, 2, 3, 4]),
        (.parcelReceived(number: 0x0102_0304), 17, [1, 2, 3, 4]),
        (.rollCall(number: 5), 18, [0, 0, 0, 5]),
        (.present(number: .max), 19, [255, 255, 255, 255]),
        (.envelope, 20, []),
        (.askSights, 21, []),
    ]

    @Test(arguments: golden)
    func `a message is written as it always was and read back`(
        message: EngineMessage, kind: UInt8, fields: [UInt8]
    ) throws {
        #expect(message.kind == kind)
        #expect(message.fields == fields)
        #expect(Message.foreignKinds.contains(kind))
        #expect(try EngineMessage.decode(kind: kind, fields: fields) == message)
        #expect(
            try EngineMessage.decode(kind: kind, fields: fields + [9]) == message,
            "a later version's fields are skipped")
    }

    @Test(arguments: golden)
    func `every truncation is refused`(
        message: EngineMessage, kind: UInt8, fields: [UInt8]
    ) {
        for count in 0..<fields.count {
            #expect(throws: DecodeError.truncated) {
                try EngineMessage.decode(kind: kind, fields: Array(fields[..<count]))
            }
        }
    }

    @Test func `a kind of a later version is nothing, and no error`() throws {
        #expect(try EngineMessage.decode(kind: 127, fields: []) == nil)
    }

    @Test func `a parcel's fields are as long as it says`() {
        #expect(
            EngineMessage.parcel(number: 1).fields.count == EngineMessage.parcelFieldsByteCount)
    }
}

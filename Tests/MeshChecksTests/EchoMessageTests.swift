import MeshCore
import Testing

@testable import MeshChecks

struct EchoMessageTests {
    private let mark = EchoMessage.Mark(token: 0x0102_0304_0506_0708, number: 3)

    private func request(_ isIPv4: Bool, size: Int = 56) -> [UInt8] {
        EchoMessage.request(
            isIPv4: isIPv4, identifier: 0x1122, sequence: 0x3344, mark: mark, size: size)
    }

    private func reply(to request: [UInt8]) -> [UInt8] {
        var reply = request
        reply[0] = request[0] == 8 ? 0 : 129
        (reply[2], reply[3]) = (0, 0)
        guard reply[0] == 0 else { return reply }
        let sum = EchoMessage.checksum(of: reply[...])
        (reply[2], reply[3]) = (UInt8(sum >> 8), UInt8(sum & 0xFF))
        return reply
    }

    private func read(
        _ bytes: [UInt8], _ isIPv4: Bool = true, hasHeader: Bool = false, isChecked: Bool = false
    ) -> EchoMessage? {
        EchoMessage(
            bytes, in: 0..<bytes.count, isIPv4: isIPv4, hasHeader: hasHeader, isChecked: isChecked)
    }

    @Test(arguments: [true, false], [16, 17, 56, 1_472])
    func `a request is as long as asked for, and its answer is known again`(
        isIPv4: Bool, size: Int
    ) throws {
        let request = request(isIPv4, size: size)
        #expect(request.count == 8 + size)
        #expect(request[0] == (isIPv4 ? 8 : 128))
        if isIPv4 { #expect(EchoMessage.checksum(of: request[...]) == 0) }
        let message = try #require(read(reply(to: request), isIPv4))
        #expect(message.kind == .reply)
        #expect(message.identifier == 0x1122)
        #expect(message.sequence == 0x3344)
        #expect(message.mark == mark)
    }

    @Test func `the checksum is that of the standard's example`() {
        // RFC 1071, 3.
        let bytes: [UInt8] = [0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]
        #expect(EchoMessage.checksum(of: bytes[...]) == ~0xDDF2)
        #expect(EchoMessage.checksum(of: [0xFF][...]) == ~0xFF00)
    }

    @Test func `a wrong checksum is refused unless the kernel has looked`() {
        var reply = reply(to: request(true))
        reply[20] ^= 1
        #expect(read(reply) == nil)
        #expect(read(reply, isChecked: true) != nil)
    }

    @Test func `an IP header before it is passed over, whatever its length`() {
        let reply = reply(to: request(true))
        for words in 5...15 {
            let header = [0x40 | UInt8(words)] + [UInt8](repeating: 0, count: words * 4 - 1)
            #expect(read(header + reply, hasHeader: true)?.mark == mark)
        }
        #expect(read([0x44] + [UInt8](repeating: 0, count: 19) + reply, hasHeader: true) == nil)
        #expect(read([0x65] + [UInt8](repeating: 0, count: 19) + reply, hasHeader: true) == nil)
        #expect(read([0x4F] + [UInt8](repeating: 0, count: 19), hasHeader: true) == nil)
    }

    @Test func `what is quoted of a request may be its header alone`() throws {
        let quoted = Array(request(true).prefix(8))
        let message = try #require(read(quoted, isChecked: true))
        #expect(message.kind == .request)
        #expect(message.sequence == 0x3344)
        #expect(message.mark == nil)
        for count in 0..<8 { #expect(read(Array(quoted.prefix(count)), isChecked: true) == nil) }
    }

    @Test func `twenty thousand mutated messages are read or refused`() {
        var chance = SeededGenerator(seed: 792)
        let header = [0x45] + [UInt8](repeating: 0, count: 19)
        var read = 0
        for _ in 0..<20_000 {
            let isIPv4 = chance.chance(perMillion: 500_000)
            let hasHeader = isIPv4 && chance.chance(perMillion: 500_000)
            var bytes = (hasHeader ? header : []) + reply(to: request(isIPv4, size: 24))
            for _ in 0..<1 + chance.index(below: 3) {
                bytes[chance.index(below: bytes.count)] = UInt8(chance.index(below: 256))
            }
            bytes.removeLast(chance.index(below: bytes.count))
            let message = self.read(
                bytes, isIPv4, hasHeader: hasHeader, isChecked: chance.chance(perMillion: 500_000))
            if message != nil { read += 1 }
        }
        #expect((500..<19_500).contains(read))
    }
}

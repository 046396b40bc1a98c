import MeshCore
import MeshMembership
import Testing

@testable import MeshSimulator

struct LiarTongueTests {
    private func stance(_ code: UInt8) -> [UInt8] {
        var writer = ByteWriter()
        writer.writePrefixed(Array(SignatureDomain.stance.rawValue.utf8))
        for _ in 0..<5 { writer.write(Bytes16.zero) }
        writer.writeVarint(7)
        writer.write(Bytes16.zero)
        writer.writeVarint(300)
        writer.writeVarint(70_000)
        writer.write(code)
        writer.writeRaw([9, 9, 9])
        return writer.bytes
    }

    @Test func `a withdrawal is known, and has no twin`() throws {
        let withdrawal = try #require(StanceBytes(stance(0)))
        #expect(withdrawal.isWithdrawal)
        #expect(withdrawal.twin == nil)
        let dissent = try #require(StanceBytes(stance(18)))
        #expect(!dissent.isWithdrawal)
    }

    @Test(arguments: [16, 17, 18] as [UInt8])
    func `a dissent's twin is another dissent in the same words`(code: UInt8) throws {
        let honest = stance(code)
        let twin = try #require(StanceBytes(honest)?.twin)
        let differing = zip(honest, twin).filter { $0 != $1 }
        #expect(differing.count == 1)
        let state = try #require(differing.first).1
        #expect((16...18).contains(state))
    }

    @Test func `other statements are no stances`() {
        var writer = ByteWriter()
        writer.writePrefixed(Array(SignatureDomain.alive.rawValue.utf8))
        writer.writeRaw([UInt8](repeating: 0, count: 200))
        #expect(StanceBytes(writer.bytes) == nil)
        #expect(StanceBytes([]) == nil)
    }

    @Test func `an entry is exchanged for its twin wherever it is sent`() throws {
        let keys = FakeKeyPair(seed: 4)
        let honest = try #require(StanceBytes(stance(18)))
        var tongue = LiarTongue()
        let signature = keys.sign(honest.message)
        tongue.equivocate(honest, signature, keys)
        var writer = ByteWriter()
        writer.writeRaw(Array(honest.message[honest.bodyStart...]))
        writer.write(signature)
        let sent = [1, 2, 3] + writer.bytes + [4, 5]
        let exchanged = tongue.exchanged(sent)
        #expect(exchanged.count == sent.count)
        #expect(exchanged != sent)
        #expect(exchanged.prefix(3) == [1, 2, 3] && exchanged.suffix(2) == [4, 5])
        #expect(tongue.exchanged([1, 2, 3]) == [1, 2, 3])
    }

    @Test func `a head is exchanged for the first that its receiver saw`() {
        var tongue = LiarTongue()
        let address = AddressPlan.address(ofProcess: 1)
        func payload(_ head: [UInt8]) -> [UInt8] {
            var writer = ByteWriter()
            Message.gossip.write(to: &writer)
            writer.write(Update(kind: LiarTongue.headKind, body: head))
            writer.write(Update(kind: 99, body: [7, 7]))
            return writer.bytes
        }
        #expect(tongue.aged(payload([1, 1]), to: address) == payload([1, 1]))
        #expect(tongue.aged(payload([2, 2, 2]), to: address) == payload([1, 1]))
        let other = AddressPlan.address(ofProcess: 2)
        #expect(tongue.aged(payload([2, 2, 2]), to: other) == payload([2, 2, 2]))
        #expect(tongue.aged([9, 9, 9], to: address) == [9, 9, 9])
    }
}

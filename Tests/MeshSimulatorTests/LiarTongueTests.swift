import MeshCore
import MeshMembership
import MeshVerdicts
import Testing

@testable import MeshEngine
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

    private func payload(_ updates: Update...) -> [UInt8] {
        var writer = ByteWriter()
        Message.gossip.write(to: &writer)
        for update in updates { writer.write(update) }
        return writer.bytes
    }

    @Test func `a head is exchanged for the first that its receiver saw`() {
        var tongue = LiarTongue()
        let address = AddressPlan.address(ofProcess: 1)
        let other = Update(kind: 99, body: [7, 7])
        func head(_ body: [UInt8]) -> [UInt8] {
            payload(Update(kind: LiarTongue.headKind, body: body), other)
        }
        #expect(tongue.aged(head([1, 1]), to: address) == head([1, 1]))
        #expect(tongue.liesTold == 0)
        #expect(tongue.aged(head([2, 2, 2]), to: address) == head([1, 1]))
        #expect(tongue.liesTold == 1)
        let second = AddressPlan.address(ofProcess: 2)
        #expect(tongue.aged(head([2, 2, 2]), to: second) == head([2, 2, 2]))
        #expect(tongue.aged([9, 9, 9], to: address) == [9, 9, 9])
    }

    @Test func `heads and hints are of the kinds that nodes send`() throws {
        let head = Head(generation: 1, lastSequence: 2, digest: 3)
        #expect(VerdictMail.update(.head(head))?.kind == LiarTongue.headKind)
        #expect(VerdictMail.update(.hints(Hints([])))?.kind == LiarTongue.hintsKind)
    }

    @Test func `what is signed is kept, and said again behind gossip and pings only`() {
        var tongue = LiarTongue()
        let (verdict, claim) = (Update(kind: 32, body: [1]), Update(kind: 65, body: [2]))
        #expect(tongue.burdened(payload(claim)) == payload(claim))
        tongue.remember(payload(verdict, claim))
        #expect(tongue.burdened(payload(claim)) == payload(claim, verdict))
        var ack = ByteWriter()
        Message.ack(sequence: 1, digest: 2, truth: 3).write(to: &ack)
        #expect(tongue.burdened(ack.bytes) == ack.bytes)
    }

    @Test func `who withholds sends its heads and nothing that decides or tells`() {
        var tongue = LiarTongue()
        let head = Update(kind: LiarTongue.headKind, body: [1])
        let others = [32, 33, 34, 64, 65, 66, 96].map { Update(kind: $0, body: [2]) }
        var writer = ByteWriter()
        writer.writeRaw(payload(head))
        for update in others { writer.write(update) }
        #expect(tongue.silenced(writer.bytes) == payload(head))
    }
}

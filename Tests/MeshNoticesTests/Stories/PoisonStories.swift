import MeshChecks
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshNotices

/// Numbers that no honest node makes: they stop no node, and have the last word on nothing.
struct PoisonStories {
    private static func trusted(_: PublicKey) -> Bool { true }

    private static func record(
        revision: UInt64, by author: Int = 1, until: UInt64 = 9_000
    ) -> Update {
        let record = Record(
            subject: RecordSubject(silenceOf: Names.check, using: Names.cryptography),
            revision: revision, actor: RecordText("eve"), time: Village.wallStart,
            content: .silence(Names.check, until: RecordStories.wall(until)),
            key: Names.key(author), generation: 1, sequence: revision,
            using: Names.cryptography)
        let signature = Names.cryptography.sign(
            record.signedBytes(mesh: Names.mesh), by: Names.key(author))
        return Update(kind: UpdateKind.record, body: record.encoded(signature: signature))
    }

    private static func receipt(
        epoch: UInt64, round: UInt32 = 0, _ outcome: Delivery, topic: Topic = .chain(Names.check)
    ) -> Update {
        let receipt = Receipt(
            topic: topic, check: Names.check, contact: Names.oncall, ordinal: 0,
            occasion: Names.flip(epoch % 64), incident: IncidentID(.zero), birth: Names.birth,
            epoch: epoch, state: .down, round: round, outcome: outcome, key: Names.key(1),
            generation: 1, sequence: epoch, time: Village.wallStart, using: Names.cryptography)
        let signature = Names.cryptography.sign(
            receipt.signedBytes(mesh: Names.mesh), by: Names.key(1))
        return Update(kind: UpdateKind.receipt, body: receipt.encoded(signature: signature))
    }

    @Test func `no record is the last word on its subject`() {
        var village = Village(2)
        village.act(0) { notices, now in
            let end = NoticeBounds.firstRevisionEnd
            for revision in [.max, .max - 1, end] as [UInt64] {
                let poison = Self.record(revision: revision)
                let intake = notices.receive(record: poison, isTrusted: Self.trusted, now: now)
                #expect(intake == .refused)
            }
            let high = notices.receive(
                record: Self.record(revision: end - 1), isTrusted: Self.trusted, now: now)
            #expect(high == .new)
            let far = Self.record(revision: end + NoticeBounds.revisionsAheadMax)
            let intake = notices.receive(record: far, isTrusted: Self.trusted, now: now)
            #expect(intake == .refused)
        }
        village.exchange(0, 1)
        village.run(for: .seconds(1))
        village.act(1) { $0.unsilence(Names.check, actor: "ann", now: $1) }
        village.run(for: .seconds(2))
        for resident in village.residents {
            #expect(resident.notices.silence(of: Names.check, now: village.now) == nil)
        }
    }

    @Test func `a node whose disk has the highest revision goes on`() {
        let subject = RecordSubject(silenceOf: Names.check, using: Names.cryptography)
        let item = StoredItem(key: StoredKey.of(subject), value: Self.record(revision: .max).body)
        var notices = Notices(
            key: Names.key(0), mesh: Names.mesh, cryptography: Names.cryptography,
            wallClock: WallClock(reading: Village.wallStart, at: Village.start), restored: [item])
        notices.unsilence(Names.check, actor: "ann", now: Village.start)
        #expect(notices.record(of: subject)?.revision == .max)
    }

    @Test func `a round that nobody can have reached is refused`() {
        var village = Village(2)
        village.act(0) { notices, now in
            let claim = Claim(
                number: 1, topic: .chain(Names.check), check: Names.check, contact: Names.oncall,
                ordinal: 0, occasion: Names.flip(1), birth: Names.birth, epoch: 1, state: .down,
                rank: 0, round: .max, hasLeft: false)
            let intake = notices.receive(claim: claim.update(), from: Names.node(1), now: now)
            #expect(intake == .refused)
            let receipt = Self.receipt(epoch: 1, round: .max, .failed(Reason("no")))
            let other = notices.receive(receipt: receipt, isTrusted: Self.trusted, now: now)
            #expect(other == .refused)
        }
    }

    @Test func `in the last round there is the ladder is gone round again and again`() {
        var village = Village(1)
        village.receivers = [Names.oncall: .refuses]
        village.learn(village.flip(1, .down, from: nil, owners: 1))
        village.run(for: .seconds(5))
        village.act(0) { notices, now in
            let last = Self.receipt(
                epoch: 1, round: NoticeBounds.roundMax, .failed(Reason("no")))
            _ = notices.receive(receipt: last, isTrusted: Self.trusted, now: now)
        }
        let before = village.requests.count
        village.run(for: .minutes(30))
        #expect(village.requests.count > before + 2)
        village.receivers = [:]
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
    }

    @Test func `a receipt far beyond the chain silences nobody`() {
        var village = Village(2)
        village.learn(village.flip(1, .up, from: nil))
        village.act(0) { notices, now in
            for epoch in [UInt64(UInt32.max) + 5, .max, UInt64(UInt32.max) - 1, 1_026] {
                let receipt = Self.receipt(epoch: epoch, .sent)
                // Of a check that has been up from the first nothing is kept: the chain says where it is.
                let intake = notices.receive(
                    receipt: receipt, isTrusted: Self.trusted,
                    certified: { _ in (Names.birth, 1) }, now: now)
                #expect(intake == .refused)
            }
        }
        village.learn(village.flip(2, .down, from: .up))
        village.run(for: .seconds(5))
        #expect(village.told.count == 1)
    }

    @Test func `the highest generation's signatures find their way back`() {
        var notices = Village(1).residents[0].notices
        notices.setGeneration(.max)
        notices.silence(
            Names.check, until: RecordStories.wall(60), actor: "ann", now: Village.start)
        while let effect = notices.popEffect() {
            // The node shifts it by two to tell its parts' apart.
            if case .sign(_, let token) = effect { #expect(token.number < 1 << 62) }
        }
    }
}

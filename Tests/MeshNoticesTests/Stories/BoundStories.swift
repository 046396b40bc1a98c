import MeshChecks
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshNotices

/// What happens at each of `NoticeBounds`, with bounds that a test can reach.
struct BoundStories {
    private static func parameters(_ edit: (inout NoticeBounds) -> Void) -> NoticeParameters {
        var parameters = NoticeParameters()
        edit(&parameters.bounds)
        return parameters
    }

    private static func receipt(
        check: Int, minute: UInt64, by author: Int = 1, _ outcome: Delivery = .sent
    ) -> Signed<Receipt> {
        let check = CheckID(Bytes16(high: UInt64(check), low: 1))
        let receipt = Receipt(
            topic: .chain(check), check: check, contact: Names.oncall, ordinal: 0,
            occasion: Names.flip(1), incident: IncidentID(.zero), birth: Names.birth, epoch: 1,
            state: .down, round: 0, outcome: outcome, key: Names.key(author), generation: 1,
            sequence: minute, time: WallTime(milliseconds: minute * 60_000),
            using: Names.cryptography)
        let signature = Names.cryptography.sign(
            receipt.signedBytes(mesh: Names.mesh), by: Names.key(author))
        return Signed(statement: receipt, body: receipt.encoded(signature: signature))
    }

    @Test func `a notice that the bound keeps from its way has its turn when another is over`() {
        var village = Village(
            3,
            routes: [
                Route(contact: Names.oncall, on: .both), Route(contact: Names.chat, on: .both),
            ], parameters: Self.parameters { $0.noticesMax = 1 })
        village.learn(village.flip(1, .down, from: .up))
        #expect(village.events.contains(.refused(.notices)))
        village.run(for: .seconds(20))
        #expect(village.told.map(\.notice.contact) == [Names.oncall, Names.chat])
    }

    @Test(arguments: [1, 3])
    func `a signature that does not come is asked for again`(lost: Int) {
        var village = Village(3)
        village.signaturesLost = lost
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(30))
        #expect(village.told.map(\.by) == [0])
        #expect(
            village.residents.allSatisfy {
                $0.notices.views(of: Names.check).map(\.status) == [.sent]
            })
    }

    @Test func `records beyond those that wait for a signature are not made`() {
        var village = Village(1, parameters: Self.parameters { $0.signaturesMax = 1 })
        village.act(0) { notices, now in
            for number in 0..<3 { notices.post("\(number)", about: nil, actor: "ann", now: now) }
        }
        village.run(for: .seconds(1))
        #expect(village.residents[0].notices.subjectsWithDossier.count == 1)
        village.act(0) { $0.post("later", about: nil, actor: "ann", now: $1) }
        village.run(for: .seconds(1))
        #expect(village.residents[0].notices.subjectsWithDossier.count == 2)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `nodes that hear more than they keep keep the same, in whatever order`(seed: UInt64) {
        let routed = CheckID(Bytes16(high: 3, low: 1))
        let receipts = (1...9).map { Self.receipt(check: $0, minute: UInt64(10 - $0)) }
        var bounds = NoticeBounds()
        bounds.ledgerMax = 4
        var generator = SeededGenerator(seed: seed)
        func ledger() -> Ledger {
            var shuffled = receipts
            generator.shuffle(&shuffled)
            var ledger = Ledger(bounds: bounds)
            // Twice: what gave way is offered again by others, and must not come back.
            for signed in shuffled + shuffled { _ = ledger.merge(signed) { $0 == routed } }
            return ledger
        }
        let (one, other) = (ledger(), ledger())
        #expect(one.root == other.root)
        #expect(one.lineCount == 4)
        #expect(one.checks.contains(routed), "what is routed never gives way")
        #expect(
            one.checks.map(\.bytes.high) == [1, 2, 3, 4], "the newest of the others are kept")
    }

    @Test func `where everything is routed a further line is refused`() {
        var bounds = NoticeBounds()
        bounds.ledgerMax = 1
        var ledger = Ledger(bounds: bounds)
        _ = ledger.merge(Self.receipt(check: 1, minute: 1)) { _ in true }
        let merge = ledger.merge(Self.receipt(check: 2, minute: 2)) { _ in true }
        #expect(merge.isRefused && !merge.isNew)
        #expect(ledger.lineCount == 1)
    }

    @Test func `of failures the lowest nodes' are kept, and no further one is news`() {
        var bounds = NoticeBounds()
        bounds.failuresMax = 2
        let failed = Delivery.failed(Reason("no"))
        let receipts = [3, 1, 4, 2].map {
            Self.receipt(check: 1, minute: UInt64($0), by: $0, failed)
        }
        var ledger = Ledger(bounds: bounds)
        for signed in receipts { _ = ledger.merge(signed) { _ in true } }
        let check = receipts[0].statement.check
        #expect(ledger.bodies(of: check) == [receipts[1], receipts[3]].map(\.body))
        #expect(!ledger.wants(receipts[0].statement))
        #expect(!ledger.wants(receipts[2].statement))
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `of too many records the newest are kept, in whatever order they came`(seed: UInt64) {
        var bounds = NoticeBounds()
        bounds.recordsMax = 3
        var records = (1...8 as ClosedRange<UInt64>).map { number in
            let record = Record(
                subject: RecordSubject(Bytes16(high: 9 - number, low: 0)), revision: 1,
                actor: RecordText("ann"), time: WallTime(milliseconds: number),
                content: .message(about: nil, RecordText("m")), key: Names.key(1), generation: 1,
                sequence: number, using: Names.cryptography)
            return Signed(statement: record, body: [UInt8(number)])
        }
        var generator = SeededGenerator(seed: seed)
        generator.shuffle(&records)
        var book = RecordBook(bounds: bounds)
        for signed in records + records where book.wants(signed.statement) { _ = book.keep(signed) }
        #expect(book.subjects.map(\.bytes.high) == [1, 2, 3])
    }

    @Test func `of attempts without an answer the oldest is forgotten`() throws {
        var village = Village(1, parameters: Self.parameters { $0.attemptsMax = 2 })
        village.receivers = [Names.oncall: .hangs]
        village.learn(village.flip(1, .down, from: nil, owners: 1))
        village.run(for: .minutes(30))
        #expect(village.requests.count > 2)
        #expect(village.residents[0].notices.deliveries.count == 2)
    }

    @Test func `a claim beyond the bound is not answered`() {
        var village = Village(1, parameters: Self.parameters { $0.claimsPerLineMax = 1 })
        func claim(_ rank: UInt32) -> Update {
            Claim(
                number: 1, topic: .chain(Names.check), check: Names.check, contact: Names.oncall,
                ordinal: 0, occasion: Names.flip(1), birth: Names.birth, epoch: 1, state: .down,
                rank: rank, round: 0, hasLeft: true
            ).update()
        }
        village.act(0) { notices, now in
            let first = notices.receive(claim: claim(1), from: Names.node(1), now: now)
            #expect(first == .new)
            let second = notices.receive(claim: claim(2), from: Names.node(2), now: now)
            #expect(second == .known)
        }
        #expect(village.events.contains(.refused(.claims)))
    }
}

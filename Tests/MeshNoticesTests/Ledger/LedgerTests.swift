import MeshChecks
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshNotices

/// What all nodes must come to agree upon, in whatever order they hear of it.
struct LedgerTests {
    static func receipt(
        epoch: UInt64, _ outcome: Delivery, of node: Int, sequence: UInt64, round: UInt32 = 0
    ) -> Signed<Receipt> {
        let receipt = Receipt(
            topic: .chain(Names.check), check: Names.check, contact: Names.oncall, ordinal: 0,
            occasion: Names.flip(epoch), incident: IncidentID(.zero), birth: Names.birth,
            epoch: epoch, state: epoch % 2 == 1 ? .down : .up, round: round, outcome: outcome,
            key: Names.key(node), generation: 1, sequence: sequence,
            time: WallTime(milliseconds: 5), using: Names.cryptography)
        let signature = Names.cryptography.sign(
            receipt.signedBytes(mesh: Names.mesh), by: Names.key(node))
        return Signed(statement: receipt, body: receipt.encoded(signature: signature))
    }

    static let failed = Delivery.failed(Reason("no"))

    /// About the mesh, at a time of day.
    static func receipt(
        revision: UInt64, _ outcome: Delivery = .sent, at seconds: UInt64, of node: Int,
        sequence: UInt64
    ) -> Signed<Receipt> {
        let receipt = Receipt(
            topic: .mesh(subject: Bytes16(high: 7, low: 7)), check: Names.meshCheck,
            contact: Names.oncall, ordinal: 0, occasion: Names.flip(revision),
            incident: IncidentID(.zero), birth: Birth(.zero), epoch: revision,
            state: revision % 2 == 0 ? .down : .up, round: 0, outcome: outcome,
            key: Names.key(node), generation: 1, sequence: sequence,
            time: WallTime(milliseconds: seconds * 1_000), using: Names.cryptography)
        let signature = Names.cryptography.sign(
            receipt.signedBytes(mesh: Names.mesh), by: Names.key(node))
        return Signed(statement: receipt, body: receipt.encoded(signature: signature))
    }

    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func `of the mesh, what a contact heard last is kept beside the highest`(seed: UInt64) {
        let receipts = [
            Self.receipt(revision: 2, at: 100, of: 1, sequence: 1),
            Self.receipt(revision: 3, at: 160, of: 2, sequence: 1),
            // The other side of a cut, which knows of nothing, and two that tell at once.
            Self.receipt(revision: 2, at: 190, of: 3, sequence: 1),
            Self.receipt(revision: 2, at: 190, of: 4, sequence: 1),
            Self.receipt(revision: 1, at: 180, of: 5, sequence: 1),
            Self.receipt(revision: 2, Self.failed, at: 200, of: 5, sequence: 2),
            Self.receipt(revision: 4, Self.failed, at: 210, of: 5, sequence: 3),
        ]
        var generator = SeededGenerator(seed: seed)
        var shuffled = receipts
        generator.shuffle(&shuffled)
        var ledger = Ledger()
        var disk: [[UInt8]: [UInt8]] = [:]
        for signed in shuffled + receipts {
            let merge = ledger.merge(signed) { _ in true }
            if merge.isNew { disk[StoredKey.of(signed.statement)] = signed.body }
            for dropped in merge.dropped.map({ StoredKey.of($0.statement) })
            where dropped != StoredKey.of(signed.statement) {
                disk[dropped] = nil
            }
        }
        let kept = [receipts[1], receipts[2], receipts[6]].map(\.body)
        #expect(ledger.bodies(of: Names.meshCheck) == kept)
        #expect(
            disk.values.sorted { $0.lexicographicallyPrecedes($1) }
                == kept.sorted { $0.lexicographicallyPrecedes($1) })
        let line = receipts[0].statement.line
        #expect(ledger.told(on: line) == receipts[1].statement)
        #expect(ledger.lastWord(on: line) == receipts[2].statement)
        // Its end is the last word again.
        _ = ledger.merge(Self.receipt(revision: 5, at: 230, of: 1, sequence: 2)) { _ in true }
        #expect(ledger.lastWord(on: line)?.epoch == 5)
        #expect(ledger.bodies(of: Names.meshCheck).count == 1)
    }

    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func `receipts in any order leave the same`(seed: UInt64) {
        let receipts = [
            Self.receipt(epoch: 1, Self.failed, of: 1, sequence: 1),
            Self.receipt(epoch: 1, .sent, of: 2, sequence: 1),
            Self.receipt(epoch: 1, .sent, of: 3, sequence: 1),
            Self.receipt(epoch: 2, Self.failed, of: 1, sequence: 2),
            Self.receipt(epoch: 2, Self.failed, of: 1, sequence: 3, round: 1),
            Self.receipt(epoch: 3, Self.failed, of: 2, sequence: 2),
            Self.receipt(epoch: 3, Self.failed, of: 1, sequence: 4),
        ]
        var generator = SeededGenerator(seed: seed)
        var shuffled = receipts
        generator.shuffle(&shuffled)
        var ledger = Ledger()
        for signed in shuffled { _ = ledger.merge(signed) { _ in true } }
        #expect(
            ledger.bodies(of: Names.check) == [receipts[1], receipts[6], receipts[5]].map(\.body))
        var other = Ledger()
        for signed in receipts { _ = other.merge(signed) { _ in true } }
        #expect(ledger.hash(of: Names.check) == other.hash(of: Names.check))
        #expect(ledger.root == other.root && ledger.root != 0)
    }

    @Test func `two signed receipts under one number prove misbehaviour`() throws {
        let first = Self.receipt(epoch: 1, .sent, of: 1, sequence: 1)
        let second = Self.receipt(epoch: 2, .sent, of: 1, sequence: 1)
        var notices = Village(1).residents[0].notices
        for signed in [first, second] {
            _ = notices.receive(
                receipt: Update(kind: UpdateKind.receipt, body: signed.body),
                isTrusted: { _ in true }, now: Village.start)
        }
        var events: [NoticeEvent] = []
        while let effect = notices.popEffect() {
            if case .report(let event) = effect { events.append(event) }
        }
        #expect(
            events.last == .equivocated(Names.node(1), first: first.body, second: second.body))
    }

    @Test func `a receipt counts under its author's signature, whether or not it is a member`() {
        let signed = Self.receipt(epoch: 1, .sent, of: 1, sequence: 1)
        let update = Update(kind: UpdateKind.receipt, body: signed.body)
        var notices = Village(1).residents[0].notices
        let now = Village.start
        let unlisted = notices.receive(receipt: update, isTrusted: { _ in false }, now: now)
        #expect(unlisted == .untrusted)
        var other = signed.body
        other[other.count - 1] ^= 1
        let forged = notices.receive(
            receipt: Update(kind: UpdateKind.receipt, body: other), isTrusted: { _ in true },
            now: now)
        #expect(forged == .refused)
        let isListed = { (key: PublicKey) in key == Names.key(1) }
        let first = notices.receive(receipt: update, isTrusted: isListed, now: now)
        #expect(first == .new)
        let again = notices.receive(receipt: update, isTrusted: isListed, now: now)
        #expect(again == .known)
        #expect(notices.told(Names.oncall, of: Names.check) == signed.statement)
    }
}

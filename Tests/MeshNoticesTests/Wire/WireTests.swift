import MeshChecks
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshNotices

/// What telling says on the wire, byte for byte.
struct WireTests {
    static let signature = Signature(r: .zero, s: .zero)
    static let zeros = String(repeating: "00", count: 64)
    static let zero8 = String(repeating: "00", count: 8)

    static func id(_ word: UInt64) -> Bytes16 { Bytes16(high: word, low: 0) }
    /// The hexadecimal form of `id`.
    static func text(_ word: UInt64) -> String { id(word).hexadecimal }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    static let key = PublicKey(Bytes32(high: id(8), low: id(9)))
    static let keyText = text(8) + text(9)

    static func receipt(_ outcome: Delivery, _ topic: Topic) -> Receipt {
        Receipt(
            topic: topic, check: CheckID(id(1)), contact: ContactID(id(2)), ordinal: 3,
            occasion: FlipID(id(4)), incident: IncidentID(id(5)), birth: Birth(id(6)), epoch: 300,
            state: .down, round: 7, outcome: outcome, key: key, generation: 9,
            sequence: 10, time: WallTime(milliseconds: 11), using: Names.cryptography)
    }

    @Test func `a receipt is written as it always was`() {
        let golden =
            "01" + Self.text(1) + Self.text(2) + "03" + Self.text(4) + Self.text(5) + Self.text(6)
            + "ac02" + "02" + "07" + "01" + "026e6f" + Self.keyText + "09" + "0a"
            + "000000000000000b" + Self.zeros
        let receipt = Self.receipt(.failed(Reason("no")), .chain(CheckID(Self.id(1))))
        #expect(Self.hexadecimal(receipt.encoded(signature: Self.signature)) == golden)
    }

    @Test func `a receipt about the mesh names its subject`() {
        let golden =
            "05" + Self.text(1) + Self.text(12) + Self.text(2) + "03" + Self.text(4)
            + Self.text(5) + Self.text(6) + "ac02" + "02" + "07" + "00" + Self.keyText + "09"
            + "0a" + "000000000000000b" + Self.zeros
        let receipt = Self.receipt(.sent, .mesh(subject: Self.id(12)))
        #expect(Self.hexadecimal(receipt.encoded(signature: Self.signature)) == golden)
    }

    static func claim(_ topic: Topic) -> Claim {
        Claim(
            number: 300, topic: topic, check: CheckID(id(1)), contact: ContactID(id(2)),
            ordinal: 3, occasion: FlipID(id(4)), birth: Birth(id(6)), epoch: 5, state: .degraded,
            rank: 2, round: 1, hasLeft: true)
    }

    static let claimText =
        "ac02" + "04" + text(1) + text(2) + text(2) + "03" + text(4) + text(6) + "05" + "01" + "02"
        + "01"
        + "01"

    @Test func `a claim and its answers are written as they always were`() {
        let claim = Self.claim(.partial(CheckID(Self.id(1)), group: NodeID(Self.id(2))))
        #expect(claim.update().kind == 65)
        #expect(Self.hexadecimal(claim.update().body) == Self.claimText)
        let ack = ClaimAnswer(number: 300, verdict: .ack)
        #expect(ack.update().kind == 66)
        #expect(Self.hexadecimal(ack.update().body) == "ac0200")
        let held = ClaimAnswer(
            number: 1,
            verdict: .held(claim, by: NodeID(Self.id(8)), leaseLeft: .milliseconds(300)))
        #expect(
            Self.hexadecimal(held.update().body)
                == "0101" + Self.text(8) + "ac02" + Self.claimText)
    }

    static let contents: [RecordContent] = [
        .silence(CheckID(id(1)), until: WallTime(milliseconds: 2)),
        .unsilence(CheckID(id(1))),
        .acknowledgement(CheckID(id(1)), FlipID(id(4))),
        .message(about: nil, RecordText("hi")),
        .message(about: CheckID(id(1)), RecordText("hi")),
        .configuration(version: 300, digest: id(7), RecordText("hi")),
        .report(NodeReport([.wrongClock, .unwatchedChecks], RecordText("hi"))),
        .report(
            NodeReport(
                .unwatchedChecks, RecordText("hi"),
                unwatched: NodeReport.Unwatched(
                    word: 300, first: 2, count: 7, added: 3, unmarked: 1, marks: [9, 0xFFFF_0000]))
        ),
    ]

    static let contentTexts = [
        ("01", text(1) + "0000000000000002"),
        ("02", text(1)),
        ("03", text(1) + text(4)),
        ("04", "00" + "026869"),
        ("04", "01" + text(1) + "026869"),
        ("05", "ac02" + text(7) + "026869"),
        ("06", "05" + "026869" + "00"),
        ("06", "04" + "026869" + "ac02" + "02" + "07" + "03" + "01" + "02" + "00000009ffff0000"),
    ]

    static func record(_ content: RecordContent) -> Record {
        Record(
            subject: RecordSubject(id(3)), revision: 300, actor: RecordText("ann"),
            time: WallTime(milliseconds: 11), content: content, key: key, generation: 9,
            sequence: 10, using: Names.cryptography)
    }

    @Test func `records are written as they always were`() {
        for (content, (code, text)) in zip(Self.contents, Self.contentTexts) {
            let golden =
                code + Self.text(3) + "ac02" + "03616e6e" + "000000000000000b" + text
                + Self.keyText + "09" + "0a" + Self.zeros
            let encoded = Self.record(content).encoded(signature: Self.signature)
            #expect(Self.hexadecimal(encoded) == golden)
        }
    }

    @Test func `what was written is read back; cut short or with more behind it, it is refused`() {
        func probe<Value: Equatable>(
            _ bytes: [UInt8], _ value: Value, _ decode: ([UInt8]) throws -> Value
        ) {
            #expect((try? decode(bytes)) == value)
            #expect(bytes.count <= Update.byteCountMax)
            for count in bytes.indices {
                #expect((try? decode(Array(bytes[..<count]))) == nil)
            }
            #expect((try? decode(bytes + [0])) == nil)
        }
        let topics: [Topic] = [
            .chain(CheckID(Self.id(1))), .partial(CheckID(Self.id(1)), group: NodeID(Self.id(2))),
            .mesh(subject: Self.id(12)),
        ]
        for topic in topics {
            for outcome in [.sent, .failed(Reason(String(repeating: "x", count: 160)))]
                as [Delivery]
            {
                let receipt = Self.receipt(outcome, topic)
                probe(receipt.encoded(signature: Self.signature), receipt) {
                    try Receipt.decode($0, using: Names.cryptography).receipt
                }
            }
            let claim = Self.claim(topic)
            probe(claim.update().body, claim) { try Claim.decode($0) }
            for verdict in [
                .ack, .held(claim, by: NodeID(Self.id(8)), leaseLeft: .seconds(4)),
            ] as [ClaimAnswer.Verdict] {
                let answer = ClaimAnswer(number: 7, verdict: verdict)
                probe(answer.update().body, answer) { try ClaimAnswer.decode($0) }
            }
        }
        for content in Self.contents {
            let record = Self.record(content)
            probe(record.encoded(signature: Self.signature), record) {
                try Record.decode($0, using: Names.cryptography).record
            }
        }
        let longest = Self.record(
            .message(
                about: CheckID(Self.id(1)), RecordText(String(repeating: "é", count: 900))))
        probe(longest.encoded(signature: Self.signature), longest) {
            try Record.decode($0, using: Names.cryptography).record
        }
    }

    @Test func `the id of a notice holds its occasion, contact, kind and ordinal`() {
        let cryptography = StubCryptography()
        var ids: Set<NoticeID> = []
        for flip in [Names.flip(1), Names.flip(2)] {
            for contact in [Names.oncall, Names.chat] {
                for kind in NoticeKind.allCases {
                    for ordinal in 0..<3 as Range<UInt32> {
                        ids.insert(
                            NoticeID(
                                flip: flip, contact: contact, kind: kind, ordinal: ordinal,
                                using: cryptography))
                    }
                }
            }
        }
        #expect(ids.count == 2 * 2 * 5 * 3)
    }
}

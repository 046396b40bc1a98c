import MeshChecks
import MeshCore
import MeshPlacement
import MeshTestSupport
import MeshVerdicts
import Testing

/// The bodies of what owners say to one another unsigned, each as golden bytes.
struct MessageBodyTests {
    static let state = Bytes16(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F)
    static let id = "000102030405060708090a0b0c0d0e0f "

    struct Body: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var encoded: [UInt8]
        var golden: String
        /// Decodes and encodes again.
        var pass: @Sendable (ByteReader) throws -> [UInt8]

        init<Message: Equatable & Sendable>(
            _ name: String, _ message: Message, _ golden: String,
            _ encode: @escaping @Sendable (Message) -> [UInt8],
            _ decode: @escaping @Sendable (ByteReader) throws -> Message
        ) {
            testDescription = name
            encoded = encode(message)
            self.golden = golden
            pass = { reader in
                let decoded = try decode(reader)
                #expect(decoded == message)
                return encode(decoded)
            }
        }
    }

    static func bodies() throws -> [Body] {
        let check = CheckID(state)
        let prefix = CheckPrefix(of: check)
        let roll = Roll(entries: [
            .init(node: NodeID(state), zone: try #require(Label("eu")))
        ])
        return [
            Body(
                "head",
                Head(
                    generation: 3, lastSequence: 300, digest: 0x1112_1314_1516_1718,
                    observesNothing: false, notObserved: [prefix, CheckPrefix(1)]),
                "03 ac02 1112131415161718 00 02 0001020304050607 0000000000000001",
                { $0.encoded() }, { try Head.decode($0) }),
            Body(
                "idle head",
                Head(generation: 3, lastSequence: 0, digest: 0, observesNothing: true),
                "03 00 0000000000000000 01 00", { $0.encoded() }, { try Head.decode($0) }),
            Body(
                "question about standing", AskStanding(checks: [prefix]), "01 0001020304050607",
                { $0.encoded() }, { try AskStanding.decode($0) }),
            Body(
                "hints",
                Hints([
                    .init(check: prefix, kind: .lookNow, state: .down),
                    .init(check: prefix, kind: .iSeeItToo, state: .degraded),
                    .init(check: prefix, kind: .standIn, state: nil),
                    .init(check: prefix, kind: .doYouSeeIt, state: .up),
                ]),
                "04 0001020304050607 00 02 0001020304050607 01 01 "
                    + "0001020304050607 02 ff 0001020304050607 03 00",
                { $0.encoded() }, { try Hints.decode($0) }),
            Body(
                "question for a roll", AskRoll(check: check, digest: 0x1112_1314_1516_1718),
                id + "1112131415161718", { $0.encoded() }, { try AskRoll.decode($0) }),
            Body(
                "roll", RollAnswer(check: check, roll: roll), id + "01 02 6575 01 " + id + "00",
                { $0.encoded() }, { try RollAnswer.decode($0) }),
            Body(
                "hand-over",
                Handover(
                    check: check, definition: DefinitionID(state), parent: FlipID(state),
                    runs: [
                        .init(state: .degraded, count: 300, ageMilliseconds: 40_000),
                        .init(state: .down, count: 2, ageMilliseconds: 10_000),
                    ]),
                id + id + id + "02 01 ac02 c0b802 02 02 904e",
                { $0.encoded() }, { try Handover.decode($0) }),
            Body(
                "arrival", Arrival(asks: true, age: .milliseconds(300)), "01 ac02",
                { $0.encoded() }, { try Arrival.decode($0) }),
        ]
    }

    @Test(arguments: try bodies())
    func `a body is written as it always was`(body: Body) throws {
        let golden = try Proof.bytes(body.golden)
        #expect(body.encoded == golden)
        #expect(try body.pass(ByteReader(golden)) == golden)
    }

    @Test(arguments: try bodies())
    func `every truncation and every byte too many is refused`(body: Body) throws {
        for count in body.encoded.indices {
            #expect(throws: DecodeError.truncated) {
                try body.pass(ByteReader(Array(body.encoded[..<count])))
            }
        }
        #expect(throws: DecodeError.trailing) { try body.pass(ByteReader(body.encoded + [0])) }
    }

    @Test func `a list at its bound is taken and one above it is refused`() throws {
        let prefixes = (0..<64).map { CheckPrefix($0) }
        let head = Head(
            generation: .max, lastSequence: .max, digest: 0, notObserved: prefixes)
        #expect(head.encoded().count == Head.byteCountMax)
        #expect(try Head.decode(ByteReader(head.encoded())) == head)
        let hints = Hints(prefixes.map { .init(check: $0, kind: .lookNow, state: .down) })
        #expect(try Hints.decode(ByteReader(hints.encoded())) == hints)
        let question = AskStanding(checks: prefixes)
        #expect(try AskStanding.decode(ByteReader(question.encoded())) == question)

        let more = [65] + [UInt8](repeating: 0, count: 650)
        #expect(throws: DecodeError.tooLarge) { try Hints.decode(ByteReader(more)) }
        #expect(throws: DecodeError.tooLarge) { try AskStanding.decode(ByteReader(more)) }
        let longHead = try Proof.bytes("03 00 0000000000000000 00") + more
        #expect(throws: DecodeError.tooLarge) { try Head.decode(ByteReader(longHead)) }
    }

    @Test func `codes that do not exist are refused`() throws {
        for text in [
            "00 00 0000000000000000 00 00",  // Generation 0.
            "03 00 0000000000000000 02 00",  // A flag of no meaning.
        ] {
            let bytes = try Proof.bytes(text)
            #expect(throws: DecodeError.invalid) { try Head.decode(ByteReader(bytes)) }
        }
        for text in ["01 0001020304050607 06 00", "01 0001020304050607 00 03"] {
            let bytes = try Proof.bytes(text)
            #expect(throws: DecodeError.invalid) { try Hints.decode(ByteReader(bytes)) }
        }
        let flags = try Proof.bytes("02 00")
        #expect(throws: DecodeError.invalid) { try Arrival.decode(ByteReader(flags)) }
    }

    @Test(arguments: [
        ("02 02 01 01 01 01 01", DecodeError.invalid), ("02 01 01 01 01 01 01", .invalid),
        ("01 03 01 01", .invalid), ("04 00 01 01 01 01 01 02 01 01 00 01 01", .tooLarge),
    ])
    func `a hand-over names each state once, best first`(text: String, error: DecodeError) throws {
        let bytes = try Proof.bytes(Self.id + Self.id + Self.id + text)
        #expect(throws: error) { try Handover.decode(ByteReader(bytes)) }
    }

    @Test func `lists above their bound are our mistake`() async {
        await #expect(processExitsWith: .failure) {
            _ = AskStanding(checks: (0..<65).map { CheckPrefix($0) })
        }
        await #expect(processExitsWith: .failure) {
            let run = Handover.Run(state: .down, count: 1, ageMilliseconds: 1)
            let id = Bytes16.zero
            _ = Handover(
                check: CheckID(id), definition: DefinitionID(id), parent: FlipID(id),
                runs: [run, run])
        }
    }
}

struct SignedBirthTests {
    @Test func `a birth is written as it always was, and names its maker by the key`() throws {
        let signature = LogEntryTests.signature
        let birth = SignedBirth(
            birth: LogEntryTests.birth, key: PublicKey(Proof.bytes32(from: 0x40)),
            signature: signature, using: Proof.cryptography)
        let golden = try Proof.bytes(
            "202122232425262728292a2b2c2d2e2f "
                + "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f "
                + LogEntryTests.signatureText)
        #expect(birth.update() == Update(kind: 34, body: golden))
        #expect(golden.count == SignedBirth.byteCount)
        let decoded = try SignedBirth.decode(golden, using: Proof.cryptography)
        #expect(decoded == birth)
        #expect(decoded.node == NodeID(of: birth.key, using: Proof.cryptography))
        for count in golden.indices {
            #expect(throws: DecodeError.truncated) {
                try SignedBirth.decode(Array(golden[..<count]), using: Proof.cryptography)
            }
        }
        #expect(throws: DecodeError.trailing) {
            try SignedBirth.decode(golden + [0], using: Proof.cryptography)
        }
    }

    @Test func `a birth is valid in its mesh only, and as its maker signed it`() throws {
        let cryptography = Proof.cryptography
        let proof = try Proof(members: 1)
        let key = proof.members[0].key
        let signature = cryptography.sign(
            SignedBirth.signedBytes(of: proof.birth, mesh: proof.mesh), by: key)
        func made(_ birth: Birth) -> SignedBirth {
            SignedBirth(birth: birth, key: key, signature: signature, using: cryptography)
        }
        #expect(made(proof.birth).isValid(mesh: proof.mesh, using: cryptography))
        #expect(!made(Birth(.zero)).isValid(mesh: proof.mesh, using: cryptography))
        let elsewhere = MeshID(named: try #require(Label("test")), using: cryptography)
        #expect(!made(proof.birth).isValid(mesh: elsewhere, using: cryptography))
    }
}

import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshPlacement
import MeshVerdicts

/// A check, its owners, and what they say about it, for the targets to start from.
extension Seeds {
    static let cryptography = OpenCryptography()
    static let mesh = MeshID(named: label("mesh"), using: cryptography)
    static let birth = Birth(at: WallTime(milliseconds: 1_767_225_600_000), random: 7)
    static let wallTime = WallTime(milliseconds: 1_767_312_000_000)
    static let contact = ContactID(Bytes16(high: 1, low: 1))

    static let check: CheckDefinition = {
        guard let name = CheckName("shop") else { fatalError("expected a name") }
        return CheckDefinition(
            name: name, rule: VotingRule(confirmations: 3, delay: 0, interval: .seconds(5)),
            timeout: .seconds(2), text: [123, 125], in: mesh, using: cryptography)
    }()

    /// A few that speak, the last of them with the key of the node that listens: a clone.
    static let peerKeys = (0..<3 as Range<UInt8>).map { PublicKey(bytes32(from: 10 * $0)) }
    static let ownKey = PublicKey(bytes32(from: 200))
    static let zones = ["zone-0", "zone-1"].map(label)

    /// All of them, in rank order.
    static let roll: Roll = {
        let places = (peerKeys + [ownKey]).enumerated().map { number, key in
            Roll.Entry(
                node: NodeID(of: key, using: cryptography),
                zone: key == ownKey ? label("eu") : zones[number % 2])
        }
        return Roll(
            entries: places.sorted {
                let (one, other) = (
                    Score(of: $0.node, for: check.id), Score(of: $1.node, for: check.id)
                )
                return one == other ? $0.node < $1.node : one < other
            })
    }()

    static let firstFlip = Flip(
        check: check.id, definition: check.definition, birth: birth,
        parent: FlipID(genesisOf: check.id, in: mesh, birth: birth, using: cryptography), epoch: 1,
        state: .up, in: mesh, using: cryptography)
    static let secondFlip = Flip(
        check: check.id, definition: check.definition, birth: birth, parent: firstFlip.id, epoch: 2,
        state: .down, in: mesh, using: cryptography)

    static func entry(
        of key: PublicKey, _ stance: Stance, for flip: Flip, sequence: UInt64
    ) -> SignedEntry {
        SignedEntry(
            entry: LogEntry(
                check: check.id, stance: stance, definition: flip.definition, birth: flip.birth,
                parent: flip.parent, epoch: flip.epoch, reason: Reason("refused"),
                since: wallTime, observedAt: wallTime, streak: 2, latencyMicroseconds: 12_345,
                owners: 3, quorum: 2, zones: 2, rollDigest: roll.digest(using: cryptography),
                node: NodeID(of: key, using: cryptography), generation: 2, sequence: sequence),
            signature: signature)
    }

    /// Of every stance there is.
    static let logEntries =
        [.withdrawn, .declines, .dissents(.down), .opines(.degraded)].map {
            entry(of: peerKeys[0], $0, for: secondFlip, sequence: 300)
        } as [SignedEntry]

    static func certificate(
        of flip: Flip, from previous: TargetState?, _ text: Certificate.Definition.Text
    ) -> Certificate {
        let entries = peerKeys[..<2].map {
            (entry(of: $0, .dissents(flip.state), for: flip, sequence: UInt64(flip.epoch)), $0)
        }
        guard
            let certificate = Certificate(
                flip: flip, previous: previous, entries: entries, rolls: [roll],
                definition: Certificate.Definition(rule: check.rule, text: text),
                using: cryptography)
        else { fatalError("expected the roll behind the entries") }
        return certificate
    }

    static let certificates = [
        certificate(
            of: firstFlip, from: nil,
            .hashed(DefinitionTextID(of: check.text, using: cryptography))),
        certificate(of: secondFlip, from: .up, .whole(check.text)),
    ]

    static let signedBirth = SignedBirth(
        birth: birth, key: peerKeys[0], signature: signature, using: cryptography)

    static func receipt(_ outcome: Delivery, _ topic: Topic, epoch: UInt64 = 2) -> Receipt {
        Receipt(
            topic: topic, check: check.id, contact: contact, ordinal: 0,
            occasion: secondFlip.id, incident: IncidentID(.zero), birth: birth, epoch: epoch,
            state: .down, round: 0, outcome: outcome, key: peerKeys[1], generation: 2,
            sequence: 5, time: wallTime, using: cryptography)
    }

    static let topics: [Topic] = [
        .chain(check.id), .partial(check.id, group: Seeds.node),
        .mesh(subject: Bytes16(high: 3, low: 3)),
    ]

    static let receipts = topics.flatMap {
        [receipt(.sent, $0), receipt(.failed(Reason("no")), $0)]
    }

    static func record(_ content: RecordContent, _ subject: RecordSubject) -> Record {
        Record(
            subject: subject, revision: 1, actor: RecordText("ann"), time: wallTime,
            content: content, key: peerKeys[1], generation: 2, sequence: 6, using: cryptography)
    }

    static let records = [
        record(
            .silence(check.id, until: wallTime),
            RecordSubject(silenceOf: check.id, using: cryptography)),
        record(.unsilence(check.id), RecordSubject(silenceOf: check.id, using: cryptography)),
        record(
            .acknowledgement(check.id, secondFlip.id),
            RecordSubject(acknowledgementOf: check.id, using: cryptography)),
        record(
            .message(about: check.id, RecordText("hello")),
            RecordSubject(
                messageOf: NodeID(of: peerKeys[1], using: cryptography), generation: 2, sequence: 6,
                using: cryptography)),
        record(
            .configuration(version: 3, digest: .zero, RecordText("new")),
            RecordSubject(configurationOf: mesh, using: cryptography)),
    ]

    static let claimsToSend = topics.map {
        Claim(
            number: 300, topic: $0, check: check.id, contact: contact, ordinal: 0,
            occasion: secondFlip.id, birth: birth, epoch: 2, state: .down, rank: 1, round: 0,
            hasLeft: false)
    }

    static let claimAnswers =
        [ClaimAnswer(number: 300, verdict: .ack)]
        + claimsToSend.map {
            ClaimAnswer(number: 1, verdict: .held($0, by: node, leaseLeft: .seconds(3)))
        }

    static let prefixes = [CheckPrefix(of: check.id)]
    static let head = Head(
        generation: 2, lastSequence: 300, digest: 9, observesNothing: false, notObserved: prefixes)
    static let hints = Hints(
        Hints.Kind.allCases.map { Hints.Hint(check: prefixes[0], kind: $0, state: .down) })
    static let askStanding = AskStanding(checks: prefixes)
    static let askRoll = AskRoll(check: check.id, digest: roll.digest(using: cryptography))
    static let rollAnswer = RollAnswer(check: check.id, roll: roll)
    static let handover = Handover(
        check: check.id, definition: check.definition, parent: firstFlip.id,
        runs: [.init(state: .down, count: 2, ageMilliseconds: 5_000)])

    /// Every update about checks, signed or not.
    static let updatesOfChecks: [Update] =
        [signedBirth.update()] + logEntries.map { $0.update() }
        + certificates.map { Update(kind: UpdateKind.certificate, body: $0.encoded()) }
        + receipts.map {
            Update(kind: UpdateKind.receipt, body: $0.encoded(signature: signature))
        }
        + records.map { Update(kind: UpdateKind.record, body: $0.encoded(signature: signature)) }
        + claimsToSend.map { $0.update() } + claimAnswers.map { $0.update() }
        + [
            Update(kind: 40, body: hints.encoded()), Update(kind: 41, body: head.encoded()),
            Update(kind: 42, body: askStanding.encoded()),
            Update(kind: 43, body: askRoll.encoded()),
            Update(kind: 44, body: rollAnswer.encoded()),
            Update(kind: 45, body: handover.encoded()),
        ]
}

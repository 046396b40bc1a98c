import MeshCore
import MeshEngine
import MeshVerdicts

/// What nodes say to one another about checks, unsigned, and the engine's own messages: the first
/// byte says which.
enum Target: FuzzTarget {
    static let seeds: [[UInt8]] =
        [
            Seeds.head.encoded(), Seeds.hints.encoded(), Seeds.askStanding.encoded(),
            Seeds.askRoll.encoded(), Seeds.rollAnswer.encoded(), Seeds.handover.encoded(),
        ].enumerated().map { [UInt8($0)] + $1 }
        + messages.map { [$0.kind] + $0.fields }

    private static let messages: [EngineMessage] = [
        .parcel(number: 7), .parcelReceived(number: 7), .rollCall(number: 7), .present(number: 7),
        .envelope, .askSights,
    ]

    static func run(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let body = Array(bytes.dropFirst())
        let reader = ByteReader(body)
        let encoded: [UInt8]?
        switch kind {
        case 0: encoded = (try? Head.decode(reader))?.encoded()
        case 1: encoded = (try? Hints.decode(reader))?.encoded()
        case 2: encoded = (try? AskStanding.decode(reader))?.encoded()
        case 3: encoded = (try? AskRoll.decode(reader))?.encoded()
        case 4: encoded = (try? RollAnswer.decode(reader))?.encoded()
        case 5: encoded = (try? Handover.decode(reader))?.encoded()
        default:
            guard let message = try? EngineMessage.decode(kind: kind, fields: body) else { return }
            precondition(message.kind == kind, "expected the kind that was read")
            // A later version's fields may follow.
            return precondition(
                body.starts(with: message.fields), "expected the fields that were read")
        }
        guard let encoded else { return }
        precondition(encoded == body, "expected the one encoding")
    }
}

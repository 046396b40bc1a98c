import MeshCore
import MeshVerdicts

/// What nodes say to one another about checks, unsigned and once, as updates behind a message that
/// is nothing but their envelope: lists of checks outgrow a message's fields.
///
/// Kinds 40 to 46 of the lane of flips. They are never gossiped: whoever hears one has it from its
/// author, whose seal proves it.
enum VerdictMail {
    static let kinds: ClosedRange<UInt8> = 40...46

    /// `nil` if it does not fit a datagram; nothing is lost that another message will not say.
    static func update(_ message: VerdictMessage) -> Update? {
        let update =
            switch message {
            case .hints(let hints): Update(kind: 40, body: hints.encoded())
            case .head(let head): Update(kind: 41, body: head.encoded())
            case .askStanding(let question): Update(kind: 42, body: question.encoded())
            case .askRoll(let question): Update(kind: 43, body: question.encoded())
            case .rollAnswer(let answer): Update(kind: 44, body: answer.encoded())
            case .handover(let handover): Update(kind: 45, body: handover.encoded())
            case .arrival(let arrival): Update(kind: 46, body: arrival.encoded())
            }
        return update.body.count <= Update.byteCountMax ? update : nil
    }

    static func decode(_ update: Update) throws(DecodeError) -> VerdictMessage {
        let reader = ByteReader(update.body)
        switch update.kind {
        case 40: return .hints(try Hints.decode(reader))
        case 41: return .head(try Head.decode(reader))
        case 42: return .askStanding(try AskStanding.decode(reader))
        case 43: return .askRoll(try AskRoll.decode(reader))
        case 44: return .rollAnswer(try RollAnswer.decode(reader))
        case 45: return .handover(try Handover.decode(reader))
        case 46: return .arrival(try Arrival.decode(reader))
        default: throw .invalid
        }
    }
}

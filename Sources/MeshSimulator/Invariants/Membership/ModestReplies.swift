import MeshCore
import MeshMembership

/// The mesh is no amplifier: an answer goes to where the question came from, and is no larger.
package struct ModestReplies: Invariant {
    package static let name = "modest-replies"
    package static let promise =
        "an ack goes to the observed source only and is no larger than its ping (design 4)"

    private struct Question: Sendable {
        var process: Int
        var at: Instant
        var byteCount: Int
        var source: SocketAddress
    }

    /// The ping that was handled last, in this very step if at all.
    private var question: Question?

    package init() {}

    package var interests: Happening.Kinds { [.sent, .delivered] }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        switch happening {
        case .delivered(let process, let datagram, let source, _, _):
            question = nil
            guard DatagramHeader.messageKind(of: datagram) == DatagramHeader.pingKind else {
                return
            }
            question = Question(
                process: process, at: world.now, byteCount: datagram.count, source: source)
        case .sent(let process, let datagram, let target):
            guard let question, question.process == process, question.at == world.now,
                DatagramHeader.messageKind(of: datagram) == DatagramHeader.ackKind
            else { return }
            let name = world.processes[process].name
            if datagram.count > question.byteCount {
                log.add(
                    Self.self, at: world.now,
                    "\(name) answered \(question.byteCount) bytes with \(datagram.count)")
            }
            if target != question.source {
                log.add(
                    Self.self, at: world.now,
                    "\(name) answered \(question.source) at \(target)")
            }
        case .started, .ended, .paused, .resumed, .reported, .deadlineHandled, .looked, .flipped,
            .checkReported, .ordered, .accepted, .answered, .noticeReported:
            break
        }
    }
}

extension DatagramHeader {
    static let pingKind: UInt8 = 1
    static let ackKind: UInt8 = 2
    private static let shortByteCount = 20
    private static let longByteCount = 40

    /// The kind of the message inside, without reading the rest: this is asked of every datagram.
    static func messageKind(of datagram: [UInt8]) -> UInt8? {
        guard datagram.count > longByteCount else {
            return datagram.count > shortByteCount ? datagram[shortByteCount] : nil
        }
        return datagram[datagram[1] & 1 == 0 ? shortByteCount : longByteCount]
    }
}

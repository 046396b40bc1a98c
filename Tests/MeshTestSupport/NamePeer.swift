import Glibc
package import MeshCore
package import MeshPlatform

/// A name server of a test's own that answers whatever the test makes of a question, over UDP and
/// TCP at one port.
package final class NamePeer {
    package enum Way {
        case udp, tcp
    }

    /// The questions that came, whole, and which way.
    package private(set) var questions: [(way: Way, bytes: [UInt8])] = []
    /// Answers over UDP, each a datagram.
    package var datagrams: (_ question: [UInt8]) -> [[UInt8]] = { _ in [] }
    /// Talks over TCP; the question is without its length.
    package var talk: (_ question: [UInt8], _ peer: LoopbackServer.Peer) -> Void = { _, _ in }
    package let address: SocketAddress
    private var socket: UDPSocket?
    private let listener: LoopbackServer

    package init(on loop: EventLoop, host: SocketAddress = .loopback) throws {
        var relay: NamePeer?
        let opened = try Self.open(on: loop, host) { peer in
            peer.receive = { relay?.heard($0) }
        } hear: { bytes, sender in
            guard let relay else { return }
            relay.questions.append((.udp, bytes))
            for datagram in relay.datagrams(bytes) { relay.socket?.send(datagram, to: sender) }
        }
        listener = opened.listener
        socket = opened.socket
        address = listener.address
        weak let weakSelf = self
        relay = weakSelf
    }

    private static let portTriesMax = 16

    /// At the first port that is free for both: other tests have theirs meanwhile.
    private static func open(
        on loop: EventLoop, _ host: SocketAddress,
        talk: @escaping (LoopbackServer.Peer) -> Void,
        hear: @escaping ([UInt8], SocketAddress) -> Void
    ) throws -> (listener: LoopbackServer, socket: UDPSocket) {
        for _ in 0..<portTriesMax {
            let listener = try LoopbackServer(on: loop, host: host, talk)
            if let socket = try? UDPSocket(on: loop, at: listener.address, hear) {
                return (listener, socket)
            }
        }
        throw SystemError(EADDRINUSE, "a port for TCP and UDP")
    }

    deinit { socket?.close() }

    private func heard(_ peer: LoopbackServer.Peer) {
        guard peer.received.count > 2 else { return }
        let count = Int(peer.received[0]) << 8 | Int(peer.received[1])
        guard peer.received.count >= 2 + count else { return }
        let question = Array(peer.received[2..<2 + count])
        questions.append((.tcp, question))
        talk(question, peer)
    }

    package func count(_ way: Way) -> Int { questions.count { $0.way == way } }
}

/// A DNS message that a test builds piece by piece, right or wrong.
package struct NameMessage {
    package var id: UInt16 = 0
    /// Response, recursion desired and available.
    package var flags: UInt16 = 0x8180
    package var question: [UInt8] = []
    package var questionCount: UInt16 = 1
    /// Whole records.
    package var answers: [[UInt8]] = []
    package var answerCount: UInt16?
    package var additional: [[UInt8]] = []
    package var tail: [UInt8] = []

    /// An answer to `query`, a question with at most one record behind it.
    package init(to query: [UInt8]) {
        id = UInt16(query[0]) << 8 | UInt16(query[1])
        var end = 12
        while end < query.count, query[end] > 0 { end += 1 + Int(query[end]) }
        question = Array(query[12..<min(query.count, end + 5)])
    }

    package init() {}

    package var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.write(id)
        writer.write(flags)
        writer.write(questionCount)
        writer.write(answerCount ?? UInt16(answers.count))
        writer.write(0 as UInt16)
        writer.write(UInt16(additional.count))
        writer.writeRaw(question)
        writer.writeRaw(Array(answers.joined()))
        writer.writeRaw(Array(additional.joined()))
        writer.writeRaw(tail)
        return writer.bytes
    }

    /// With its length before it, as over TCP.
    package var streamBytes: [UInt8] {
        let bytes = bytes
        return [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
    }

    /// A record of class IN whose owner is the question's name, or `owner` as it is on the wire.
    package static func record(
        _ type: UInt16, _ data: [UInt8], owner: [UInt8] = [0xC0, 12]
    ) -> [UInt8] {
        owner + [UInt8(type >> 8), UInt8(type & 0xFF), 0, 1, 0, 0, 0, 60]
            + [UInt8(data.count >> 8), UInt8(data.count & 0xFF)] + data
    }

    /// A name on the wire, not compressed.
    package static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }
}

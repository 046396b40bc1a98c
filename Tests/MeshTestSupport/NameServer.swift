package import MeshCore
package import MeshPlatform

/// A name server of a test's own on 127.0.0.1, on the loop that the test turns (RFC 1035, 4).
package final class NameServer {
    package enum Answer {
        case addresses([SocketAddress], life: UInt32)
        case noSuchName
        case failure
        case silence
    }

    /// Names and kinds (1: A, 28: AAAA, 2: NS) that were asked for, in order.
    package private(set) var questions: [(name: String, kind: UInt16)] = []
    package var answer: (_ name: String, _ kind: UInt16) -> Answer
    private var socket: UDPSocket?

    package init(
        on loop: EventLoop, _ answer: @escaping (_ name: String, _ kind: UInt16) -> Answer
    ) throws {
        self.answer = answer
        socket = try UDPSocket(on: loop, at: .loopback) { [unowned self] bytes, sender in
            guard let reply = self.reply(to: Array(bytes)) else { return }
            self.socket?.send(reply, to: sender)
        }
    }

    deinit { socket?.close() }

    /// As a resolver takes it.
    package var servers: String { socket?.address.description ?? "" }

    package func count(of name: String) -> Int { questions.count { $0.name == name } }

    private func reply(to query: [UInt8]) -> [UInt8]? {
        var labels: [String] = []
        var place = 12
        while place < query.count, query[place] > 0 {
            let end = place + 1 + Int(query[place])
            guard end < query.count else { return nil }
            labels.append(String(decoding: query[place + 1..<end], as: UTF8.self))
            place = end
        }
        guard place + 4 < query.count else { return nil }
        let kind = UInt16(query[place + 1]) << 8 | UInt16(query[place + 2])
        let question = query[12..<place + 5]
        let name = labels.joined(separator: ".")
        questions.append((name, kind))
        var code: UInt8 = 0
        var records: [[UInt8]] = []
        switch answer(name, kind) {
        case .silence: return nil
        case .failure: code = 2
        case .noSuchName: code = 3
        case .addresses(let addresses, let life):
            for address in addresses where address.isIPv4 == (kind == 1) && kind != 2 {
                var writer = ByteWriter()
                if address.isIPv4 {
                    writer.write(UInt32(truncatingIfNeeded: address.host.low))
                } else {
                    writer.write(address.host)
                }
                let life = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: life >> $0) }
                // A pointer to the question's name, class IN.
                records.append(
                    [0xC0, 12, 0, UInt8(kind), 0, 1] + life + [0, UInt8(writer.bytes.count)]
                        + writer.bytes)
            }
        }
        return query[..<2] + [0x81, 0x80 | code, 0, 1, 0, UInt8(records.count), 0, 0, 0, 0]
            + question + records.joined()
    }
}

import MeshCore

/// A connection, over TLS or not, and what the other side must say on it.
package struct TCPCheck: Sendable, Hashable {
    package static let sendByteCountMax = 4 * 1_024
    /// More of a reply than this is not read.
    package static let replyByteCountMax = 16 * 1_024
    package static let linesRange = 1...100

    package var address: HostPort
    /// What to say once connected, as it is: no line end is added.
    package var send: Secret?
    /// What the reply must hold; `nil`: being connected is enough.
    package var expect: TextRule?
    /// Lines of the reply that are read.
    package var lines = 1
    /// `nil`: no TLS.
    package var tls: TLSOptions?
    package var version: IPVersion?
    /// What variables of its configuration stand for: nobody must read it in a reason.
    package var redaction = Redaction()
    package var attempts = AttemptPlan()

    package init(address: HostPort) { self.address = address }

    /// What a reply says once so much of it is here.
    package enum Judgement: Sendable, Hashable {
        case undecided
        case met
        case failed(Reason)
    }

    /// Judges what was received so far. It is met as soon as what is expected is there, so that a
    /// peer that ends no line is heard too, and lost with the end of the last line: a wrong banner
    /// need not take the whole timeout.
    package func judge(
        _ received: [UInt8], hasEnded: Bool, _ patterns: some PatternSearch
    ) -> Judgement {
        guard let expect else { return .met }
        let reply = reply(in: received)
        switch expect.find(in: Array(received[..<reply.end]), patterns) {
        case .found: return .met
        case .givenUp: return .failed(expect.givenUp("reply"))
        case .absent: break
        }
        guard reply.isWhole || hasEnded else { return .undecided }
        guard !received.isEmpty else { return .failed(Reason("closed without a reply")) }
        return .failed(Reason("reply \(expect.isNotThere)\(beginning(of: received))"))
    }

    /// Where the lines that count end, and whether all of them are here.
    private func reply(in received: [UInt8]) -> (end: Int, isWhole: Bool) {
        var lines = 0
        for (place, byte) in received.prefix(Self.replyByteCountMax).enumerated()
        where byte == 0x0A {
            lines += 1
            if lines == self.lines { return (place, true) }
        }
        let end = min(received.count, Self.replyByteCountMax)
        return (end, end < received.count)
    }

    /// What was said instead, unless it may repeat what we have said, which may be a secret.
    private func beginning(of received: [UInt8]) -> String {
        guard send == nil else { return "" }
        let line = received.prefix { $0 != 0x0A && $0 != 0x0D }.prefix(64)
        guard !line.isEmpty, let text = String(validating: line, as: UTF8.self) else { return "" }
        // Before it is cut with the rest of the reason.
        return "; it begins '\(redaction.redact(text))'"
    }

    func write(to text: inout DefinitionText) {
        text.add("address", .text(address.description))
        if let send { text.addHash("send", of: send) }
        expect?.write(to: &text)
        text.add("expect_lines", .number(lines), unless: .number(1))
        text.add(version)
        guard let tls else { return }
        text.add("tls", .flag(true))
        tls.write(to: &text, serverNameKey: "tls_server_name")
    }
}

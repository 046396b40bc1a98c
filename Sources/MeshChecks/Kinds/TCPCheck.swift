import MeshCore

/// A connection, over TLS or not, and what the other side must say on it.
package struct TCPCheck: Sendable, Hashable {
    /// Of `expect`, in bytes.
    package static let expectByteCountMax = 1_024
    package static let sendByteCountMax = 4 * 1_024
    /// A first line longer than this is judged by so much of it.
    package static let replyByteCountMax = 16 * 1_024

    package var address: HostPort
    /// What to say once connected, as it is: no line end is added.
    package var send: Secret?
    /// What the first line of the reply must contain; `nil`: being connected is enough.
    package var expect: String?
    /// `nil`: no TLS. The host's name goes out as SNI, and is what the certificate must be for.
    package var tls: TLSTrust?
    package var attempts = AttemptPlan()

    package init(address: HostPort) { self.address = address }

    /// What a reply says once so much of it is here.
    package enum Judgement: Sendable, Hashable {
        case undecided
        case met
        case failed(Reason)
    }

    /// Judges what was received so far. It is met as soon as what is expected is there, so that a
    /// peer that ends no line is heard too, and lost with the end of the first line: a wrong banner
    /// need not take the whole timeout.
    package func judge(_ received: [UInt8], hasEnded: Bool) -> Judgement {
        guard let expect else { return .met }
        let line = received.prefix(Self.replyByteCountMax).prefix { $0 != 0x0A }
        if ByteSearch(expect).isFound(in: line) { return .met }
        let isWhole = line.count < received.count
        guard isWhole || hasEnded else { return .undecided }
        return .failed(
            Reason(
                received.isEmpty
                    ? "closed without a reply" : "reply does not contain '\(expect)'"))
    }

    func write(to text: inout DefinitionText) {
        text.add("address", .text(address.description))
        if let send { text.addHash("send", of: send) }
        if let expect { text.add("expect", .text(expect)) }
        guard let tls else { return }
        text.add("tls", .flag(true))
        tls.write(to: &text)
    }
}

/// Whose certificates a TLS client accepts.
package enum TLSTrust: Sendable, Hashable {
    /// Those that the machine's own roots vouch for, for this host's name.
    case system
    /// Those that the roots in this PEM file vouch for, in place of the machine's.
    case file(String)
    /// Any: what is behind the address may be anybody.
    case anything

    func write(to text: inout DefinitionText) {
        switch self {
        case .system: break
        case .file(let path): text.add("tls_ca_file", .text(path))
        case .anything: text.add("tls_skip_verify", .flag(true))
        }
    }
}

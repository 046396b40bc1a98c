package import MeshCore

/// A TLS handshake in full, and how long the certificates are good for.
package struct TLSCheck: Sendable, Hashable {
    /// As Checkup's.
    package static let expiresWithinDefault = TimeSpan.hours(14 * 24)
    package static let expiresWithinRange = TimeSpan.zero...TimeSpan.hours(10 * 366 * 24)

    package var address: HostPort
    /// What is said in plain text before TLS begins; `nil`: nothing.
    package var startTLS: StartTLS?
    package var tls = TLSOptions()
    /// Certificates that end within this are *degraded*; one that has ended is *down*, whoever is
    /// believed.
    package var expiresWithin = expiresWithinDefault
    package var version: IPVersion?
    package var attempts = AttemptPlan()

    package init(address: HostPort) { self.address = address }

    /// Whose certificate it is, in words.
    package var name: String { tls.name(at: address.host) }

    /// What the certificate of the chain that ends first says at `now`; `nil`: nothing yet.
    package func judge(_ end: CertificateEnd, at now: WallTime) -> CertificateEnd.Judgement? {
        end.judge(at: now, within: expiresWithin)
    }

    func write(to text: inout DefinitionText) {
        text.add("address", .text(address.description))
        if let startTLS { text.add("starttls", .text(startTLS.rawValue)) }
        tls.write(to: &text, serverNameKey: "server_name")
        text.add(
            "expires_within", .span(expiresWithin), unless: .span(Self.expiresWithinDefault))
        version?.write(to: &text)
    }
}

/// Protocols that begin in plain text and turn to TLS on request.
package enum StartTLS: String, Sendable, Hashable, CaseIterable {
    /// RFC 3207.
    case smtp
    /// RFC 9051, 6.2.1.
    case imap
    /// RFC 2595, 4.
    case pop3
    /// PostgreSQL's SSLRequest.
    case postgres
}

/// When a certificate of a chain ends, and which one it is.
package struct CertificateEnd: Sendable, Hashable {
    package var time: WallTime
    /// Whom the chain speaks for: the name that was asked for.
    package var host: String
    /// What another certificate of the chain than the host's own is called.
    package var issuer: String?

    package init(_ time: WallTime, of host: String, issuer: String? = nil) {
        self.time = time
        self.host = host
        self.issuer = issuer
    }

    package enum Judgement: Sendable, Hashable {
        case ending(Reason)
        case ended(Reason)
    }

    /// `nil` if it has longer than `span` to go.
    package func judge(at now: WallTime, within span: TimeSpan) -> Judgement? {
        guard time > now else { return .ended(Reason("\(subject) expired \(words(since: now))")) }
        let left = time.milliseconds - now.milliseconds
        guard left < UInt64(max(0, span.milliseconds)) else { return nil }
        return .ending(Reason("\(subject) expires in \(Self.words(of: left))"))
    }

    /// `certificate of www.example.com`.
    private var subject: String {
        guard let issuer else { return "certificate of \(host)" }
        return issuer.isEmpty
            ? "an issuer's certificate of \(host)" : "issuer certificate '\(issuer)' of \(host)"
    }

    private func words(since now: WallTime) -> String {
        "\(Self.words(of: now.milliseconds - time.milliseconds)) ago"
    }

    /// In days, or below two of them in a smaller unit.
    private static func words(of milliseconds: UInt64) -> String {
        let seconds = milliseconds / 1_000
        for (unit, size) in [("day", 86_400), ("hour", 3_600), ("minute", 60)] as [(String, UInt64)]
        where seconds >= 2 * size {
            return "\(seconds / size) \(unit)s"
        }
        return seconds == 1 ? "1 second" : "\(seconds) seconds"
    }
}

extension IPVersion {
    func write(to text: inout DefinitionText) { text.add("force_ip", .number(Int(rawValue))) }
}

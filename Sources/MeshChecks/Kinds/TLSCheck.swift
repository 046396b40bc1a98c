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
    /// What variables of its configuration stand for: nobody must read it in a reason.
    package var redaction = Redaction()
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
        text.add(version)
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

package import MeshCore

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

package import MeshCore

/// How long a certificate must still be good for: `expires_within`. One that ends sooner is
/// *degraded*: it works, and somebody has to do something.
package struct CertificateRule: Sendable, Hashable {
    package static let spanRange = TimeSpan.minutes(1)...TimeSpan.hours(24 * 3_650)

    package let within: TimeSpan

    package init(within: TimeSpan) {
        precondition(Self.spanRange.contains(within), "expected a span within its bounds")
        self.within = within
    }

    /// What a certificate of `host` that is good until `end` makes of the answer that came with it.
    /// One that has ended is *down*, also where nobody is asked to verify it.
    package func judge(end: WallTime, now: WallTime, host: String) -> Attempt.Outcome {
        switch CertificateEnd(end, of: host).judge(at: now, within: within) {
        case .ending(let reason)?: .degraded(reason)
        case .ended(let reason)?: .failed(reason)
        case nil: .answered
        }
    }
}

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

    /// Why a certificate of `host` that is good until `end` is not good enough; `nil` if it is.
    package func judge(end: WallTime, now: WallTime, host: String) -> Reason? {
        let left = Int64(clamping: end.milliseconds) - Int64(clamping: now.milliseconds)
        guard left < within.milliseconds else { return nil }
        guard left > 0 else { return Reason("certificate of \(host) has expired") }
        return Reason("certificate of \(host) expires in \(Self.words(left / 1_000))")
    }

    /// In days, or below two of them in a smaller unit.
    private static func words(_ seconds: Int64) -> String {
        for (unit, size) in [("day", 86_400), ("hour", 3_600), ("minute", 60)] as [(String, Int64)]
        where seconds >= 2 * size {
            return "\(seconds / size) \(unit)s"
        }
        return seconds == 1 ? "1 second" : "\(seconds) seconds"
    }
}

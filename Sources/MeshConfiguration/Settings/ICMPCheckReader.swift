import MeshChecks
import MeshCore

/// How many packets an `icmp` check sends, and how far apart: what its timeout must have room for.
struct EchoRhythm {
    /// What the last packet has to come back, where nothing is said about the timeout.
    static let lastWait = TimeSpan.seconds(5)

    var count: Int
    /// `nil`: as it fits.
    var spacing: TimeSpan?

    /// The timeout of a check that has none, and whose `defaults` have none: every packet must be
    /// out well before it.
    var usualTimeout: TimeSpan {
        let spread = (spacing ?? ICMPCheck.spacingUsual) * (count - 1)
        return (spread + Self.lastWait).clamped(
            from: AttemptPlan.timeoutDefault, to: AttemptPlan.timeoutRange.upperBound)
    }

    /// As configured; otherwise the usual, or less where that would take more than the first half of
    /// the timeout.
    func spacing(within timeout: TimeSpan) -> TimeSpan {
        if let spacing { return spacing }
        let most = (timeout / (2 * count)).milliseconds
        return min(ICMPCheck.spacingUsual, .milliseconds(max(1, most)))
    }
}

extension Section {
    func echoRhythm() -> EchoRhythm {
        EchoRhythm(
            count: integer("count", in: ICMPCheck.countRange) ?? ICMPCheck.countUsual,
            spacing: span("spacing", in: ICMPCheck.spacingRange))
    }

    /// What an `icmp` check has besides what all checks have.
    func icmpCheck(_ attempts: AttemptPlan, _ rhythm: EchoRhythm) -> ICMPCheck? {
        let target = host("target", "write a name or an address")
        let version = ipVersion()
        let maxLoss = maxLoss(of: rhythm.count)
        let maxRoundTrip = span(
            "max_rtt", in: .microseconds(1)...AttemptPlan.timeoutRange.upperBound)
        let size = integer("size", in: ICMPCheck.sizeRange)
        let timeout = attempts.timeout
        let spacing = rhythm.spacing(within: timeout)
        let spread = spacing * (rhythm.count - 1)
        if spread + ICMPCheck.lastWaitMin > timeout, rhythm.spacing != nil {
            complain(
                "spacing",
                "\(rhythm.count) packets \(DurationText(spacing)) apart take \(DurationText(spread)),"
                    + " which leaves less than \(DurationText(ICMPCheck.lastWaitMin)) of the timeout"
                    + " of \(DurationText(timeout)): lower it, or raise timeout and interval")
        }
        if let maxRoundTrip, maxRoundTrip >= timeout {
            complain(
                "max_rtt",
                "\(DurationText(maxRoundTrip)) is not below the timeout of \(DurationText(timeout)):"
                    + " so late an answer is lost")
        }
        if let maxRoundTrip, let threshold = attempts.threshold, threshold >= maxRoundTrip {
            complain(
                "threshold_rtt",
                "\(DurationText(threshold)) is not below max_rtt of \(DurationText(maxRoundTrip)):"
                    + " such an answer is down, never degraded")
        }
        guard let target else { return nil }
        refuse(version, for: target, "target")
        var check = ICMPCheck(target: target)
        check.count = rhythm.count
        check.spacing = spacing
        check.maxLoss = maxLoss
        check.maxRoundTrip = maxRoundTrip
        check.size = size ?? ICMPCheck.sizeUsual
        check.version = version
        check.attempts = attempts
        return check
    }

    /// A number of packets, or `"30%"`.
    private func maxLoss(of count: Int) -> ICMPCheck.Loss? {
        let key = "max_loss"
        guard let node = node(key) else { return nil }
        if case .text(let raw) = node.value {
            guard let text = expand(raw, key) else { return nil }
            if text.hasSuffix("%") {
                guard let percent = Int(text.dropLast()), (0...99).contains(percent) else {
                    complain(key, "\"\(text)\" is no share: write \"0%\" to \"99%\"")
                    return nil
                }
                return .percent(percent)
            }
            guard raw.hasDollar else {
                complain(key, "expected a number of packets, or a share such as \"30%\"")
                return nil
            }
        }
        guard let packets = integer(key, in: 0...ICMPCheck.countRange.upperBound) else {
            return nil
        }
        guard packets < count else {
            complain(
                key, "\(packets) is not below count, which is \(count): nothing would be down")
            return nil
        }
        return .packets(packets)
    }

    // MARK: Hosts

    /// A name, or an address of either family, in brackets or not.
    func host(_ key: String, _ remedy: String) -> String? {
        required(key, remedy) { text throws(Complaint) in
            var host = text[...]
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            let isInBrackets = host.utf8.count < text.utf8.count
            guard HostPort.isHost(String(host)), !isInBrackets || host.utf8.contains(0x3A) else {
                let fault = HostPort.Fault.badHost(text)
                throw Complaint("\(fault)")
            }
            return String(host)
        }
    }
}

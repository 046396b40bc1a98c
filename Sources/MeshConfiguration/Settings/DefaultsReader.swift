import MeshChecks
import MeshCore

/// How checks are looked at and agreed upon, as far as one section says. `defaults` says it for all
/// checks; a check's own section comes before it.
struct CheckDefaults {
    var interval: TimeSpan?
    var confirmations: Int?
    var quorum: VotingRule.Quorum?
    var delay: Int?
    var zonesRequired: Int?
    var timeout: TimeSpan?
    var attempts: Int?
    var spacing: TimeSpan?
    var threshold: TimeSpan?
    var failuresAllowed: Int?
    /// Whom `dns` checks ask that name no server; of `defaults` alone.
    var dnsServer: HostPort?
    /// What variables stood for in `dnsServer`.
    var secrets: [Secret] = []
    /// What was written where a variable is part of it.
    var written: [String: DefinitionText.Value] = [:]

    init() {}

    /// Leaves the section unfinished: a check has more keys than these.
    init(of section: Section) {
        interval = section.span("interval", in: VotingRule.intervalMin...VotingRule.intervalMax)
        if let span = interval, span.nanoseconds % 1_000_000 != 0 {
            section.complain("interval", "\(DurationText(span)) is not whole milliseconds")
            interval = nil
        }
        confirmations = section.integer("confirmations", in: 1...VotingRule.confirmationsMax)
        quorum = Self.quorum(of: section)
        delay = section.integer("delay", in: 0...VotingRule.delayMax)
        zonesRequired = section.integer("zones_required", in: 1...VotingRule.zonesMax)
        timeout = section.span("timeout", in: AttemptPlan.timeoutRange)
        attempts = section.integer("attempts", in: AttemptPlan.countRange)
        spacing = section.span("attempt_spacing", in: AttemptPlan.spacingRange)
        threshold = section.span(
            "threshold_rtt", in: .milliseconds(1)...AttemptPlan.timeoutRange.upperBound)
        failuresAllowed = section.integer(
            "attempts_may_fail", in: 0...AttemptPlan.countRange.upperBound - 1)
        written = section.written
    }

    /// These, and where they say nothing, what `defaults` say.
    func over(_ defaults: CheckDefaults) -> CheckDefaults {
        var merged = self
        merged.interval = interval ?? defaults.interval
        merged.confirmations = confirmations ?? defaults.confirmations
        merged.quorum = quorum ?? defaults.quorum
        merged.delay = delay ?? defaults.delay
        merged.zonesRequired = zonesRequired ?? defaults.zonesRequired
        merged.timeout = timeout ?? defaults.timeout
        merged.attempts = attempts ?? defaults.attempts
        merged.spacing = spacing ?? defaults.spacing
        merged.threshold = threshold ?? defaults.threshold
        merged.failuresAllowed = failuresAllowed ?? defaults.failuresAllowed
        func take(_ key: String, unless isOwn: Bool) {
            if !isOwn { merged.written[key] = defaults.written[key] }
        }
        take("timeout", unless: timeout != nil)
        take("attempts", unless: attempts != nil)
        take("attempt_spacing", unless: spacing != nil)
        take("threshold_rtt", unless: threshold != nil)
        take("attempts_may_fail", unless: failuresAllowed != nil)
        return merged
    }

    /// `"majority"`, `"all"` or a number.
    private static func quorum(of section: Section) -> VotingRule.Quorum? {
        let key = "quorum"
        guard let node = section.node(key) else { return nil }
        if case .number = node.value { return count(of: section) }
        guard case .text(let raw) = node.value, let text = section.expand(raw, key) else {
            section.complain(key, "expected \"majority\", \"all\" or a number")
            return nil
        }
        switch text {
        case "majority": return .majority
        case "all": return .all
        default:
            if raw.hasDollar { return count(of: section) }
            section.complain(key, "\"\(text)\" is neither \"majority\" nor \"all\" nor a number")
            return nil
        }
    }

    private static func count(of section: Section) -> VotingRule.Quorum? {
        section.integer("quorum", in: 1...VotingRule.confirmationsMax).map { .count($0) }
    }
}

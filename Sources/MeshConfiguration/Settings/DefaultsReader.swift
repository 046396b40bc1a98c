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
    /// Whom `dns` checks ask that name no server; of `defaults` alone.
    var dnsServer: HostPort?
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
        if timeout == nil { merged.written["timeout"] = defaults.written["timeout"] }
        if attempts == nil { merged.written["attempts"] = defaults.written["attempts"] }
        if spacing == nil {
            merged.written["attempt_spacing"] = defaults.written["attempt_spacing"]
        }
        if threshold == nil { merged.written["threshold_rtt"] = defaults.written["threshold_rtt"] }
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

import MeshChecks
import MeshCore

/// Reads one entry of `checks`: what all kinds have; each kind's own fields are in its file.
struct CheckReader {
    let section: Section
    let defaults: CheckDefaults
    let mesh: MeshID
    let cryptography: any Cryptography

    /// The kinds that this version looks at, and those that it knows of.
    private static let types = ["dns", "exec", "http", "icmp", "tcp", "tls"]
    private static let laterTypes = ["heartbeat"]
    /// The built-in check that tells of the mesh itself.
    static let reservedName = "mesh"
    /// A look ends this share of the interval before the next one is due.
    private static let restShare = 10

    func read() -> CheckSettings? {
        let name = Self.name(of: section)
        // A name is for everybody.
        _ = section.context.takeRevealed()
        let row = GobearmonRow(section)
        let type = section.requiredType(
            among: row == nil ? Self.types : GobearmonRow.types,
            later: row == nil ? Self.laterTypes : [], others: OtherWords.types)
        var own = CheckDefaults(of: section)
        own.interval = row?.interval ?? own.interval
        own.timeout = row?.timeout(of: type) ?? own.timeout
        let common = own.over(defaults)
        let isEnabled = row?.isEnabled ?? section.flag("enabled") ?? true
        let rule = rule(common)
        let rhythm = type == "icmp" ? section.echoRhythm() : nil
        let usualTimeout = rhythm?.usualTimeout ?? AttemptPlan.timeoutDefault
        let plan = attempts(common, own, rule.interval, usualTimeout)
        let tags = tags()
        // Read when all names are known.
        _ = section.node(DependencyReader.key)
        let read: CheckKind? =
            switch type {
            case let type? where row != nil: row?.kind(type, plan, defaults.dnsServer)
            case "dns": section.dnsCheck(plan, defaults.dnsServer).map { .dns($0) }
            case "exec": section.execCheck(plan).map { .exec($0) }
            case "http": section.httpCheck(plan).map { .http($0) }
            case "icmp": rhythm.flatMap { section.icmpCheck(plan, $0) }.map { .icmp($0) }
            case "tcp": section.tcpCheck(plan).map { .tcp($0) }
            case "tls": section.tlsCheck(plan).map { .tls($0) }
            default: nil
            }
        // Without its kind, what else it may have is anybody's guess.
        if let type { section.finish { row == nil ? OtherWords.key($0, of: type) : nil } }
        let secrets = section.context.takeRevealed() + defaults.secrets
        guard let name, let kind = read?.hiding(Redaction(secrets)) else { return nil }
        var written = section.written.merging(common.written) { own, _ in own }
        if case .dns = kind, row == nil, !section.has("server") {
            written["server"] = defaults.written["dns_server"]
        }
        let text = kind.definitionText(written: written, using: cryptography)
        guard text.count <= CheckDefinition.textByteCountMax else {
            section.complain(
                "type",
                "the definition takes \(text.count) bytes, above the maximum of"
                    + " \(CheckDefinition.textByteCountMax): shorten headers and texts")
            return nil
        }
        return CheckSettings(
            definition: CheckDefinition(
                name: name, rule: rule, timeout: kind.attempts.longestLook, text: text,
                isEnabled: isEnabled, in: mesh, using: cryptography),
            kind: kind, tags: tags)
    }

    private func tags() -> [String] {
        let texts = section.texts("tags", max: CheckSettings.tagsMax)
        for text in texts {
            let range = 1...CheckSettings.tagByteCountMax
            guard
                !range.contains(text.text.utf8.count)
                    || text.text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
            else { continue }
            section.context.complain(
                text.path,
                "is no tag: write 1 to \(CheckSettings.tagByteCountMax) bytes without control"
                    + " characters", at: text.offset)
        }
        return Set(texts.map(\.text)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    static func name(of section: Section) -> CheckName? {
        section.required("name", "give it one of its own") { text throws(Complaint) in
            guard let name = CheckName(text) else {
                throw Complaint(
                    "is no name: write 1 to \(CheckName.byteCountMax) bytes without control characters"
                )
            }
            guard name.text != reservedName else {
                throw Complaint("\"mesh\" is the built-in check: choose another name")
            }
            return name
        }
    }

    private func rule(_ common: CheckDefaults) -> VotingRule {
        let confirmations = common.confirmations ?? 3
        var quorum = common.quorum ?? .majority
        if case .count(let count) = quorum, count > confirmations {
            section.complain(
                "quorum",
                "\(count) is above the check's confirmations of \(confirmations): nobody could agree"
            )
            quorum = .majority
        }
        return VotingRule(
            confirmations: confirmations, quorum: quorum, delay: common.delay ?? 1,
            zonesRequired: common.zonesRequired, interval: common.interval ?? .seconds(60))
    }

    /// A look must end before the next is due. Attempts that would take longer are cut, which is
    /// worth a warning only if somebody asked for them.
    private func attempts(
        _ common: CheckDefaults, _ own: CheckDefaults, _ interval: TimeSpan,
        _ usualTimeout: TimeSpan
    ) -> AttemptPlan {
        let count = common.attempts ?? 1
        let spacing = common.spacing ?? .zero
        let wanted = common.timeout ?? usualTimeout
        let longest = interval - interval / Self.restShare - spacing * (count - 1)
        var timeout = wanted
        if wanted * count + spacing * (count - 1) >= interval {
            // Whole milliseconds read better.
            timeout = .milliseconds((longest / count).milliseconds)
            guard timeout >= AttemptPlan.timeoutRange.lowerBound else {
                let attempts = "\(count) attempts, \(DurationText(spacing)) apart,"
                section.complain(
                    "attempts",
                    "\(attempts) do not fit into an interval of \(DurationText(interval))")
                return AttemptPlan()
            }
            if common.timeout != nil || common.attempts != nil {
                let times = count == 1 ? "" : " times \(count) attempts"
                section.warn(
                    "timeout",
                    "\(DurationText(wanted))\(times) is not below the interval of"
                        + " \(DurationText(interval)): \(DurationText(timeout)) is used")
            }
        }
        let isInverted = section.flag("invert") ?? false
        return AttemptPlan(
            count: count, timeout: timeout, spacing: spacing,
            threshold: threshold(common, own, timeout, isInverted: isInverted),
            failuresAllowed: failuresAllowed(common, count), isInverted: isInverted)
    }

    private func threshold(
        _ common: CheckDefaults, _ own: CheckDefaults, _ timeout: TimeSpan, isInverted: Bool
    ) -> TimeSpan? {
        guard let threshold = common.threshold else { return nil }
        guard !isInverted else {
            if own.threshold != nil {
                section.complain(
                    "threshold_rtt", "means nothing with \"invert\": no answer is the wish")
            }
            return nil
        }
        guard threshold >= timeout else { return threshold }
        section.complain(
            "threshold_rtt",
            "\(DurationText(threshold)) is not below the timeout of \(DurationText(timeout)):"
                + " such an answer is down, never degraded")
        return nil
    }

    private func failuresAllowed(_ common: CheckDefaults, _ count: Int) -> Int {
        guard let allowed = common.failuresAllowed, allowed >= count else {
            return common.failuresAllowed ?? 0
        }
        section.complain(
            "attempts_may_fail",
            "\(allowed) is not below the number of attempts, \(count): nothing could be down")
        return 0
    }
}

extension [String] {
    /// `"a", "b" and "c"`.
    var quoted: String {
        let words = map { "\"\($0)\"" }
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return "\(words.dropLast().joined(separator: ", ")) and \(last)"
    }
}

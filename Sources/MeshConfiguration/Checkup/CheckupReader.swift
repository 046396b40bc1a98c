import MeshChecks
import MeshCore

/// Reads a Checkup's `checkup.json` where it is: its field names, its nanoseconds, its defaults. What
/// is done in another way than Checkup did is listed in the article *Migrating*.
struct CheckupReader {
    /// Checkup's own number of looks at a time.
    static let concurrencyDefault = 5
    static let checkersMax = 20_000
    private static let types = ["dns", "exec", "http", "tcp", "tls"]

    let context: ReadingContext

    /// Whether a file is one: it has `checkers`, in any case.
    static func recognizes(_ root: JSONNode) -> Bool {
        guard case .table(let members) = root.value else { return false }
        return members.contains { $0.key.lowercased() == "checkers" }
    }

    func read(_ root: CheckupSection) -> CheckList {
        let sections = root.sections("checkers")
        if sections.count > Self.checkersMax {
            root.complain(
                "checkers",
                "\(sections.count) entries are above the maximum of \(Self.checkersMax)")
        }
        var list = CheckList(
            entries: sections.compactMap(entry), concurrency: Self.concurrencyDefault)
        list.isOfCheckup = true
        list.timestamp = timestamp(root)
        // As Checkup has it: what is no number counts for nothing, and what is none too few.
        if let number = root.node("concurrent_checks")?.integer, number != 0 {
            if number < 0 {
                root.complain(
                    "concurrent_checks", "\(number) is below 1: no check could ever run")
            }
            list.concurrency = number
        }
        for key in ["storage", "notifiers", "notifier"] where root.node(key) != nil {
            root.warn(key, "this version neither stores results nor tells anybody of them")
        }
        return list
    }

    /// In RFC 3339; what is none, and the zero time, counts for nothing.
    private func timestamp(_ root: CheckupSection) -> WallTime? {
        guard let text = root.node("timestamp")?.text, !text.hasPrefix("0001-") else { return nil }
        return WallTime(rfc3339: text)
    }

    private func entry(_ section: CheckupSection) -> CheckList.Entry? {
        guard let type = section.text("type") else {
            section.complain("type", "is missing: write one of \(Self.types.quoted)")
            return nil
        }
        let isExec = type == "exec"
        let name = section.text(isExec ? "name" : "endpoint_name")
        let endpoint = section.text(isExec ? "command" : "endpoint_url")
        guard let endpoint else {
            guard Self.types.contains(type) else { return unknown(type, section) }
            let key = isExec ? "command" : "endpoint_url"
            section.complain(key, "is missing: it says what to look at")
            return nil
        }
        let kind: CheckKind? =
            switch type {
            case "exec": exec(section, endpoint)
            case "http": http(section, endpoint)
            case "tcp": tcp(section, endpoint)
            case "dns": dns(section, endpoint)
            case "tls": tls(section, endpoint)
            default: unknown(type, section).map(\.kind)
            }
        return kind.map { CheckList.Entry(name: name ?? $0.target, kind: $0) }
    }

    private func unknown(_ type: String, _ section: CheckupSection) -> CheckList.Entry? {
        section.complain(
            "type", Section.unknownType(type, among: Self.types, has: Self.types))
        return nil
    }

    // MARK: What several kinds have

    /// `timeout` is what one attempt may take at most, all in all.
    func attempts(_ section: CheckupSection, timeout: TimeSpan, hasSpacing: Bool) -> AttemptPlan {
        var count = section.integer("attempts") ?? 1
        if count > AttemptPlan.countRange.upperBound {
            section.warn(
                "attempts", "\(count) are many: \(AttemptPlan.countRange.upperBound) are made")
        }
        count = min(max(1, count), AttemptPlan.countRange.upperBound)
        var spacing = hasSpacing ? section.span("attempt_spacing") ?? .zero : .zero
        let spacingMax = AttemptPlan.spacingRange.upperBound
        if spacing > spacingMax {
            section.warn("attempt_spacing", "is long: \(DurationText(spacingMax)) is used")
            spacing = spacingMax
        }
        let range = AttemptPlan.timeoutRange
        let bounded = min(max(timeout, range.lowerBound), range.upperBound)
        if bounded != timeout {
            section.warn(
                "timeout", "\(DurationText(timeout)) becomes \(DurationText(bounded))")
        }
        // One that is no shorter could never be seen.
        let threshold = section.span("threshold_rtt").flatMap { $0 < bounded ? $0 : nil }
        return AttemptPlan(
            count: count, timeout: bounded, spacing: spacing, threshold: threshold)
    }

    func rules(_ section: CheckupSection) -> TextRules {
        func rule(_ key: String) -> [TextRule] {
            guard let text = section.text(key) else { return [] }
            guard text.utf8.count <= TextRule.byteCountMax else {
                section.complain(key, "is longer than \(TextRule.byteCountMax) bytes")
                return []
            }
            return [.contains(text)]
        }
        return TextRules(required: rule("must_contain"), forbidden: rule("must_not_contain"))
    }

    func hostPort(_ section: CheckupSection, _ text: String) -> HostPort? {
        do throws(HostPort.Fault) {
            return try HostPort(text)
        } catch {
            section.complain("endpoint_url", "\(error)")
            return nil
        }
    }

    // MARK: exec

    private func exec(_ section: CheckupSection, _ command: String) -> CheckKind? {
        var check = ExecCheck(command: command)
        check.arguments = section.texts("arguments")
        check.inheritance = .all
        check.output = rules(section)
        // Exactly these two; whatever else it says is none of them.
        let raise = section.text("raise")
        check.failure = raise == "warn" || raise == "warning" ? .degraded : .down
        check.attempts = attempts(section, timeout: .seconds(10), hasSpacing: true)
        let texts = [command] + check.arguments
        guard check.arguments.count <= ExecCheck.argumentsMax,
            texts.allSatisfy({
                $0.utf8.count <= ExecCheck.argumentByteCountMax && !$0.utf8.contains(0)
            })
        else {
            section.complain(
                "arguments",
                "more than \(ExecCheck.argumentsMax), or one of more than"
                    + " \(ExecCheck.argumentByteCountMax) bytes or with a zero in it")
            return nil
        }
        return .exec(check)
    }

    // MARK: http

    private func http(_ section: CheckupSection, _ text: String) -> CheckKind? {
        let url: CheckupURL
        do throws(WebAddress.Fault) {
            url = try CheckupURL(text)
        } catch {
            section.complain("endpoint_url", "\(error)")
            return nil
        }
        var check = HTTPCheck(url: url.address)
        check.extras.values.authorization = url.credentials.map { .basic($0) }
        check.headers = headers(section)
        check.redirects = 0
        check.texts = rules(section)
        check.attempts = attempts(section, timeout: .seconds(10), hasSpacing: true)
        let status = section.integer("up_status")
        guard let set = StatusSet([status.map { $0...$0 } ?? 200...204]) else {
            section.complain("up_status", "\(status ?? 0) is no status from 100 to 599")
            return nil
        }
        check.expectedStatus = set
        return .http(check)
    }

    /// A list for each name, whose values are joined to one line; a text will do.
    private func headers(_ section: CheckupSection) -> [HTTPHeader] {
        guard let node = section.node("headers") else { return [] }
        guard case .table(let members) = node.value else {
            section.complain("headers", "expected an object, found \(node.value.kindInWords)")
            return []
        }
        var headers: [HTTPHeader] = []
        for member in members {
            let place = "\(section.path("headers")).\(member.key)"
            var lines = [member.node]
            if case .list(let list) = member.node.value { lines = list }
            let texts = lines.compactMap(\.text)
            guard texts.count == lines.count else {
                context.complain(place, "expected a list of texts", at: member.node.offset)
                continue
            }
            // Checkup panics at an empty Host, and sends another header without a value.
            guard !texts.isEmpty else { continue }
            let isHost = member.key.lowercased() == "host"
            let value = isHost ? texts[0] : texts.joined(separator: ", ")
            guard let header = HTTPHeader(name: member.key, value: Secret(value)),
                !header.isFraming
            else {
                context.complain(
                    place, "is no header line that can be set", at: member.node.offset)
                continue
            }
            headers.append(header)
        }
        return headers.sorted { $0.name.lowercased() < $1.name.lowercased() }
    }

    // MARK: tcp

    private func tcp(_ section: CheckupSection, _ text: String) -> CheckKind? {
        let plan = attempts(
            section, timeout: section.span("timeout") ?? .seconds(1), hasSpacing: false)
        let file = section.text("tls_ca_file")
        let skips = section.flag("tls_skip_verify")
        let usesTLS = section.flag("tls")
        guard let address = hostPort(section, text) else { return nil }
        var check = TCPCheck(address: address)
        // Without TLS they count for nothing.
        if usesTLS { check.tls = TLSOptions(skips ? .anything : file.map { .file($0) } ?? .system) }
        check.attempts = plan
        return .tcp(check)
    }

    // MARK: dns

    /// What its UDP library gave a question; `timeout` was for the connection that followed.
    private static let questionTimeout = TimeSpan.seconds(2)

    private func dns(_ section: CheckupSection, _ text: String) -> CheckKind? {
        let timeout = section.span("timeout") ?? .seconds(1)
        guard let address = hostPort(section, text) else { return nil }
        guard let hostname = section.text("hostname_fqdn") else {
            var check = TCPCheck(address: address)
            check.attempts = attempts(section, timeout: timeout, hasSpacing: false)
            return .tcp(check)
        }
        guard let name = DNSName(hostname) else {
            section.complain("hostname_fqdn", "\"\(hostname)\" is no domain name")
            return nil
        }
        var check = DNSCheck(name: name)
        check.server = address
        check.attempts = attempts(
            section, timeout: timeout + Self.questionTimeout, hasSpacing: false)
        return .dns(check)
    }

    // MARK: tls

    private func tls(_ section: CheckupSection, _ text: String) -> CheckKind? {
        // Checkup would wait for ever without one.
        let plan = attempts(
            section, timeout: section.span("timeout") ?? AttemptPlan.timeoutDefault,
            hasSpacing: false)
        let within = section.span("cert_expiry_threshold") ?? TLSCheck.expiresWithinDefault
        let roots = section.texts("trusted_roots")
        guard let address = hostPort(section, text) else { return nil }
        if roots.count > 1 {
            section.complain(
                "trusted_roots", "\(roots.count) files are more than one: join them to one file")
        }
        var check = TLSCheck(address: address)
        if let file = roots.first {
            // A problem of the file's, as it was for Checkup: no word about the target.
            do throws(FileFault) {
                _ = try context.sources.readFile(file, Self.rootsByteCountMax)
            } catch {
                section.complain("trusted_roots[0]", "\(error)")
            }
            check.tls = TLSOptions(.file(file))
        }
        check.expiresWithin = min(within, TLSCheck.expiresWithinRange.upperBound)
        check.attempts = plan
        return .tls(check)
    }

    private static let rootsByteCountMax = 4 * 1_024 * 1_024
}

/// A URL as Go takes it: with a name and a password before the host, which become basic
/// authentication, and a fragment, which is never sent.
struct CheckupURL {
    let address: WebAddress
    let credentials: BasicCredentials?

    init(_ text: String) throws(WebAddress.Fault) {
        var rest = text.prefix { $0 != "#" }
        var credentials: BasicCredentials?
        if let scheme = rest.firstRange(of: "://") {
            let authority = rest[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
            if let at = authority.lastIndex(of: "@") {
                let parts = authority[..<at].split(
                    separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                credentials = BasicCredentials(
                    username: Self.decoded(parts[0]),
                    password: Secret(parts.count > 1 ? Self.decoded(parts[1]) : ""))
                guard credentials != nil else { throw .userInformation }
                rest = rest[..<scheme.upperBound] + rest[rest.index(after: at)...]
            }
        }
        self.credentials = credentials
        address = try WebAddress(Self.encoded(String(rest)))
    }

    /// What a URL cannot hold, as Go's library sends it.
    private static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { encoded, byte in
            if (0x21...0x7E).contains(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(Substring(digits)), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

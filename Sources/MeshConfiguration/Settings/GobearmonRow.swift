import MeshChecks
import MeshCore

/// A row of gobearmon's table `checks`, as it stands among the `checks` of a mesh.json: it has `data`,
/// which no kind of ours has, as an object or as the text that the table holds. What is done in
/// another way than gobearmon did is listed in the article *Migrating*.
struct GobearmonRow {
    static let types = ["dns", "http", "icmp", "ssl_expire", "tcp"]
    /// Of `data`; gobearmon's column takes 1,024.
    private static let byteCountMax = 64 * 1_024
    private static let intervalRange = 1...86_400

    private let section: Section
    /// Of `data`.
    private var fields = GoFields([])

    /// `nil` if the section is no such row.
    init?(_ section: Section) {
        guard section.has("data") else { return nil }
        self.section = section
        // The table has them, and they say nothing that is wanted here.
        _ = (section.node("id"), section.node("status"))
        guard var node = section.node("data") else { return }
        if case .text(let text) = node.value {
            guard text.utf8.count <= Self.byteCountMax else {
                section.complain("data", "is longer than \(Self.byteCountMax) bytes")
                return
            }
            do throws(JSONParser.SyntaxError) {
                node = try JSONParser.parse(Array(text.utf8)).root
            } catch {
                section.complain("data", "is no JSON: \(error.place): \(error.message)")
                return
            }
        }
        guard case .table(let members) = node.value else {
            section.complain("data", "expected an object, found \(node.value.kindInWords)")
            return
        }
        fields = GoFields(members)
    }

    /// Seconds; ours may be there in its place.
    var interval: TimeSpan? {
        section.integer("check_interval", in: Self.intervalRange).map { .seconds(Int64($0)) }
    }

    /// As MySQL writes it, or as JSON does.
    var isEnabled: Bool? {
        switch section.node("enabled")?.value {
        case .number("0"): false
        case .number("1"): true
        default: nil
        }
    }

    /// What one attempt of this type took at most.
    func timeout(of type: String?) -> TimeSpan? {
        switch type {
        case "http", "tcp":
            let seconds = integer("timeout") ?? 0
            return .seconds(Int64(seconds == 0 ? 10 : min(max(3, seconds), 30)))
        case "ssl_expire": return .seconds(15)
        // Twice what it gave a question, which is asked again here.
        case "dns": return .seconds(4)
        default: return nil
        }
    }

    func kind(_ type: String, _ plan: AttemptPlan, _ usualServer: HostPort?) -> CheckKind? {
        switch type {
        case "dns": dns(plan, usualServer).map { .dns($0) }
        case "http": http(plan).map { .http($0) }
        case "icmp": icmp(plan).map { .icmp($0) }
        case "ssl_expire": certificate(plan).map { .tls($0) }
        case "tcp": tcp(plan).map { .tcp($0) }
        default: nil
        }
    }

    // MARK: Fields

    private func complain(_ key: String, _ message: String) {
        section.complain("data", "\(key): \(message)")
    }

    /// Go's zero values are none.
    private func text(_ key: String) -> String? {
        guard let node = fields[key] else { return nil }
        guard let text = node.text else {
            complain(key, "expected a text, found \(node.value.kindInWords)")
            return nil
        }
        return text.isEmpty ? nil : text
    }

    private func integer(_ key: String) -> Int? {
        guard let node = fields[key] else { return nil }
        guard let number = node.integer else {
            complain(key, "expected a whole number, found \(node.value.kindInWords)")
            return nil
        }
        return number == 0 ? nil : number
    }

    private func flag(_ key: String) -> Bool {
        guard let node = fields[key] else { return false }
        if let flag = node.flag { return flag }
        complain(key, "expected true or false, found \(node.value.kindInWords)")
        return false
    }

    private func required(_ key: String) -> String? {
        // Empty is as if it were not there, for Go and for `text`.
        if fields[key].map({ $0.text == "" }) ?? true { complain(key, "is missing") }
        return text(key)
    }

    private func place(_ key: String) -> HostPort? {
        guard let text = required(key) else { return nil }
        do throws(HostPort.Fault) {
            return try HostPort(text)
        } catch {
            complain(key, "\(error)")
            return nil
        }
    }

    /// 4 or 6; anything else left it to the name.
    private var version: IPVersion? {
        integer("force_ip").flatMap { UInt8(exactly: $0) }.flatMap(IPVersion.init)
    }

    private func rule(_ key: String) -> TextRule? {
        guard let text = text(key) else { return nil }
        guard text.utf8.count <= TextRule.byteCountMax else {
            complain(key, "is longer than \(TextRule.byteCountMax) bytes")
            return nil
        }
        return .contains(text)
    }

    // MARK: Kinds

    private func http(_ plan: AttemptPlan) -> HTTPCheck? {
        guard let text = required("url") else { return nil }
        let url: CheckupURL
        do throws(WebAddress.Fault) {
            url = try CheckupURL(text)
        } catch {
            complain("url", "\(error)")
            return nil
        }
        var check = HTTPCheck(url: url.address)
        check.attempts = plan
        check.body = self.text("body").map(Secret.init)
        check.method = check.body == nil ? .get : .post
        if let text = self.text("method") {
            if let method = HTTPMethod(text) {
                check.method = method
            } else {
                complain("method", "\"\(text)\" is no method")
            }
        }
        check.headers = headers()
        if flag("insecure") { check.trust = .anything }
        check.extras.values.authorization = credentials(url)
        // Without one, any answer was fine, errors included.
        let status = integer("expect_status")
        guard let set = StatusSet([status.map { $0...$0 } ?? StatusSet.codes]) else {
            complain("expect_status", "\(status ?? 0) is no status from 100 to 599")
            return nil
        }
        check.expectedStatus = set
        check.texts.required = rule("expect_substring").map { [$0] } ?? []
        return check
    }

    private func credentials(_ url: CheckupURL) -> HTTPAuthorization? {
        guard let username = text("username") else { return url.credentials.map { .basic($0) } }
        let password = Secret(text("password") ?? "")
        guard let credentials = BasicCredentials(username: username, password: password) else {
            complain("username", "is no name for basic authentication")
            return nil
        }
        return .basic(credentials)
    }

    private func headers() -> [HTTPHeader] {
        var lines = [(name: "User-Agent", value: "gobearmon")]
        if case .table(let members)? = fields["headers"]?.value {
            if members.contains(where: { $0.key.lowercased() == "user-agent" }) { lines = [] }
            for member in members {
                guard let value = member.node.text else {
                    complain("headers.\(member.key)", "expected a text")
                    continue
                }
                lines.append((member.key, value))
            }
        }
        return lines.compactMap { line in
            let header = HTTPHeader(name: line.name, value: Secret(line.value))
            guard let header, !header.isFraming else {
                complain("headers.\(line.name)", "is no header line that can be set")
                return nil
            }
            return header
        }.sorted { $0.name.lowercased() < $1.name.lowercased() }
    }

    private func tcp(_ plan: AttemptPlan) -> TCPCheck? {
        guard let address = place("address") else { return nil }
        var check = TCPCheck(address: address)
        check.attempts = plan
        check.version = version
        check.expect = rule("expect")
        // Without `expect` nothing was ever sent.
        if check.expect != nil { check.send = text("payload").map { Secret($0 + "\n") } }
        return check
    }

    private func icmp(_ plan: AttemptPlan) -> ICMPCheck? {
        guard let target = required("target") else { return nil }
        guard HostPort.isHost(target) else {
            complain("target", "\"\(target)\" is neither a name nor an address")
            return nil
        }
        var check = ICMPCheck(target: target)
        check.spacing = EchoRhythm(count: check.count, spacing: nil).spacing(within: plan.timeout)
        check.maxLoss = flag("packetloss") ? .percent(30) : nil
        check.version = version
        check.attempts = plan
        return check
    }

    /// Offline was who had `days` whole days or fewer to go.
    private func certificate(_ plan: AttemptPlan) -> TLSCheck? {
        guard let address = place("address") else { return nil }
        let days = integer("days") ?? 0
        let daysMax = Int(TLSCheck.expiresWithinRange.upperBound.nanoseconds / 86_400_000_000_000)
        guard (0..<daysMax).contains(days) else {
            complain("days", "\(days) is not from 0 to \(daysMax - 1)")
            return nil
        }
        section.warn(
            "type",
            "a certificate that ends soon is degraded, not down: an alert that is to tell of it"
                + " needs \"degraded\": true")
        var check = TLSCheck(address: address)
        check.tls = TLSOptions(.anything)
        check.expiresWithin = .hours(24) * (days + 1)
        check.attempts = plan
        return check
    }

    private static let records: [String: DNSRecordType] = [
        "a": .a, "aaaa": .aaaa, "ns": .ns, "soa": .soa, "ptr": .ptr, "mx": .mx, "txt": .txt,
        "srv": .srv, "spf": .txt, "cname": .cname,
    ]

    private func dns(_ plan: AttemptPlan, _ usualServer: HostPort?) -> DNSCheck? {
        guard let text = required("name"), let type = required("type") else { return nil }
        guard let record = Self.records[type.lowercased()] else {
            complain("type", "\"\(type)\" is none of \(Self.records.keys.sorted().quoted)")
            return nil
        }
        guard let name = DNSName(text) else {
            complain("name", "\"\(text)\" is no domain name")
            return nil
        }
        var check = DNSCheck(name: name)
        check.record = record
        check.attempts = plan
        check.server = usualServer
        if let text = self.text("server") {
            do throws(HostPort.Fault) {
                check.server = try HostPort(text, usualPort: DNSCheck.port)
            } catch {
                complain("server", "\(error)")
            }
        }
        check.expect = rule("expect").map { rule in
            .one(.contains(record.withPlainNames(rule.text)))
        }
        return check
    }
}

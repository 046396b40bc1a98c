import MeshChecks
import MeshCore

extension Section {
    /// What a `dns` check has besides what all checks have. `usualServer` is what `defaults` say.
    func dnsCheck(_ attempts: AttemptPlan, _ usualServer: HostPort?) -> DNSCheck? {
        let server = dnsServer("server")
        let record = recordType() ?? .a
        let name = dnsName(record)
        let transport = dnsTransport()
        let expect = dnsExpectation(record)
        let codes = responseCodes()
        let minAnswers = integer("min_answers", in: 0...DNSCheck.minAnswersMax)
        let isRecursive = flag("recursion") ?? true
        let version = ipVersion()
        let asked = server ?? usualServer
        if let asked { refuse(version, for: asked.host, "server") }
        if version != nil, asked == nil, !has("server") {
            complain("force_ip", "means nothing without a server")
        }
        guard let name else { return nil }
        var check = DNSCheck(name: name)
        if case .text(let raw)? = written["hostname"] { check.shownName = raw }
        check.server = asked
        check.record = record
        check.transport = transport ?? .udp
        check.expect = expect
        check.codes = codes ?? [.noError]
        check.minAnswers = minAnswers
        check.isRecursive = isRecursive
        check.version = version
        check.attempts = attempts
        return check
    }

    /// A name or an address, with a port or on 53.
    func dnsServer(_ key: String) -> HostPort? {
        value(key) { text throws(Complaint) in
            do throws(HostPort.Fault) {
                return try HostPort(text, usualPort: DNSCheck.port)
            } catch {
                throw Complaint("\(error)")
            }
        }
    }

    private func recordType() -> DNSRecordType? {
        value("record") { text throws(Complaint) in
            guard let type = DNSRecordType(word: text) else {
                let words = DNSRecordType.allCases.map(\.word).sorted()
                throw Complaint("\"\(text)\" is no kind of record: write one of \(words.quoted)")
            }
            return type
        }
    }

    private func dnsName(_ record: DNSRecordType) -> DNSName? {
        required("hostname", "write the name to ask for") { text throws(Complaint) in
            if let address = SocketAddress(numericHost: text, port: 0) {
                guard record == .ptr else {
                    throw Complaint(
                        "is an address: to ask for its name write \"record\": \"PTR\"")
                }
                return DNSName(reversing: address)
            }
            guard let name = DNSName(text) else {
                throw Complaint(
                    "is no domain name: write labels of 1 to 63 bytes of ASCII with dots between"
                        + " them, at most 253 bytes (other letters in their xn-- form)")
            }
            return name
        }
    }

    private func dnsTransport() -> DNSCheck.Transport? {
        value("transport") { text throws(Complaint) in
            guard let transport = DNSCheck.Transport(rawValue: text) else {
                let words = DNSCheck.Transport.allCases.map(\.rawValue)
                throw Complaint("\"\(text)\" is none: write one of \(words.quoted)")
            }
            return transport
        }
    }

    /// A code, or a list of codes.
    private func responseCodes() -> [DNSCode]? {
        let key = "expect_rcode"
        let texts: [PlacedText]
        if case .list? = node(key)?.value {
            texts = self.texts(key, max: DNSCheck.codesMax)
            guard !texts.isEmpty else {
                complain(key, "names no code: write \"NOERROR\" or \"NXDOMAIN\"")
                return nil
            }
        } else {
            guard let text = text(key) else { return nil }
            texts = [PlacedText(text: text, path: path(key))]
        }
        var codes: Set<DNSCode> = []
        for text in texts {
            guard let code = DNSCode(word: text.text) else {
                let nearest = NearestWord.to(text.text.uppercased(), among: DNSCode.knownWords)
                let hint = nearest.map { ": the nearest is \"\($0)\"" } ?? ""
                let message = "\"\(text.text)\" is no response code\(hint)"
                if let offset = text.offset {
                    context.complain(text.path, message, at: offset)
                } else {
                    complain(key, message)
                }
                continue
            }
            codes.insert(code)
        }
        return codes.count == texts.count || !codes.isEmpty ? codes.sorted() : nil
    }

    /// A text that one record holds, a list that the records are, or an expression that one matches.
    private func dnsExpectation(_ record: DNSRecordType) -> DNSCheck.Expectation? {
        guard case .list(let elements)? = node("expect")?.value else {
            return textRule(contains: "expect", matches: "expect_match").map { rule in
                guard rule.way == .contains else { return .one(rule) }
                let shown = rule.shown == rule.text ? nil : rule.shown
                return .one(
                    TextRule(.contains, record.withPlainNames(rule.text), shown: shown))
            }
        }
        if has("expect_match") {
            _ = node("expect_match")
            complain("expect_match", "\(path("expect")) is there as well: keep one of them")
        }
        let texts = texts("expect", max: DNSCheck.Expectation.recordsMax)
        guard texts.count == elements.count else { return nil }
        guard !texts.isEmpty else {
            complain("expect", "is empty: leave it out, and perhaps write \"min_answers\": 0")
            return nil
        }
        if elements.contains(where: { $0.text?.hasDollar == true }) {
            note(.list(elements.map { .text($0.text ?? "") }), under: "expect")
        }
        let wanted = zip(texts, elements).compactMap { text, element -> DNSCheck.Wanted? in
            guard !text.text.isEmpty, text.text.utf8.count <= TextRule.byteCountMax else {
                context.complain(
                    text.path, "expected 1 to \(TextRule.byteCountMax) bytes", at: text.offset)
                return nil
            }
            guard let canonical = record.canonical(text.text) else {
                context.complain(
                    text.path,
                    "\"\(text.text)\" is no data of \(record.word) records: write an"
                        + " \(record == .a ? "IPv4" : "IPv6") address", at: text.offset)
                return nil
            }
            let raw = element.text ?? ""
            return DNSCheck.Wanted(canonical, shown: raw.hasDollar ? raw : nil)
        }
        return wanted.count == texts.count ? .all(wanted) : nil
    }
}

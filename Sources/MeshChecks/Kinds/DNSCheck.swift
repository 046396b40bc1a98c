import MeshCore

/// A question to a DNS server, and what its answer must be.
package struct DNSCheck: Sendable, Hashable {
    package static let port: UInt16 = 53
    package static let minAnswersMax = 1_000
    package static let codesMax = 16

    /// `nil`: the servers that this machine itself asks.
    package var server: HostPort?
    package var name: DNSName
    package var record = DNSRecordType.a
    package var transport = Transport.udp
    package var expect: Expectation?
    /// Which response codes are as they should be, ascending.
    package var codes = [DNSCode.noError]
    /// `nil`: one where the code must be NOERROR, otherwise none.
    package var minAnswers: Int?
    /// Asks for recursion; without it a server says what it holds itself.
    package var isRecursive = true
    /// Of the server.
    package var version: IPVersion?
    /// What variables of its configuration stand for: nobody must read it in a reason.
    package var redaction = Redaction()
    package var attempts = AttemptPlan()
    /// The name as it was written, where a variable is part of it: it may be a key.
    package var shownName: String?

    package init(name: DNSName) { self.name = name }

    package enum Transport: String, Sendable, Hashable, CaseIterable {
        /// Over UDP, asked again while there is no answer; over TCP what does not fit.
        case udp
        case tcp
    }

    /// What the records' data must be.
    package enum Expectation: Sendable, Hashable {
        package static let recordsMax = 64

        /// One of them is, holds or matches this.
        case one(TextRule)
        /// They are these, in any order, and no others.
        case all([Wanted])
    }

    /// One record's data, in the form in which `DNSResponse` has it.
    package struct Wanted: Sendable, Hashable {
        package var text: String
        /// As it was written, where a variable is part of it.
        package var shown: String

        package init(_ text: String, shown: String? = nil) {
            self.text = text
            self.shown = shown ?? text
        }
    }

    /// `www.example.com A @192.0.2.53:53`.
    package var target: String {
        let question = "\(shownName ?? name.description) \(record.word)"
        return server.map { "\(question) @\($0)" } ?? question
    }

    private var wantsNoError: Bool { codes == [.noError] }

    // MARK: Judging

    /// Why the answer is not as it should be; `nil` if it is.
    package func judge(_ response: DNSResponse, _ patterns: some PatternSearch) -> Reason? {
        guard codes.contains(response.code) else {
            let wanted = codes.map(\.description).joined(separator: " or ")
            return Reason("answered \(response.code), expected \(wanted)")
        }
        let least = minAnswers ?? (wantsNoError ? 1 : 0)
        guard response.count >= least else {
            guard response.count > 0 else { return Reason("no \(record.word) record for \(name)") }
            return Reason("\(counted(response.count)), expected at least \(least)")
        }
        guard let expect else { return nil }
        let texts = response.texts
        switch expect {
        case .one(let rule): return judge(texts, by: rule, patterns)
        case .all(let wanted): return judge(texts, against: wanted)
        }
    }

    private func counted(_ count: Int) -> String {
        "\(count) \(record.word) record\(count == 1 ? "" : "s")"
    }

    private func judge(
        _ texts: [String], by rule: TextRule, _ patterns: some PatternSearch
    ) -> Reason? {
        // A whole address is meant as one: 192.0.2.8 is no part of 192.0.2.80.
        let whole = rule.way == .contains ? record.canonical(rule.text, isAddressOnly: true) : nil
        for text in texts {
            if let whole {
                if text == whole { return nil }
                continue
            }
            switch rule.find(in: Array(text.utf8), patterns) {
            case .found: return nil
            case .absent: continue
            case .givenUp: return rule.givenUp("answer")
            }
        }
        guard !texts.isEmpty else { return Reason("no \(record.word) record for \(name)") }
        let verb =
            switch rule.way {
            case .contains: whole == nil ? "contains" : "is"
            case .matches: "matches"
            }
        return Reason("no \(record.word) record \(verb) '\(rule.shown)': \(Self.list(texts))")
    }

    private func judge(_ texts: [String], against wanted: [Wanted]) -> Reason? {
        let (found, expected) = (Set(texts), Set(wanted.map(\.text)))
        let missing = wanted.filter { !found.contains($0.text) }.map(\.shown)
        let extra = texts.filter { !expected.contains($0) }
        var parts: [String] = []
        if !missing.isEmpty { parts.append("missing \(Self.list(missing))") }
        if !extra.isEmpty { parts.append("unexpected \(Self.list(extra))") }
        guard !parts.isEmpty else { return nil }
        return Reason("\(record.word) records: \(parts.joined(separator: "; "))")
    }

    /// The first few, and how many more there are.
    private static func list(_ texts: [String]) -> String {
        let shown = texts.prefix(3).joined(separator: ", ")
        return texts.count > 3 ? "\(shown) and \(texts.count - 3) more" : shown
    }

    // MARK: The definition

    func write(to text: inout DefinitionText) {
        if let server { text.add("server", .text(server.description)) }
        text.add("hostname", .text(name.description))
        text.add("record", .text(record.word))
        text.add("transport", .text(transport.rawValue), unless: .text(Transport.udp.rawValue))
        switch expect {
        case nil: break
        case .one(let rule): rule.write(to: &text)
        // In the order of their bytes: what means the same is the same.
        case .all(let wanted):
            text.add(
                "expect", .list(wanted.map(\.text).sorted(by: Self.precedes).map { .text($0) }))
        }
        let words = codes.map { DefinitionText.Value.text($0.description) }
        text.add("expect_rcode", .list(words), unless: .list([.text("NOERROR")]))
        if let minAnswers { text.add("min_answers", .number(minAnswers)) }
        text.add("recursion", .flag(isRecursive), unless: .flag(true))
        text.add(version)
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}

extension DNSRecordType {
    /// What somebody wrote as a record's data in the form in which `DNSResponse` has it: addresses
    /// in their shortest text, names in small letters and without the final dot. `nil` if it cannot
    /// be such a record's data, or, `isAddressOnly`, is no whole address.
    package func canonical(_ text: String, isAddressOnly: Bool = false) -> String? {
        switch self {
        case .a:
            guard let address = SocketAddress(numericHost: text, port: 0), address.isIPv4,
                !text.utf8.contains(0x3A)
            else { return nil }
            return address.hostText
        case .aaaa:
            guard let address = SocketAddress(numericHost: text, port: 0),
                text.utf8.contains(0x3A)
            else { return nil }
            return DNSReader.ipv6(address.host)
        case .ns, .cname, .soa, .ptr, .mx, .srv, .txt, .caa:
            guard !isAddressOnly else { return nil }
            return holdsNames ? withPlainNames(text) : text
        }
    }

    /// In small letters, and without final dots where it holds names.
    package func withPlainNames(_ text: String) -> String {
        guard holdsNames else { return text }
        return text.lowercased().split(separator: " ").map { word in
            word.count > 1 && word.last == "." ? word.dropLast() : word
        }.joined(separator: " ")
    }
}

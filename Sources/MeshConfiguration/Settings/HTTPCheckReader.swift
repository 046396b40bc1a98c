import MeshChecks
import MeshCore

extension Section {
    /// What an `http` check has besides what all checks have.
    func httpCheck(_ attempts: AttemptPlan) -> HTTPCheck? {
        let url = webAddress("url", "write what to ask for, such as \"https://www.example.com/\"")
        let method = httpMethod()
        let headers = httpHeaders()
        let body = boundedText("body", atMost: HTTPCheck.bodyByteCountMax).map(Secret.init)
        let status = expectedStatus()
        let texts = textRules()
        let redirects = redirects()
        let trust = tlsTrust()
        let extras = httpExtras()
        guard let url else { return nil }
        if !url.isSecure, trust != .system || has("tls_cert_file") || has("tls_server_name") {
            warn("url", "is plain http: what is said about TLS counts for nothing")
        }
        if !url.isSecure, redirects == 0, extras.certificate != nil {
            complain("expires_within", "means nothing for plain http, which shows no certificate")
        }
        if headers.contains(where: { $0.name.lowercased() == "authorization" }),
            extras.authorization != nil
        {
            complain("headers", "has an Authorization beside the one that is made here: keep one")
        }
        check(extras.ipVersion, suits: url.authority, under: "url")
        var check = HTTPCheck(url: url)
        check.method = method ?? (body == nil ? .get : .post)
        check.headers = headers
        check.body = body
        check.expectedStatus = status ?? .successful
        check.texts = texts
        check.redirects = redirects
        check.trust = trust
        check.extras = HTTPExtras(extras)
        check.attempts = attempts
        return check
    }

    /// A URL. Where a variable is part of its path or query, that part is shown as it is written:
    /// it may be a token.
    func webAddress(_ key: String, _ remedy: String) -> WebAddress? {
        required(key, remedy) { text throws(Complaint) in
            do throws(WebAddress.Fault) {
                guard case .text(let raw)? = written[key], let shown = try? shown(raw) else {
                    return try WebAddress(text)
                }
                return try WebAddress(text, shown: shown)
            } catch {
                throw Complaint("\(error)")
            }
        }
    }

    /// The host is what people look for; what comes after it shows no variable's value.
    private func shown(_ raw: String) throws(Complaint) -> String {
        var shown = ""
        var isPastHost = false
        for piece in try Substitution.pieces(of: raw, from: context.sources.variable) {
            guard !isPastHost else {
                shown += piece.written ?? piece.text
                continue
            }
            let text = shown + piece.text
            guard let end = text.hostEnd else {
                shown = text
                continue
            }
            isPastHost = true
            let rest = text[end...]
            let isOpen = piece.written == nil || rest == "/"
            shown = isOpen ? text : "\(text[..<end])/\(Secret.mask)"
        }
        return shown
    }

    private func httpMethod() -> HTTPMethod? {
        value("method") { text throws(Complaint) in
            guard let method = HTTPMethod(text) else {
                throw Complaint(
                    "\"\(text)\" is no method: write GET, HEAD, POST or another in capitals")
            }
            return method
        }
    }

    /// `{"Accept": "text/html"}`, or a list for a name that comes more than once.
    private func httpHeaders() -> [HTTPHeader] {
        var headers: [HTTPHeader] = []
        var raws: [String: [DefinitionText.Value]] = [:]
        var varying: Set<String> = []
        for entry in entries("headers") {
            var lines = [entry.node]
            if case .list(let list) = entry.node.value { lines = list }
            let name = entry.key.lowercased()
            for line in lines {
                do throws(Complaint) {
                    headers.append(try httpHeader(entry.key, line))
                    raws[name, default: []].append(.text(line.text ?? ""))
                    if line.text?.hasDollar == true { varying.insert(name) }
                } catch {
                    context.complain(
                        "\(path("headers")).\(entry.key)", error.message, at: line.offset)
                }
            }
        }
        for name in varying { note(.list(raws[name] ?? []), under: "headers.\(name)") }
        if headers.count > HTTPCheck.headersMax {
            complain(
                "headers", "\(headers.count) lines are above the maximum of \(HTTPCheck.headersMax)"
            )
        }
        // Their order means nothing across names; this one is the same on every node.
        return headers.enumerated().sorted {
            ($0.element.name.lowercased(), $0.offset) < ($1.element.name.lowercased(), $1.offset)
        }.map(\.element)
    }

    private func httpHeader(_ name: String, _ node: JSONNode) throws(Complaint) -> HTTPHeader {
        guard case .text(let raw) = node.value else {
            throw Complaint("expected a text or a list of texts, found \(node.value.kindInWords)")
        }
        let value = try context.expand(raw)
        guard let header = HTTPHeader(name: name, value: Secret(value)) else {
            throw Complaint(
                "is no header line: a name without spaces or colons, a value without control characters"
            )
        }
        guard !header.isFraming else {
            throw Complaint("is not yours to set: it says how the request is framed; leave it out")
        }
        return header
    }

    /// `follow_redirects` and `max_redirects`.
    private func redirects() -> Int {
        let follows = flag("follow_redirects") ?? true
        let max = integer("max_redirects", in: HTTPCheck.redirectsRange)
        if !follows, max != nil {
            complain("max_redirects", "means nothing with \"follow_redirects\": false")
        }
        return follows ? max ?? HTTPCheck.redirectsDefault : 0
    }

    /// `200`, `"2xx"`, `"200-299"`, a list of these, or `"any"`.
    private func expectedStatus() -> StatusSet? {
        let key = "expect_status"
        guard let node = node(key) else { return nil }
        if node.text == "any" { return .any }
        var nodes = [node]
        if case .list(let list) = node.value { nodes = list }
        var ranges: [ClosedRange<Int>] = []
        var raws: [DefinitionText.Value] = []
        var hasVariable = false
        for node in nodes {
            let text: String
            switch node.value {
            case .number(let number): (text, raws) = (number, raws + [.text(number)])
            case .text(let raw):
                hasVariable = hasVariable || raw.hasDollar
                guard let expanded = expand(raw, key) else { return nil }
                (text, raws) = (expanded, raws + [.text(raw)])
            default:
                complain(key, "expected codes such as 200, \"2xx\" or \"200-299\"")
                return nil
            }
            guard let range = StatusSet.range(text) else {
                complain(
                    key,
                    "\"\(text)\" is no status from 100 to 599: write 200, \"2xx\", \"200-299\" or \"any\""
                )
                return nil
            }
            ranges.append(range)
        }
        if hasVariable { note(.list(raws), under: key) }
        guard let set = StatusSet(ranges) else {
            complain(key, ranges.isEmpty ? "is empty: no answer would do" : "has too many ranges")
            return nil
        }
        return set
    }

    /// `tls_skip_verify` or `tls_ca_file`.
    func tlsTrust() -> TLSTrust {
        let skips = flag("tls_skip_verify") ?? false
        guard node("tls_ca_file") != nil else { return skips ? .anything : .system }
        guard let roots = readFile("tls_ca_file", atMost: Self.rootsByteCountMax),
            let path = fileName("tls_ca_file")
        else { return .system }
        guard roots.bytes.contains(Self.certificateMark) else {
            complain("tls_ca_file", "holds no certificate in PEM form")
            return .system
        }
        guard !skips else {
            complain("tls_ca_file", "means nothing with tls_skip_verify: keep one of them")
            return .system
        }
        // Where the file's folder is on this node is no part of the definition.
        if written["tls_ca_file"] == nil { note(.text(path), under: "tls_ca_file") }
        return .file(context.sources.resolved(path))
    }

    private static var rootsByteCountMax: Int { 4 * 1_024 * 1_024 }
    private static var certificateMark: [UInt8] { Array("-----BEGIN ".utf8) }

    /// A text of at least one byte and at most so many.
    func boundedText(_ key: String, atMost byteCountMax: Int) -> String? {
        value(key) { text throws(Complaint) in
            guard !text.isEmpty else { throw Complaint("is empty: leave it out") }
            guard text.utf8.count <= byteCountMax else {
                throw Complaint("is longer than \(byteCountMax) bytes")
            }
            return text
        }
    }
}

extension StatusSet {
    /// `200`, `2xx` or `200-299`.
    fileprivate static func range(_ text: String) -> ClosedRange<Int>? {
        if text.utf8.count == 3, text.lowercased().hasSuffix("xx"), let first = text.first,
            let hundreds = first.wholeNumberValue
        {
            let lower = hundreds * 100
            return codes.contains(lower) ? lower...lower + 99 : nil
        }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.utf8.count == 3 ? Int($0) : nil }
        guard (1...2).contains(parts.count), numbers.count == parts.count,
            numbers.allSatisfy(codes.contains), numbers[0] <= numbers[numbers.count - 1]
        else { return nil }
        return numbers[0]...numbers[numbers.count - 1]
    }
}

extension String {
    /// Where a URL's host and port have ended; `nil` if they may still go on.
    fileprivate var hostEnd: Index? {
        guard let colon = utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        return utf8[colon...].dropFirst(3).firstIndex {
            $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?")
        }
    }
}

import MeshChecks
import MeshCore
import MeshPatterns

extension Section {
    /// What few `http` checks have.
    func httpExtras() -> HTTPExtras.Values {
        var values = HTTPExtras.Values()
        values.authorization = authorization()
        values.json = jsonRules()
        values.headers = headerRules()
        values.certificate = span("expires_within", in: CertificateRule.spanRange)
            .map(CertificateRule.init)
        values.version = httpVersion() ?? .one
        values.acceptsGzip = flag("gzip") ?? false
        values.answerByteCount =
            integer("max_body_bytes", in: 0...HTTPCheck.answerByteCountMax)
            ?? HTTPCheck.answerByteCountMax
        values.identity = tlsIdentity()
        values.serverName = serverName("tls_server_name")
        values.proxy = proxy()
        values.ipVersion = ipVersion()
        values.place = place("connect_to")
        if let place = values.place {
            if values.proxy != nil {
                complain("connect_to", "means nothing with a proxy, which connects by itself")
            }
            check(
                values.ipVersion, suits: HostPort(host: place.host, port: place.port ?? 1),
                under: "connect_to")
        }
        return values
    }

    private func httpVersion() -> HTTPVersion? {
        value("http_version") { text throws(Complaint) in
            guard let version = HTTPVersion(rawValue: text) else {
                throw Complaint("\"\(text)\" is none: write \"1.1\", \"2\" or \"any\"")
            }
            return version
        }
    }

    // MARK: Who asks

    private func authorization() -> HTTPAuthorization? {
        let basic = credentials("username", "password")
        let token = secret("bearer_token", atMost: HTTPAuthorization.tokenByteCountMax)
        let tokenKey = has("bearer_token") ? "bearer_token" : "bearer_token_file"
        guard let token else { return basic.map { .basic($0) } }
        guard basic == nil else {
            complain(tokenKey, "\(path("username")) is there as well: keep one of them")
            return nil
        }
        guard token.revealed.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            complain(tokenKey, "has a space, a control character or a letter beyond ASCII")
            return nil
        }
        return .bearer(token)
    }

    /// A name and a password, or neither.
    private func credentials(_ nameKey: String, _ passwordKey: String) -> BasicCredentials? {
        let username = text(nameKey)
        let password = secret(passwordKey, atMost: BasicCredentials.byteCountMax)
        let fileKey = "\(passwordKey)_file"
        let hasPassword = has(passwordKey) || has(fileKey)
        guard has(nameKey) || hasPassword else { return nil }
        guard has(nameKey) else {
            complain(has(passwordKey) ? passwordKey : fileKey, "has no \(nameKey) beside it")
            return nil
        }
        guard hasPassword else {
            complain(nameKey, "has no \(passwordKey) or \(fileKey) beside it")
            return nil
        }
        guard let username, let password else { return nil }
        guard let credentials = BasicCredentials(username: username, password: password) else {
            complain(
                nameKey,
                "is no name: write 1 to \(BasicCredentials.byteCountMax) bytes without a colon")
            return nil
        }
        return credentials
    }

    /// `tls_cert_file` and `tls_key_file`: PEM files, which are read once to see that they are.
    func tlsIdentity() -> TLSIdentity? {
        let certificate = pemFile("tls_cert_file", holding: "CERTIFICATE")
        let key = pemFile("tls_key_file", holding: "PRIVATE KEY")
        guard has("tls_cert_file") else {
            if has("tls_key_file") {
                complain("tls_key_file", "has no tls_cert_file beside it")
            }
            return nil
        }
        guard has("tls_key_file") else {
            complain("tls_cert_file", "has no tls_key_file beside it")
            return nil
        }
        guard let certificate, let key else { return nil }
        return TLSIdentity(certificateFile: certificate, keyFile: key)
    }

    /// Where the file is; `nil` if it is not what it should be.
    private func pemFile(_ key: String, holding what: String) -> String? {
        guard let file = readFile(key, atMost: Self.pemByteCountMax), let path = fileName(key)
        else { return nil }
        let text = String(decoding: file.bytes, as: UTF8.self)
        guard text.contains("-----BEGIN "), text.contains("\(what)-----") else {
            complain(key, "holds no \(what.lowercased()) in PEM form")
            return nil
        }
        if what == "PRIVATE KEY" {
            if text.contains("ENCRYPTED") {
                complain(key, "is encrypted: nobody is there to type its password")
                return nil
            }
            if file.isReadableByOthers {
                warn(key, "everybody on this machine may read it: chmod o-rwx")
            }
        }
        // Where the file's folder is on this node is no part of the definition.
        if written[key] == nil { note(.text(path), under: key) }
        return context.sources.resolved(path)
    }

    private static var pemByteCountMax: Int { 256 * 1_024 }

    // MARK: Where to

    /// A host's name that a certificate can be for.
    func serverName(_ key: String) -> String? {
        value(key) { text throws(Complaint) in
            guard HostPort.isHost(text), HostPort(host: text, port: 1).literal == nil else {
                throw Complaint("\"\(text)\" is no host's name")
            }
            return text
        }
    }

    /// `"http://HOST:PORT"` or `"socks5://HOST:PORT"`.
    private func proxy() -> HTTPProxy? {
        let credentials = credentials("proxy_username", "proxy_password")
        let proxy: HTTPProxy? = value("proxy") { text throws(Complaint) in
            let remedy = "write http://HOST:PORT or socks5://HOST:PORT"
            for kind in HTTPProxy.Kind.allCases {
                let scheme = "\(kind.rawValue)://"
                guard text.lowercased().hasPrefix(scheme) else { continue }
                var rest = text.dropFirst(scheme.count)
                if rest.hasSuffix("/") { rest.removeLast() }
                guard !rest.contains("@") else {
                    throw Complaint(
                        "has a name or a password: write them as proxy_username and proxy_password")
                }
                do throws(HostPort.Fault) {
                    return HTTPProxy(
                        kind: kind, address: try HostPort(String(rest)), credentials: nil)
                } catch {
                    throw Complaint("\(error)")
                }
            }
            throw Complaint("is no proxy: \(remedy)")
        }
        if credentials != nil, !has("proxy") {
            complain("proxy_username", "has no proxy beside it")
        }
        guard var proxy else { return nil }
        proxy.credentials = credentials
        return proxy
    }

    /// Complains where an address is of the other kind than is forced.
    func check(_ version: IPVersion?, suits place: HostPort, under key: String) {
        guard let version, let literal = place.literal, literal.isIPv4 != (version == .four) else {
            return
        }
        complain(key, "is no address of IPv\(version.rawValue), which force_ip asks for")
    }

    /// `HOST` or `HOST:PORT`.
    private func place(_ key: String) -> HTTPPlace? {
        value(key) { text throws(Complaint) in
            if HostPort.isHost(text) { return HTTPPlace(host: text, port: nil) }
            do throws(HostPort.Fault) {
                let place = try HostPort(text)
                return HTTPPlace(host: place.host, port: place.port)
            } catch {
                throw Complaint("\(error)")
            }
        }
    }

    // MARK: What must come

    private func jsonRules() -> [JSONRule] {
        placedTexts(
            "expect_json", max: JSONRule.rulesMax, loneDollar: .itself
        ).compactMap { placed in
            do throws(JSONRule.Fault) {
                let rule = try JSONRule(placed.text, shown: placed.shown)
                if let expression = rule.expression {
                    do throws(RegularExpression.Fault) {
                        _ = try RegularExpression(expression)
                    } catch {
                        context.complain(
                            placed.path, "the expression is none: \(error)", at: placed.offset)
                        return nil
                    }
                }
                return rule
            } catch {
                context.complain(placed.path, "is no rule: \(error)", at: placed.offset)
                return nil
            }
        }
    }

    /// `{"Content-Type": "text/html", "Server": {"must_not_match": "…"}, "X-Old": {"absent": true}}`.
    private func headerRules() -> [HeaderRule] {
        let key = "expect_headers"
        let entries = entries(key)
        guard entries.count <= HeaderRule.rulesMax else {
            complain(
                key, "\(entries.count) names are above the maximum of \(HeaderRule.rulesMax)")
            return []
        }
        guard let named = section(key) else { return [] }
        let rules = entries.compactMap { named.headerRule($0) }
        if let node = node(key), entries.contains(where: { $0.node.hasDollar }) {
            note(Self.raw(node), under: key)
        }
        return rules.sorted { $0.name.lowercased() < $1.name.lowercased() }
    }

    private func headerRule(_ entry: JSONMember) -> HeaderRule? {
        guard HTTPHeader(name: entry.key, value: Secret("")) != nil else {
            complain(entry.key, "is no header's name")
            return nil
        }
        guard case .table(let members) = entry.node.value else {
            // A text alone is what must be part of it.
            let rules = textRules(entry.key, .contains)
            return rules.isEmpty
                ? nil : HeaderRule(name: entry.key, demand: .texts(TextRules(required: rules)))
        }
        guard !members.isEmpty else {
            complain(entry.key, "says nothing: leave it out")
            return nil
        }
        guard let section = section(entry.key) else { return nil }
        let isAbsent = section.flag("absent") ?? false
        let texts = section.textRules()
        section.finish()
        if isAbsent, !texts.isEmpty {
            complain(entry.key, "cannot be absent and have a text")
        }
        if isAbsent { return HeaderRule(name: entry.key, demand: .absent) }
        return texts.isEmpty ? nil : HeaderRule(name: entry.key, demand: .texts(texts))
    }

    /// As it is written.
    private static func raw(_ node: JSONNode) -> DefinitionText.Value {
        switch node.value {
        case .null: .text("null")
        case .flag(let flag): .flag(flag)
        case .number(let number): .text(number)
        case .text(let text): .text(text)
        case .list(let elements): .list(elements.map(raw))
        case .table(let members):
            .table(
                Dictionary(members.map { ($0.key, raw($0.node)) }, uniquingKeysWith: { $1 }))
        }
    }
}

extension JSONNode {
    /// Whether a variable is part of any text in it.
    fileprivate var hasDollar: Bool {
        switch value {
        case .text(let text): text.hasDollar
        case .list(let elements): elements.contains(where: \.hasDollar)
        case .table(let members): members.contains { $0.node.hasDollar }
        case .null, .flag, .number: false
        }
    }
}

package import MeshCore

/// What few HTTP checks ask for, in a box of its own: of 20,000 checks nearly all hold one word and
/// no box, and a look asks of them only whether there is one.
package struct HTTPExtras: Sendable, Hashable {
    /// All of it, as it is read and written.
    package struct Values: Sendable, Hashable {
        package var authorization: HTTPAuthorization?
        /// What must hold of a JSON answer.
        package var json: [JSONRule] = []
        /// What must hold of the answer's header.
        package var headers: [HeaderRule] = []
        /// Of the certificate that is shown.
        package var certificate: CertificateRule?
        package var version = HTTPVersion.one
        /// Asks for a compressed answer and decompresses it.
        package var acceptsGzip = false
        /// Bytes of the answer's body that are read, up to `HTTPCheck.answerByteCountMax`.
        package var answerByteCount = HTTPCheck.answerByteCountMax
        /// Shown to a server that asks for it.
        package var identity: TLSIdentity?
        /// For whom the certificate must be, and who is asked for (SNI); `nil`: the URL's host.
        package var serverName: String?
        package var proxy: HTTPProxy?
        /// `nil`: whichever connects.
        package var ipVersion: IPVersion?
        /// Where to connect to in place of the URL's host, which is still who is asked.
        package var place: HTTPPlace?

        package init() {}
    }

    private final class Box: Sendable {
        let values: Values
        init(_ values: Values) { self.values = values }
    }

    private var box: Box?

    package init(_ values: Values = Values()) {
        box = values == Self.usual ? nil : Box(values)
    }

    private static let usual = Values()

    /// Whether there is nothing to it.
    package var areUsual: Bool { box == nil }

    package var values: Values {
        get { box?.values ?? Self.usual }
        set { self = HTTPExtras(newValue) }
    }

    package static func == (left: HTTPExtras, right: HTTPExtras) -> Bool {
        left.box === right.box || left.values == right.values
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(values) }

    func write(to text: inout DefinitionText) {
        let values = values
        values.authorization?.write(to: &text)
        let rules = values.json.map { DefinitionText.Value.text($0.text) }
        if let first = rules.first {
            text.add("expect_json", rules.count == 1 ? first : .list(rules))
        }
        if !values.headers.isEmpty {
            let rules = values.headers.map { ($0.name.lowercased(), $0.definition) }
            text.add("expect_headers", .table(Dictionary(rules) { first, _ in first }))
        }
        if let within = values.certificate?.within { text.add("expires_within", .span(within)) }
        text.add("http_version", .text(values.version.rawValue), unless: .text("1.1"))
        text.add("gzip", .flag(values.acceptsGzip), unless: .flag(false))
        text.add(
            "max_body_bytes", .number(values.answerByteCount),
            unless: .number(HTTPCheck.answerByteCountMax))
        values.identity?.write(to: &text)
        if let name = values.serverName { text.add("tls_server_name", .text(name)) }
        values.proxy?.write(to: &text)
        text.add(values.ipVersion)
        if let place = values.place { text.add("connect_to", .text(place.description)) }
    }
}

/// Who the request says that it is.
package enum HTTPAuthorization: Sendable, Hashable {
    /// A name and a password (RFC 7617).
    case basic(BasicCredentials)
    /// A token (RFC 6750).
    case bearer(Secret)

    package static let tokenByteCountMax = 4 * 1_024

    func write(to text: inout DefinitionText) {
        switch self {
        case .basic(let credentials):
            text.add("username", .text(credentials.username))
            text.addMask("password")
        case .bearer: text.addMask("bearer_token")
        }
    }
}

/// Which HTTP is spoken.
package enum HTTPVersion: String, Sendable, Hashable, CaseIterable {
    /// HTTP/1.1.
    case one = "1.1"
    /// HTTP/2, and nothing else is an answer; without TLS from the first byte on.
    case two = "2"
    /// HTTP/2 where a server offers it with TLS, else HTTP/1.1.
    case any
}

/// Who passes the request on. It also looks up the URL's host.
package struct HTTPProxy: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case http
        case socks5
    }

    package var kind: Kind
    package var address: HostPort
    package var credentials: BasicCredentials?

    package init(kind: Kind, address: HostPort, credentials: BasicCredentials? = nil) {
        self.kind = kind
        self.address = address
        self.credentials = credentials
    }

    func write(to text: inout DefinitionText) {
        text.add("proxy", .text("\(kind.rawValue)://\(address)"))
        guard let credentials else { return }
        text.add("proxy_username", .text(credentials.username))
        text.addMask("proxy_password")
    }
}

/// Another place than the one that the URL's host and port say.
package struct HTTPPlace: Sendable, Hashable, CustomStringConvertible {
    /// A name, or an address without brackets.
    package var host: String
    /// `nil`: the URL's.
    package var port: UInt16?

    package init(host: String, port: UInt16?) {
        self.host = host
        self.port = port
    }

    package var description: String {
        guard let port else { return host }
        return HostPort(host: host, port: port).description
    }
}

/// What must hold of one field of an answer's header. Several lines of a name are one field, with
/// commas between them (RFC 9110, 5.3).
package struct HeaderRule: Sendable, Hashable {
    package static let rulesMax = 16

    package var name: String
    package var demand: Demand

    package enum Demand: Sendable, Hashable {
        case absent
        /// What must be there makes an answer without it fail; what must not does not.
        case texts(TextRules)
    }

    package init(name: String, demand: Demand) {
        self.name = name
        self.demand = demand
    }

    fileprivate var definition: DefinitionText.Value {
        switch demand {
        case .absent: .table(["absent": .flag(true)])
        case .texts(let rules): .table(rules.definition)
        }
    }

    private static let shownMax = 80

    /// Why the field, `nil` if it is not there, is not as it should be; `redacted` takes out of its
    /// value what people must not see.
    func judge(
        _ value: String?, _ patterns: some PatternSearch, _ redacted: (String) -> String
    ) -> Reason? {
        switch (demand, value) {
        case (.absent, nil): return nil
        case (.absent, .some): return Reason("header \(name) is there, and must not be")
        case (.texts(let rules), nil):
            return rules.required.isEmpty ? nil : Reason("header \(name) is not there")
        case (.texts(let rules), .some(let value)):
            return rules.judge(Array(value.utf8), called: "header \(name)", patterns) {
                "; it is '\(redacted(value).prefix(Self.shownMax))'"
            }
        }
    }
}

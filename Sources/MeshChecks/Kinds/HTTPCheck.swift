import MeshCore

/// A request over HTTP/1.1 or 2, each on a new connection, and what its answer must be.
package struct HTTPCheck: Sendable, Hashable {
    package static let headersMax = 64
    /// Of a name or of a value, in bytes.
    package static let headerByteCountMax = 4 * 1_024
    package static let bodyByteCountMax = 64 * 1_024
    /// More than this of an answer's body is not read: what comes after is not searched.
    package static let answerByteCountMax = 1_024 * 1_024
    package static let redirectsMax = 10

    package var url: WebAddress
    package var method = HTTPMethod.get
    /// Beside those that every request has; a name may come more than once. In the order in which
    /// they are sent.
    package var headers: [HTTPHeader] = []
    package var body: Secret?
    package var expectedStatus = StatusSet.successful
    /// Looked for in the first `answerByteCountMax` bytes of the body.
    package var texts = TextRules()
    /// Goes where a 3xx points, `redirectsMax` times, and judges the last answer. Credentials and
    /// headers of one's own do not follow to another host. Otherwise a 3xx is judged as it is.
    package var followsRedirects = true
    package var trust = TLSTrust.system
    /// HTTP basic authentication (RFC 7617).
    package var credentials: BasicCredentials?
    package var attempts = AttemptPlan()

    package init(url: WebAddress) { self.url = url }

    /// Whether the body must be read to judge an answer.
    package var readsBody: Bool { !texts.isEmpty }

    func write(to text: inout DefinitionText) {
        text.add("url", .text(url.text))
        // A body makes POST the default, as in gobearmon.
        let usual = body == nil ? HTTPMethod.get : .post
        text.add("method", .text(method.text), unless: .text(usual.text))
        text.add(headers)
        if let body { text.addHash("body", of: body) }
        text.add(
            "expect_status", .text(expectedStatus.description),
            unless: .text(StatusSet.successful.description))
        texts.write(to: &text)
        text.add("follow_redirects", .flag(followsRedirects), unless: .flag(true))
        trust.write(to: &text)
        if let credentials {
            text.add("username", .text(credentials.username))
            text.addMask("password")
        }
    }
}

/// A method of HTTP: a token of at most 16 bytes (RFC 9110, 9.1), which is case-sensitive.
package struct HTTPMethod: Sendable, Hashable, CustomStringConvertible {
    package static let byteCountMax = 16

    package let text: String

    package static let get = HTTPMethod(known: "GET")
    package static let head = HTTPMethod(known: "HEAD")
    package static let post = HTTPMethod(known: "POST")

    /// `nil` if `text` is no token, or CONNECT, which asks for a tunnel and not for an answer.
    package init?(_ text: String) {
        guard (1...Self.byteCountMax).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }),
            text != "CONNECT"
        else { return nil }
        self.text = text
    }

    private init(known text: String) { self.text = text }

    package var description: String { text }
}

/// One line of a request's header.
package struct HTTPHeader: Sendable, Hashable {
    package let name: String
    package let value: Secret

    /// `nil` if the name is no token (RFC 9110, 5.1) or the value holds a control character.
    package init?(name: String, value: Secret) {
        guard (1...HTTPCheck.headerByteCountMax).contains(name.utf8.count),
            value.revealed.utf8.count <= HTTPCheck.headerByteCountMax,
            name.utf8.allSatisfy(Self.isTokenByte),
            !value.revealed.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F })
        else { return nil }
        self.name = name
        self.value = value
        let lowered = name.lowercased().utf8
        isConfidential = Self.confidentialWords.contains { $0.isFound(in: lowered) }
    }

    /// Whether the value is one to keep to oneself, judged by the name.
    package let isConfidential: Bool

    /// A name that says how the request is framed, which is not the configuration's to say.
    package var isFraming: Bool {
        ["content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"]
            .contains(name.lowercased())
    }

    private static let confidentialWords = [
        "auth", "cookie", "token", "key", "secret", "password", "session", "signature",
        "credential",
    ].map(ByteSearch.init)

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// A name and a password. The name cannot hold a colon: it ends at the first.
package struct BasicCredentials: Sendable, Hashable {
    package static let byteCountMax = 256

    package let username: String
    package let password: Secret

    /// `nil` if the name is empty, either is too long, or the name holds a colon.
    package init?(username: String, password: Secret) {
        guard (1...Self.byteCountMax).contains(username.utf8.count),
            password.revealed.utf8.count <= Self.byteCountMax, !username.utf8.contains(0x3A)
        else { return nil }
        self.username = username
        self.password = password
    }
}

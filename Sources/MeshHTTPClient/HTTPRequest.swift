package import MeshCore
package import MeshResolver

/// One request and how far to go with it. Everything about it is decided before it leaves.
package struct HTTPRequest: Sendable {
    /// Bytes of a body that are kept; what a request asks beyond that is cut to it.
    package static let bodyByteCountMax = 1_024 * 1_024
    package static let redirectsMax = 20

    package var url: HTTPURL
    /// `GET`, `POST`, …: a token of capital letters.
    package var method: String
    package var headers: [HTTPField]
    package var body: [UInt8]
    /// For the whole attempt: looking up the name, connecting, redirects, and the body's last byte.
    package var timeout: TimeSpan
    /// How many redirects are followed; 0 takes the first answer as it is.
    package var redirects: Int
    /// Bytes of the answer's body that are read. One that is longer is cut there, its connection
    /// closed, and the response says so: what was asked for is known by then, and an endless body
    /// must not cost more than this.
    package var bodyLimit: Int
    /// Bytes of those that are kept; the rest is read and forgotten.
    package var bodyKeptMax = bodyByteCountMax
    package var family: AddressFamily
    package var trust: TLSTrust
    package var version: Version
    /// Names of the answer's headers that are wanted.
    package var headersWanted: [String]
    /// Sent as HTTP's basic authentication, to the request's own origin only.
    package var credentials: Credentials?
    /// What few requests ask for; the others are spared the looking.
    package var extras: Extras?

    package enum Version: Sendable, Hashable {
        /// HTTP/1.1 over TLS, too: with a connection for each request HTTP/2 has nothing to share,
        /// and costs a further exchange and 64 KiB of tables.
        case http1
        /// HTTP/2 where a server offers it with TLS, for those that speak nothing else.
        case negotiated
        /// HTTP/2; without TLS it is spoken from the first byte on. With TLS a server may answer in
        /// HTTP/1.1 all the same, which the response tells.
        case http2
    }

    package struct Credentials: Sendable, Hashable {
        package var user: String
        package var password: String
        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    package init(
        _ url: HTTPURL, method: String = "GET", headers: [HTTPField] = [], body: [UInt8] = [],
        timeout: TimeSpan, redirects: Int = 0, bodyLimit: Int = bodyByteCountMax,
        family: AddressFamily = .any, trust: TLSTrust = .system, version: Version = .http1,
        headersWanted: [String] = [], credentials: Credentials? = nil
    ) {
        precondition(
            timeout > .zero && (0...Self.redirectsMax).contains(redirects) && bodyLimit >= 0,
            "expected a request within its bounds")
        precondition(
            !method.isEmpty && method.utf8.allSatisfy { (0x41...0x5A).contains($0) },
            "expected a method in capital letters")
        self.url = url
        self.method = method
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.redirects = redirects
        self.bodyLimit = min(bodyLimit, Self.bodyByteCountMax)
        self.family = family
        self.trust = trust
        self.version = version
        self.headersWanted = headersWanted
        self.credentials = credentials
    }

    /// The same for where an answer points to (RFC 9110, 15.4): 303 asks for the other place with
    /// GET, and 301 and 302 do so for a POST, as every browser does. What was meant for this
    /// origin only is not shown to another.
    func redirected(to next: HTTPURL, by status: Int) -> HTTPRequest {
        var request = self
        request.url = next
        if (status == 303 && method != "HEAD") || (status < 303 && method == "POST") {
            request.method = "GET"
            request.body = []
            request.headers.removeAll { $0.isAbout("content-type") }
        }
        if !next.hasOrigin(of: url) {
            request.credentials = nil
            request.headers = []
            request.extras = extras?.beyond(url, at: next)
        }
        return request
    }

    /// Where a connection goes, and whose name is looked up for it.
    struct Place {
        /// A name, or an address without brackets.
        var host: String
        var port: UInt16
        var isNumeric: Bool
    }

    var place: Place {
        let usual = Place(host: url.host, port: url.port, isNumeric: url.isNumeric)
        guard let extras else { return usual }
        if let proxy = extras.proxy { return proxy.place }
        guard let place = extras.place else { return usual }
        return Place(
            host: place.host, port: place.port ?? url.port,
            isNumeric: SocketAddress(numericHost: place.host, port: 0) != nil)
    }
}

/// One line of a request's head.
package struct HTTPField: Sendable, Hashable {
    package let name: String
    package let value: String

    /// `nil` where either holds what would begin another line, or the name is no token.
    package init?(_ name: String, _ value: String) {
        let separators = Array("()<>@,;:\\\"/[]?={} ".utf8)
        let isToken =
            !name.isEmpty
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !separators.contains($0) }
        let isLine = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        guard isToken, isLine else { return nil }
        self.name = name
        self.value = value
    }

    func isAbout(_ lowercasedName: String) -> Bool { name.lowercased() == lowercasedName }

    /// As libcurl takes it: a header without a value ends with a semicolon there.
    var line: String { value.isEmpty ? "\(name);" : "\(name): \(value)" }
}

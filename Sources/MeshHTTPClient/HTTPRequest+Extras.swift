package import MeshCore

extension HTTPRequest {
    /// Whether the certificate must be for another than the URL's host.
    var isAskedByAnotherName: Bool {
        guard let name = extras?.serverName else { return false }
        return url.isSecure && name.lowercased() != url.host
    }

    /// What few requests ask for. It never changes; a request points to it.
    package struct Extras: Sendable, Hashable {
        /// Asks for a compressed answer, and decompresses it: bodies are what they were before.
        package var acceptsGzip = false
        /// Whether the response shall say when the certificates end. libcurl then takes every
        /// certificate apart, which costs half a handshake more.
        package var wantsCertificates = false
        /// Shown to a server that asks for it.
        package var identity: TLSIdentity?
        /// For whom the certificate must be, in place of the URL's host.
        package var serverName: String?
        package var proxy: Proxy?
        /// Where to connect to in place of the URL's host; without a port at the URL's.
        package var place: Override?

        package init() {}

        /// For another origin, where `url` has sent us: what was meant for `url` alone is left
        /// out. Another port of the same host is at the same place.
        func beyond(_ url: HTTPURL, at next: HTTPURL) -> Extras {
            var extras = self
            extras.identity = nil
            extras.serverName = next.host == url.host ? serverName : nil
            extras.place = next.host == url.host ? place : nil
            if next.port != url.port { extras.place?.port = nil }
            return extras
        }
    }

    /// Who passes the request on, and looks up the name in it.
    package struct Proxy: Sendable, Hashable {
        package enum Kind: Sendable, Hashable {
            case http, socks5
        }

        package var kind: Kind
        package var host: String
        package var port: UInt16
        package var credentials: Credentials?

        package init(kind: Kind, host: String, port: UInt16, credentials: Credentials? = nil) {
            self.kind = kind
            self.host = host
            self.port = port
            self.credentials = credentials
        }

        var place: Place {
            Place(
                host: host, port: port,
                isNumeric: SocketAddress(numericHost: host, port: 0) != nil)
        }

        /// As people write it.
        var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

        /// As libcurl takes it. The name is looked up by the proxy.
        var text: String {
            switch kind {
            case .http: "http://\(address)"
            case .socks5: "socks5h://\(address)"
            }
        }
    }

    package struct Override: Sendable, Hashable {
        /// A name, or an address without brackets.
        package var host: String
        package var port: UInt16?
        package init(host: String, port: UInt16?) {
            self.host = host
            self.port = port
        }
    }
}

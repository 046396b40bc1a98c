/// An http or https URL, taken apart as far as a look needs it: whom to ask, on which port, whether
/// over TLS. It can hold a secret in its path or query; `shown` is what people may see.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package static let byteCountMax = 2_048

    /// All of it, to be sent.
    package let text: String
    /// What may be shown of it.
    package let shown: String
    package let isSecure: Bool
    /// A name, or an address without brackets; the port that the URL says, or its scheme's.
    package let authority: HostPort

    /// Why a text is no URL that a look can ask, for operators.
    package enum Fault: Error, Sendable, Hashable {
        case noScheme
        case tooLong
        case userInformation
        case fragment
        case badByte
        case authority(HostPort.Fault)
    }

    /// `shown` is the same text where that may be seen.
    package init(_ text: String, shown: String? = nil) throws(Fault) {
        guard text.utf8.count <= Self.byteCountMax else { throw .tooLong }
        let lowered = text.prefix(8).lowercased()
        let isSecure = lowered.hasPrefix("https://")
        guard isSecure || lowered.hasPrefix("http://") else { throw .noScheme }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .badByte }
        guard !text.utf8.contains(UInt8(ascii: "#")) else { throw .fragment }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.utf8.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard !authority.contains(UInt8(ascii: "@")) else { throw .userInformation }
        self.authority = try Self.authority(String(Substring(authority)), isSecure ? 443 : 80)
        self.isSecure = isSecure
        self.text = text
        self.shown = shown ?? text
    }

    package var description: String { shown }

    /// What is asked of the host: `/path?query`.
    var pathAndQuery: String {
        let rest = text.utf8.dropFirst(isSecure ? 8 : 7)
        return String(
            Substring(rest.drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }))
    }
    package var customMirror: Mirror { Mirror(self, children: ["shown": shown]) }

    private static func authority(
        _ text: String, _ usualPort: UInt16
    ) throws(Fault) -> HostPort {
        do throws(HostPort.Fault) {
            let (host, port) = try HostPort.split(text)
            guard HostPort.isHost(host) else { throw .badHost(host) }
            guard let port, !port.isEmpty else { return HostPort(host: host, port: usualPort) }
            guard let number = HostPort.number(port), number != 0 else { throw .badPort(port) }
            return HostPort(host: host, port: number)
        } catch {
            throw .authority(error)
        }
    }
}

extension WebAddress.Fault: CustomStringConvertible {
    /// What is wrong and what to write instead, without a full stop.
    package var description: String {
        switch self {
        case .noScheme: "is no URL: begin it with http:// or https://"
        case .tooLong: "is longer than \(WebAddress.byteCountMax) bytes: shorten it"
        case .userInformation:
            "has a name or a password before the host: write them as username and password"
        case .fragment: "has a fragment, which is never sent: leave out \"#\" and what follows"
        case .badByte:
            "has a space, a control character or a letter beyond ASCII: percent-encode it"
                + " (in a host's name: write its xn-- form)"
        case .authority(let fault): "\(fault)"
        }
    }
}

import CCurl

/// A URL that a request can be made to: http or https, parsed once by the same parser that will
/// use it, so that what was looked up is what is connected to.
package struct HTTPURL: Hashable, Sendable, CustomStringConvertible {
    package static let byteCountMax = 8 * 1_024

    package let text: String
    package let isSecure: Bool
    /// As names are looked up: punycode, an IPv6 address without its brackets.
    package let host: String
    package let port: UInt16
    /// The host is an address already, not a name.
    package let isNumeric: Bool

    package enum Fault: Error, Hashable, Sendable {
        case tooLong, malformed, notHTTP
    }

    package init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.byteCountMax else { throw .tooLong }
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else { throw .malformed }
        // Answers a handle of our own, or NULL for want of memory; freed below.
        guard let url = unsafe curl_url() else { throw .malformed }
        defer { unsafe curl_url_cleanup(url) }
        // Copies the text. A scheme that libcurl does not know is parsed, too, to be told apart.
        let code = unsafe curl_url_set(url, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME))
        guard code == CURLUE_OK else { throw .malformed }
        // Both answer text of their own, which `part` copies and frees.
        guard let scheme = unsafe Self.part(CURLUPART_SCHEME, of: url),
            var host = unsafe Self.part(
                CURLUPART_HOST, of: url, flags: UInt32(CURLU_PUNYCODE)), !host.isEmpty
        else { throw .malformed }
        guard scheme == "http" || scheme == "https" else { throw .notHTTP }
        guard
            let digits = unsafe Self.part(
                CURLUPART_PORT, of: url, flags: UInt32(CURLU_DEFAULT_PORT)),
            let port = UInt16(digits), port > 0
        else { throw .malformed }
        if host.hasPrefix("[") {
            host = String(host.dropFirst().dropLast())
            isNumeric = true
        } else {
            isNumeric = Self.isIPv4(host)
        }
        self.text = text
        isSecure = scheme == "https"
        self.host = host.lowercased()
        self.port = port
    }

    /// One that was taken apart before, by rules at least as strict: a host is a name of letters,
    /// digits, `-`, `_` and dots, or an address without brackets. To have libcurl take it apart
    /// once more would cost a hundredth of a request.
    package init(known text: String, isSecure: Bool, host: String, port: UInt16) {
        self.text = text
        self.isSecure = isSecure
        self.host = host.lowercased()
        self.port = port
        isNumeric = host.utf8.contains(0x3A) || Self.isIPv4(host)
    }

    /// Whether headers meant for one may be shown to the other: the same scheme, host and port.
    package func hasOrigin(of other: HTTPURL) -> Bool {
        isSecure == other.isSecure && host == other.host && port == other.port
    }

    /// Without a password that it may hold, and without its query.
    package var description: String { "\(isSecure ? "https" : "http")://\(authority)" }

    /// The host and, unless it is the usual one, the port.
    var authority: String {
        let bracketed = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? bracketed : "\(bracketed):\(port)"
    }

    /// The same with another host; `nil` where that is none, or for want of memory.
    func text(withHost host: String) -> String? {
        unsafe changed { url in
            // Copies the text.
            unsafe curl_url_set(url, CURLUPART_HOST, host, 0)
        }
    }

    /// Where `reference`, as a Location has it, points from here (RFC 3986, 5); `nil` where nowhere.
    func text(at reference: String) -> String? {
        unsafe changed { url in
            // Copies the text; relative ones are resolved against what is there.
            unsafe curl_url_set(url, CURLUPART_URL, reference, UInt32(CURLU_NON_SUPPORT_SCHEME))
        }
    }

    private func changed(_ change: (OpaquePointer) -> CURLUcode) -> String? {
        // A handle of our own, or NULL; freed below.
        guard let url = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(url) }
        guard unsafe curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
            unsafe change(url) == CURLUE_OK
        else { return nil }
        return unsafe Self.part(CURLUPART_URL, of: url)
    }

    private static func part(
        _ part: CURLUPart, of url: OpaquePointer, flags: UInt32 = 0
    ) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        // Writes a pointer to text of libcurl's, which is ours to free.
        guard unsafe curl_url_get(url, part, &text, flags) == CURLUE_OK, let text = unsafe text
        else { return nil }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }

    /// Byte by byte: to take it apart at its dots costs a fiftieth of a check.
    private static func isIPv4(_ host: String) -> Bool {
        var dots = 0
        var part: Int?
        for byte in host.utf8 {
            switch byte {
            case 0x30...0x39:
                let value = (part ?? 0) * 10 + Int(byte - 0x30)
                guard value <= 255 else { return false }
                part = value
            case 0x2E:
                guard part != nil else { return false }
                dots += 1
                part = nil
            default: return false
            }
        }
        return dots == 3 && part != nil
    }
}

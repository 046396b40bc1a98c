/// One request as the routes read it: decoded, and within its bounds.
package struct Request: Sendable {
    package enum Method: Hashable, Sendable {
        case get
        /// As `get`; the server leaves the body out.
        case head
        case post
        case other(String)
    }

    var method: Method
    /// The parts of the path between slashes, percent-decoded: `/api/v1/checks/a%2Fb` ends in
    /// `a/b`. Empty for `/`.
    var path: [String]
    /// In their order; of a name without a value, the empty text.
    var query: [(name: String, value: String)]
    var authorization: String?
    var ifNoneMatch: String?
    var body: [UInt8] = []

    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

/// Why a request is refused before any route is asked.
enum RequestFault: Error {
    case badPath
    case badQuery
}

extension Request {
    /// Reads a path that begins with a slash, as it came. Throws for a broken escape, for text that
    /// is not UTF-8, and for NUL.
    static func path(_ encoded: String) throws(RequestFault) -> [String] {
        var parts: [String] = []
        guard encoded.utf8.first == UInt8(ascii: "/") else { throw .badPath }
        for part in encoded.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            guard let decoded = percentDecoded(part) else { throw .badPath }
            parts.append(decoded)
        }
        // `/checks/` is `/checks`.
        if parts.last == "" { parts.removeLast() }
        return parts
    }

    /// `nil` for a broken escape, for what is not UTF-8, and for NUL.
    static func percentDecoded(_ encoded: some Sequence<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = encoded.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        guard !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// For a link: everything but letters, digits and `-._~` is escaped.
    static func percentEncoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += byte < 16 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}

import MeshCore

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
        isConfidential = ConfidentialName.matches(name)
    }

    /// Whether the value is one to keep to oneself, judged by the name.
    package let isConfidential: Bool

    /// A name that says how the request is framed, which is not the configuration's to say.
    package var isFraming: Bool {
        ["content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"]
            .contains(name.lowercased())
    }

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
    /// As it is sent.
    var base64: String { Base64.text(of: Array("\(username):\(password.revealed)".utf8)) }
}

package import MeshCore

/// A host, by name or by number, and a port: what people write to say where something listens.
package struct HostPort: Sendable, Hashable, CustomStringConvertible {
    package static let nameByteCountMax = 253

    /// A name, or an address without brackets.
    package let host: String
    package let port: UInt16

    /// Why a text is no host and port, for operators.
    package enum Fault: Error, Sendable, Hashable {
        case noPort
        case badPort(String)
        case badHost(String)
    }

    /// `name:port`, `a.b.c.d:port` or `[ipv6]:port`. Port 0 is one only where `allowsPortZero`.
    package init(_ text: String, allowsPortZero: Bool = false) throws(Fault) {
        let (host, port) = try Self.split(text)
        guard let port else { throw .noPort }
        guard let number = Self.number(port), number != 0 || allowsPortZero else {
            throw .badPort(port)
        }
        guard Self.isHost(host) else { throw .badHost(host) }
        self.host = host
        self.port = number
    }

    /// As above; the port may be left out, and so may the brackets of an IPv6 address without one.
    package init(_ text: String, usualPort: UInt16) throws(Fault) {
        if SocketAddress(numericHost: text, port: 0) != nil {
            (host, port) = (text, usualPort)
            return
        }
        let parts = try Self.split(text)
        guard Self.isHost(parts.host) else { throw .badHost(parts.host) }
        host = parts.host
        guard let written = parts.port else {
            port = usualPort
            return
        }
        guard let number = Self.number(written), number != 0 else { throw .badPort(written) }
        port = number
    }

    /// Expects a host that `isHost`.
    package init(host: String, port: UInt16) {
        precondition(Self.isHost(host), "expected a host")
        self.host = host
        self.port = port
    }

    /// Where the host is, if it is a number and no name has to be looked up.
    package var literal: SocketAddress? { SocketAddress(numericHost: host, port: port) }

    package var description: String {
        host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The host and, after a colon, the port of an authority. The brackets of an IPv6 address are
    /// taken off.
    static func split(_ text: String) throws(Fault) -> (host: String, port: String?) {
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.utf8.firstIndex(of: UInt8(ascii: "]")) else {
                throw .badHost(text)
            }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            // Only a number belongs in brackets.
            guard host.utf8.contains(0x3A) else { throw .badHost(text) }
            if rest.isEmpty { return (host, nil) }
            guard rest.utf8.first == 0x3A else { throw .badHost(text) }
            return (host, String(rest.dropFirst()))
        }
        guard let colon = text.utf8.lastIndex(of: 0x3A) else { return (text, nil) }
        let host = String(text[..<colon])
        // A bare IPv6 address would lose its last group to the port.
        guard !host.utf8.contains(0x3A) else { throw .badHost(text) }
        return (host, String(text[text.utf8.index(after: colon)...]))
    }

    static func number(_ port: String) -> UInt16? {
        guard (1...5).contains(port.utf8.count),
            port.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return UInt16(port)
    }

    /// A name of letters, digits, `-` and `_` in labels of 1 to 63 bytes, or an address. A name
    /// whose last label is a number is an address, or a mistake (RFC 1123, 2.1).
    package static func isHost(_ text: String) -> Bool {
        if SocketAddress(numericHost: text, port: 0) != nil { return true }
        var name = text.utf8[...]
        if name.last == 0x2E { name = name.dropLast() }
        guard (1...nameByteCountMax).contains(name.count) else { return false }
        let labels = name.split(separator: 0x2E, omittingEmptySubsequences: false)
        let areValid = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
                && label.allSatisfy(isNameByte)
        }
        let endsInNumber = labels.last?.allSatisfy { (0x30...0x39).contains($0) } ?? true
        return areValid && !endsInNumber
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension HostPort.Fault: CustomStringConvertible {
    /// What is wrong and what to write instead, without a full stop.
    package var description: String {
        switch self {
        case .noPort: "has no port: write HOST:PORT"
        case .badPort(let port): "\"\(port)\" is no port: write a number from 1 to 65535"
        case .badHost(let host):
            "\"\(host)\" is no host: write a name, an IPv4 address, or an IPv6 address in brackets"
        }
    }
}

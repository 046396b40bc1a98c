package import MeshCore

/// A domain name (RFC 1035, 3.1), in small letters, since case means nothing in names.
package struct DNSName: Sendable, Hashable, CustomStringConvertible {
    package static let byteCountMax = 255
    package static let labelByteCountMax = 63

    /// Labels, each with its length before it, and the empty one of the root.
    package let wire: [UInt8]

    /// Whether `wire` ends and is short enough is for whoever read it to know.
    init(wire: [UInt8]) { self.wire = wire }

    /// With or without the final dot, which changes nothing: a check's names are whole. `nil` if a
    /// label is empty or longer than 63 bytes, the name longer than 253, or a byte is no visible
    /// ASCII: a name of other letters is asked for in its `xn--` form.
    package init?(_ text: String) {
        var bytes = Array(text.utf8)
        if bytes.last == 0x2E { bytes.removeLast() }
        var wire: [UInt8] = []
        for label in bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
        where text != "." {
            guard (1...Self.labelByteCountMax).contains(label.count),
                label.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x5C && $0 != 0x22 })
            else { return nil }
            wire.append(UInt8(label.count))
            wire += label.map(Self.lowered)
        }
        wire.append(0)
        guard wire.count <= Self.byteCountMax, !text.isEmpty else { return nil }
        self.wire = wire
    }

    /// Where the name of an address is asked for (RFC 1035, 3.5; RFC 3596, 2.5).
    package init(reversing address: SocketAddress) {
        var labels: [String]
        if address.isIPv4 {
            labels = (0..<4).map { String(address.host.low >> (8 * $0) & 0xFF) }
            labels += ["in-addr", "arpa"]
        } else {
            let nibbles = { (word: UInt64) in
                (0..<16).map { String(word >> (4 * UInt64($0)) & 0xF, radix: 16) }
            }
            labels = nibbles(address.host.low) + nibbles(address.host.high) + ["ip6", "arpa"]
        }
        wire = labels.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    static func lowered(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    /// Without the final dot; the root is `.`. What would not read as it is stands as `\.` or `\200`.
    package var description: String {
        guard wire.count > 1 else { return "." }
        var text: [UInt8] = []
        var place = 0
        while place < wire.count, wire[place] > 0 {
            if place > 0 { text.append(0x2E) }
            let end = min(wire.count, place + 1 + Int(wire[place]))
            for byte in wire[place + 1..<end] {
                if byte == 0x2E { text.append(0x5C) }
                text += Self.printable(byte)
            }
            place = end
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The byte, or `\` and its number in three digits (RFC 1035, 5.1).
    static func printable(_ byte: UInt8) -> [UInt8] {
        guard (0x21...0x7E).contains(byte), byte != 0x5C else {
            return [0x5C, 0x30 + byte / 100, 0x30 + byte / 10 % 10, 0x30 + byte % 10]
        }
        return [byte]
    }
}

/// What is asked for of a name.
package enum DNSRecordType: UInt16, Sendable, Hashable, CaseIterable {
    case a = 1
    case ns = 2
    case cname = 5
    case soa = 6
    case ptr = 12
    case mx = 15
    case txt = 16
    case aaaa = 28
    case srv = 33
    case caa = 257

    package var word: String {
        switch self {
        case .a: "A"
        case .ns: "NS"
        case .cname: "CNAME"
        case .soa: "SOA"
        case .ptr: "PTR"
        case .mx: "MX"
        case .txt: "TXT"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        case .caa: "CAA"
        }
    }

    /// Whether its data holds names, whose case and final dot mean nothing.
    package var holdsNames: Bool {
        switch self {
        case .ns, .cname, .soa, .ptr, .mx, .srv: true
        case .a, .txt, .aaaa, .caa: false
        }
    }

    /// In any case; `SPF` is TXT, where such policies are (RFC 7208, 3.1).
    package init?(word: String) {
        let word = word.uppercased()
        if word == "SPF" {
            self = .txt
            return
        }
        guard let known = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = known
    }
}

/// What a server says came of a question (RFC 1035, 4.1.1; RFC 6895, 2.3).
package struct DNSCode: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let number: UInt16

    package static let noError = DNSCode(number: 0)
    package static let malformed = DNSCode(number: 1)
    package static let noSuchName = DNSCode(number: 3)
    package static let notImplemented = DNSCode(number: 4)

    private static let words = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET",
        "NXRRSET", "NOTAUTH", "NOTZONE",
    ]
    private static let badVersion: UInt16 = 16

    package init(number: UInt16) { self.number = number }

    /// In any case.
    package init?(word: String) {
        let word = word.uppercased()
        if word == "BADVERS" {
            number = Self.badVersion
        } else if let known = Self.words.firstIndex(of: word) {
            number = UInt16(known)
        } else {
            return nil
        }
    }

    package static var knownWords: [String] { words + ["BADVERS"] }

    package static func < (left: DNSCode, right: DNSCode) -> Bool { left.number < right.number }

    package var description: String {
        if number == Self.badVersion { return "BADVERS" }
        return Int(number) < Self.words.count ? Self.words[Int(number)] : "RCODE\(number)"
    }
}

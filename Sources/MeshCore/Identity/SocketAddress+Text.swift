extension SocketAddress {
    /// An address written in numbers: `192.0.2.1` (four decimal parts, no leading zeros, which some
    /// read as octal) or `2001:db8::1` (RFC 4291, 2.2). `nil` for anything else, a scoped address
    /// (`fe80::1%eth0`) among it.
    package init?(numericHost text: String, port: UInt16) {
        if let ipv4 = Self.ipv4(Substring(text)) {
            self.init(ipv4: ipv4, port: port)
        } else if let host = Self.ipv6(text) {
            self.init(host: host, port: port)
        } else {
            return nil
        }
    }

    /// Byte by byte: every look at an address in numbers begins here.
    private static func ipv4(_ text: Substring) -> UInt32? {
        var address: UInt32 = 0
        var dots = 0
        var part: UInt32?
        for byte in text.utf8 {
            if byte == 0x2E {
                guard let whole = part, dots < 3 else { return nil }
                address = address << 8 | whole
                dots += 1
                part = nil
            } else {
                guard isDigit(byte), part != 0 else { return nil }
                let value = (part ?? 0) * 10 + UInt32(byte - 0x30)
                guard value <= 255 else { return nil }
                part = value
            }
        }
        guard dots == 3, let last = part else { return nil }
        return address << 8 | last
    }

    private static func ipv6(_ text: String) -> Bytes16? {
        guard (2...45).contains(text.utf8.count) else { return nil }
        var halves: [[UInt16]] = []
        let sides = text.split(separator: "::", omittingEmptySubsequences: false)
        guard (1...2).contains(sides.count) else { return nil }
        for (index, side) in sides.enumerated() {
            guard let words = words(side, mayEndInIPv4: index == sides.count - 1) else {
                return nil
            }
            halves.append(words)
        }
        let given = halves.reduce(0) { $0 + $1.count }
        // `::` stands for at least one group.
        guard sides.count == 1 ? given == 8 : given <= 7 else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - given)
        let groups = halves[0] + zeros + (halves.count == 2 ? halves[1] : [])
        let word = { (half: ArraySlice<UInt16>) in half.reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        }
        return Bytes16(high: word(groups[..<4]), low: word(groups[4...]))
    }

    private static func words(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var words: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, let tail = ipv4(part) {
                words += [UInt16(tail >> 16), UInt16(truncatingIfNeeded: tail)]
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexadecimal),
                let word = UInt16(part, radix: 16)
            else { return nil }
            words.append(word)
        }
        return words
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
    }
}

/// Where datagrams and streams go: an IPv6 address and a port. An IPv4 address is kept in its
/// mapped form, ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that there is one kind to compare.
package struct SocketAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    package var host: Bytes16
    package var port: UInt16

    private static let mappedPrefix: UInt64 = 0xFFFF << 32

    package init(host: Bytes16, port: UInt16) {
        self.host = host
        self.port = port
    }

    package init(ipv4: UInt32, port: UInt16) {
        host = Bytes16(high: 0, low: Self.mappedPrefix | UInt64(ipv4))
        self.port = port
    }

    package var isIPv4: Bool { host.high == 0 && host.low >> 32 == 0xFFFF }

    /// What nobody can be reached at: the unspecified address, or port 0.
    package var isUnspecified: Bool {
        port == 0 || host == .zero || (isIPv4 && host.low == Self.mappedPrefix)
    }

    package static func < (left: SocketAddress, right: SocketAddress) -> Bool {
        left.host == right.host ? left.port < right.port : left.host < right.host
    }

    /// `a.b.c.d:port`, or `[…]:port` with the IPv6 text of RFC 5952.
    package var description: String {
        isIPv4 ? "\(hostText):\(port)" : "[\(hostText)]:\(port)"
    }

    /// The address alone, without brackets.
    package var hostText: String {
        if isIPv4 {
            let quad = [24, 16, 8, 0].map { String(host.low >> $0 & 0xFF) }
            return quad.joined(separator: ".")
        }
        let groups = (0..<8).map { group in
            let word = group < 4 ? host.high : host.low
            return word >> (48 - 16 * UInt64(group & 3)) & 0xFFFF
        }
        let zeros = Self.longestZeroRun(in: groups)
        let text = { (range: Range<Int>) in
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard zeros.count >= 2 else { return text(0..<8) }
        return "\(text(0..<zeros.lowerBound))::\(text(zeros.upperBound..<8))"
    }

    /// Of several longest runs the first, as RFC 5952 4.2.3 has it.
    private static func longestZeroRun(in groups: [UInt64]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for (position, group) in groups.enumerated() {
            if group != 0 { start = position + 1 }
            if position + 1 - start > longest.count { longest = start..<position + 1 }
        }
        return longest
    }
}

extension ByteWriter {
    /// 6 or 18 bytes after a byte that says which, so that IPv4 costs no more than it must.
    package mutating func write(_ address: SocketAddress) {
        if address.isIPv4 {
            write(4 as UInt8)
            write(UInt32(truncatingIfNeeded: address.host.low))
        } else {
            write(6 as UInt8)
            write(address.host)
        }
        write(address.port)
    }
}

extension ByteReader {
    package mutating func readSocketAddress() throws(DecodeError) -> SocketAddress {
        switch try readUInt8() {
        case 4:
            return SocketAddress(ipv4: try readUInt32(), port: try readUInt16())
        case 6:
            let address = SocketAddress(host: try readBytes16(), port: try readUInt16())
            // A mapped address has one encoding, the short one.
            guard !address.isIPv4 else { throw .invalid }
            return address
        default:
            throw .invalid
        }
    }
}

import MeshCore

/// An ICMP echo message of either family (RFC 792; RFC 4443, 4): eight bytes of header, then what
/// the sender likes, which the answer repeats.
///
/// What we send begins with a mark: a random token of the attempt and the packet's number in it. A
/// host hears the answers to everybody's pings, and identifier and sequence are 32 bits that anyone
/// can guess; only what has our token counts.
package struct EchoMessage: Sendable, Hashable {
    package static let headerByteCount = 8
    /// Token, number, and zeros up to a multiple of eight.
    package static let markByteCount = 16

    package enum Kind: Sendable, Hashable {
        case request, reply
    }

    package var kind: Kind
    package var identifier: UInt16
    package var sequence: UInt16
    /// `nil` if there is not enough to hold one: routers need quote no more than a header.
    package var mark: Mark?

    package struct Mark: Sendable, Hashable {
        package var token: UInt64
        /// Which of the attempt's packets, from 0.
        package var number: UInt16

        package init(token: UInt64, number: UInt16) {
            self.token = token
            self.number = number
        }
    }

    /// A request with `size` bytes after its header. The checksum is IPv4's; of ICMPv6 it covers
    /// addresses, which the kernel alone knows, and is the kernel's to fill in.
    package static func request(
        isIPv4: Bool, identifier: UInt16, sequence: UInt16, mark: Mark, size: Int
    ) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: headerByteCount + size)
        writer.write((isIPv4 ? 8 : 128) as UInt8)
        writer.write(0 as UInt8)
        writer.write(0 as UInt16)
        writer.write(identifier)
        writer.write(sequence)
        writer.write(mark.token)
        writer.write(mark.number)
        writer.writeRaw([0, 0, 0, 0, 0, 0])
        var bytes = writer.bytes
        // A pattern, so that a link that corrupts runs of one byte is found out.
        for place in bytes.count..<max(bytes.count, headerByteCount + size) {
            bytes.append(UInt8(truncatingIfNeeded: place))
        }
        guard isIPv4 else { return bytes }
        let sum = checksum(of: bytes[...])
        bytes[2] = UInt8(truncatingIfNeeded: sum >> 8)
        bytes[3] = UInt8(truncatingIfNeeded: sum)
        return bytes
    }

    /// An echo message in `range`; `nil` if there is none. `hasHeader`: an IPv4 header comes before
    /// it, as raw sockets hear it. `isChecked`: the kernel has looked at the checksum already, or it
    /// is a quotation that need not be whole.
    package init?(
        _ bytes: [UInt8], in range: Range<Int>, isIPv4: Bool, hasHeader: Bool, isChecked: Bool
    ) {
        var start = range.lowerBound
        if hasHeader {
            guard range.count >= 20, bytes[start] >> 4 == 4 else { return nil }
            let count = Int(bytes[start] & 15) * 4
            guard count >= 20 else { return nil }
            start += count
        }
        guard start + Self.headerByteCount <= range.upperBound, bytes[start + 1] == 0 else {
            return nil
        }
        switch (bytes[start], isIPv4) {
        case (8, true), (128, false): kind = .request
        case (0, true), (129, false): kind = .reply
        default: return nil
        }
        let message = bytes[start..<range.upperBound]
        if isIPv4, !isChecked, Self.checksum(of: message) != 0 { return nil }
        func number<Number: FixedWidthInteger>(at offset: Int, as: Number.Type) -> Number {
            message[(start + offset)...].prefix(Number.bitWidth / 8)
                .reduce(0) { $0 << 8 | Number($1) }
        }
        identifier = number(at: 4, as: UInt16.self)
        sequence = number(at: 6, as: UInt16.self)
        guard message.count >= Self.headerByteCount + Self.markByteCount else { return }
        mark = Mark(
            token: number(at: 8, as: UInt64.self), number: number(at: 16, as: UInt16.self))
    }

    /// The Internet checksum (RFC 1071); 0 over a message that has the right one.
    package static func checksum(of bytes: ArraySlice<UInt8>) -> UInt16 {
        var sum: UInt64 = 0
        var place = bytes.startIndex
        while place + 1 < bytes.endIndex {
            sum += UInt64(bytes[place]) << 8 | UInt64(bytes[place + 1])
            place += 2
        }
        if place < bytes.endIndex { sum += UInt64(bytes[place]) << 8 }
        while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}

/// Why a packet did not reach its target, in words (RFC 792; RFC 4443, 3).
package enum EchoRefusal {
    /// What the router, or the target, says of it.
    package static func words(isIPv4: Bool, type: UInt8, code: UInt8) -> String {
        isIPv4 ? words4(type, code) : words6(type, code)
    }

    private static func words4(_ type: UInt8, _ code: UInt8) -> String {
        switch (type, code) {
        case (3, 0), (3, 6): "network unreachable"
        case (3, 1), (3, 7): "host unreachable"
        case (3, 2): "protocol unreachable"
        case (3, 3): "port unreachable"
        case (3, 4): "packet too big"
        case (3, 9), (3, 10), (3, 13): "administratively prohibited"
        case (3, _): "destination unreachable, code \(code)"
        case (11, _): "time to live exceeded"
        case (5, _): "redirected"
        default: "refused with ICMP type \(type), code \(code)"
        }
    }

    private static func words6(_ type: UInt8, _ code: UInt8) -> String {
        switch (type, code) {
        case (1, 0): "no route to the destination"
        case (1, 1): "administratively prohibited"
        case (1, 3): "host unreachable"
        case (1, 4): "port unreachable"
        case (1, 5): "source address refused by policy"
        case (1, 6): "route rejected"
        case (1, _): "destination unreachable, code \(code)"
        case (2, _): "packet too big"
        case (3, _): "hop limit exceeded"
        default: "refused with ICMPv6 type \(type), code \(code)"
        }
    }
}

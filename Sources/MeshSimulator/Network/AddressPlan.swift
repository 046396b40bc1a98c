package import MeshCore

/// Where processes and outsiders listen. A process's number is in its address, so that finding the
/// receiver of a datagram is arithmetic.
package enum AddressPlan {
    package static let port: UInt16 = 7_990
    private static let processNetwork: UInt64 = 10 << 24
    private static let outsiderNetwork: UInt32 = 192 << 24 | 2 << 8
    private static let ephemeralPort: UInt16 = 40_000

    package static func address(ofProcess process: Int) -> SocketAddress {
        precondition(
            (0..<1 << 24).contains(process), "expected a process number that fits 10.0.0.0/8")
        return SocketAddress(ipv4: UInt32(processNetwork) | UInt32(process), port: port)
    }

    /// Where a stream that this process opened comes from, as its peer sees it.
    static func streamSource(ofProcess process: Int) -> SocketAddress {
        var address = address(ofProcess: process)
        address.port = ephemeralPort
        return address
    }

    /// 192.0.2.0/24 (RFC 5737): attackers, and later targets and receivers.
    package static func address(ofOutsider outsider: Int) -> SocketAddress {
        SocketAddress(ipv4: outsiderNetwork | UInt32(truncatingIfNeeded: outsider), port: port)
    }

    /// `nil` if no process could ever listen there.
    static func process(at address: SocketAddress) -> Int? {
        guard address.port == port, address.isIPv4 else { return nil }
        let word = address.host.low & 0xFFFF_FFFF
        guard word >> 24 == processNetwork >> 24 else { return nil }
        return Int(word & 0xFF_FFFF)
    }
}

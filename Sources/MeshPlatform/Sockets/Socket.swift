import CLinux
import Glibc
package import MeshCore

/// What every socket begins with: made non-blocking and closed on exec, its options, its address.
package enum Socket {
    package enum Kind {
        case datagram, stream
    }

    /// A socket that can be bound to `address`, or reach it.
    package static func open(
        _ kind: Kind, for address: SocketAddress
    ) throws(SystemError) -> FileDescriptor {
        let type = kind == .datagram ? SOCK_DGRAM.rawValue : SOCK_STREAM.rawValue
        let flags = SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        return FileDescriptor(
            owning: try systemCall("socket for \(address)") {
                socket(address.family, CInt(type | flags), 0)
            })
    }

    /// Binds, `[::]` to both families and any other IPv6 address to its own alone, and answers
    /// where: with the port that the system chose, if that was left to it.
    static func bind(
        _ descriptor: borrowing FileDescriptor, to address: SocketAddress
    ) throws(SystemError) -> SocketAddress {
        let number = descriptor.number
        if !address.isIPv4 {
            let isOwnOnly: CInt = address.host == .zero ? 0 : 1
            try setOption(number, CInt(IPPROTO_IPV6), IPV6_V6ONLY, isOwnOnly, "IPV6_V6ONLY")
        }
        try systemCall("bind \(address)") { clinux_bind(number, address.family, address.flat) }
        return try localAddress(number)
    }

    package static func localAddress(_ number: CInt) throws(SystemError) -> SocketAddress {
        var flat = clinux_address()
        // Writes our own variable.
        try systemCall("getsockname") { unsafe clinux_local_address(number, &flat) }
        return SocketAddress(flat)
    }

    static func setOption(
        _ number: CInt, _ level: CInt, _ option: CInt, _ value: CInt, _ name: StaticString
    ) throws(SystemError) {
        var value = value
        try systemCall("setsockopt \(name)") {
            // Reads one integer, our own.
            unsafe setsockopt(number, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
        }
    }

    /// Asks for buffers of so many bytes. The kernel gives what `net.core.?mem_max` allows, and more
    /// only to root.
    static func enlargeBuffers(_ number: CInt, to byteCount: CInt) throws(SystemError) {
        for option in [SO_RCVBUF, SO_SNDBUF] {
            try setOption(number, SOL_SOCKET, option, byteCount, "SO_RCVBUF")
        }
        for option in [SO_RCVBUFFORCE, SO_SNDBUFFORCE] {
            // EPERM for whoever is not root.
            try? setOption(number, SOL_SOCKET, option, byteCount, "SO_RCVBUFFORCE")
        }
    }

    /// The error that waits at the socket, which reading takes away; 0 if none does.
    package static func takeError(_ number: CInt) -> CInt {
        var code: CInt = 0
        var count = socklen_t(MemoryLayout<CInt>.size)
        // Writes one integer and its size, our own.
        let answer = unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &count)
        return answer == 0 ? code : errno
    }
}

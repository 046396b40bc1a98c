import CLinux
package import Glibc
package import MeshCore

// Between the core's one kind of address and the kernel's two. The bytes are moved in C, where the
// structures of both families and the room for either can be said without casting pointers.
//
// An IPv6 scope (`%eth0`) is not kept: members say addresses to one another, and a scope means
// something on one machine only.

extension SocketAddress {
    init(_ flat: clinux_address) {
        self.init(host: Bytes16(high: flat.high, low: flat.low), port: flat.port)
    }

    var flat: clinux_address {
        clinux_address(high: host.high, low: host.low, port: port)
    }

    /// AF_INET for an IPv4 address, AF_INET6 for any other.
    package var family: CInt { isIPv4 ? AF_INET : AF_INET6 }

    /// Reads `count` bytes, which must be readable. `nil` if they are neither family in full.
    @unsafe package init?(native: UnsafePointer<sockaddr>, count: socklen_t) {
        var flat = clinux_address()
        // Reads at most `count` bytes, which the caller vouches for; writes our own variable.
        guard unsafe clinux_address_read(native, count, &flat) == 1 else { return nil }
        self.init(flat)
    }

    /// Lends this address as the kernel has it, and its length, for one call. `family` is the
    /// socket's: an IPv4 address may go to an AF_INET6 socket. Expects AF_INET only for IPv4.
    package func withNative<Result>(
        family: CInt? = nil, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var storage = sockaddr_storage()
        // Writes our own variable, which has room for every family.
        let count = unsafe clinux_address_write(flat, family ?? self.family, &storage)
        precondition(count > 0, "expected a family that can say \(self)")
        // A sockaddr_storage begins as a sockaddr does: that is what it is for.
        return unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { native in
                unsafe body(native, count)
            }
        }
    }
}

import Glibc
package import MeshCore
import MeshPlatform

/// What this machine says of itself.
package enum Machine {
    /// A variable of this process's environment; `nil` if it is not set or not UTF-8.
    package static func variable(_ name: String) -> String? {
        // Answers text that lives until somebody changes the environment, which this program never
        // does; it is copied at once.
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(validatingCString: value)
    }

    /// Whether this process may run what is at `path`.
    package static func isProgram(_ path: String) -> Bool {
        var information = stat()
        // Both read the path, which is lent for the call; one fills our own structure.
        guard unsafe access(path, X_OK) == 0, unsafe stat(path, &information) == 0 else {
            return false
        }
        return information.st_mode & S_IFMT == S_IFREG
    }

    package static var hostName: String? {
        var name = [CChar](repeating: 0, count: 256)
        // Writes at most one byte less than the array has, so that a zero always ends it.
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return nil }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(validating: bytes, as: UTF8.self)
    }

    /// From which address this machine would send to `peer`, or, without one, to the world; the
    /// loopback address where it has no other way out. Nothing is sent: connecting a datagram
    /// socket only asks the routing table.
    package static func sourceAddress(
        towards peer: SocketAddress?, isIPv4: Bool
    ) -> SocketAddress? {
        // Addresses of documentation (RFC 5737, RFC 3849): routed as any other, and nobody's.
        let world = SocketAddress(
            numericHost: isIPv4 ? "192.0.2.1" : "2001:db8::1", port: 7_946)
        let own = SocketAddress(numericHost: isIPv4 ? "127.0.0.1" : "::1", port: 7_946)
        return [peer, world, own].lazy.compactMap(\.self).compactMap(source).first
    }

    private static func source(towards target: SocketAddress) -> SocketAddress? {
        let type = CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        let number = socket(target.family, type, 0)
        guard number >= 0 else { return nil }
        let descriptor = FileDescriptor(owning: number)
        let isConnected = unsafe target.withNative { native, count in
            // Reads the address that is lent for this call.
            unsafe connect(descriptor.number, native, count) == 0
        }
        guard isConnected else { return nil }
        var storage = sockaddr_storage()
        var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        // A sockaddr_storage has room for every family and begins as a sockaddr does.
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { native in
                // Writes at most the storage's size, and says how much of it counts.
                guard unsafe getsockname(descriptor.number, native, &count) == 0 else {
                    return nil
                }
                return unsafe SocketAddress(native: native, count: count)
            }
        }
    }
}

import Glibc
import MeshCore
import MeshPlatform

/// Which of a host's addresses this machine can send to at all (RFC 6724, rule 1): a machine
/// without IPv6 must not try it first, nor take its own lack of a route for the host's fault.
enum Route {
    /// Those with a route; all of them if none has one.
    static func reachable(_ hosts: [SocketAddress]) -> [SocketAddress] {
        guard hosts.count > 1 else { return hosts }
        let reachable = hosts.filter(exists)
        return reachable.isEmpty ? hosts : reachable
    }

    /// Asks the kernel by connecting a datagram socket, which sends nothing.
    private static func exists(to host: SocketAddress) -> Bool {
        guard let descriptor = try? Socket.open(.datagram, for: host) else { return false }
        let discard = SocketAddress(host: host.host, port: 9)
        return unsafe discard.withNative { native, count in
            // Reads one address for the length of the call.
            unsafe connect(descriptor.number, native, count) == 0
        }
    }
}

/// When the files that say how names are resolved were last changed.
struct ConfigurationStamp: Equatable {
    private var seconds: [Int] = []

    static var now: ConfigurationStamp {
        var stamp = ConfigurationStamp()
        for path in ["/etc/resolv.conf", "/etc/nsswitch.conf"] {
            var status = stat()
            // Writes one structure, our own.
            let answer = unsafe stat(path, &status)
            stamp.seconds.append(answer == 0 ? status.st_mtim.tv_sec : -1)
        }
        return stamp
    }
}

import Glibc
import MeshChecks
import MeshConfiguration
import MeshCore
import MeshPlatform

/// What this machine, rather than the file, would forbid a node.
enum MachineWarnings {
    /// Descriptors that a node with a few hundred checks under way can use.
    private static let descriptorsWanted: UInt64 = 1_024

    static func of(_ configuration: Configuration) -> [Finding] {
        [descriptors].compactMap(\.self) + pings(of: configuration.checks.map(\.kind))
    }

    private static var descriptors: Finding? {
        var limit = rlimit()
        // Fills the structure that it is given and keeps nothing.
        let answer = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard answer == 0, limit.rlim_max < descriptorsWanted else { return nil }
        return finding(
            "allows \(limit.rlim_max) open files, below \(descriptorsWanted): raise ulimit -Hn")
    }

    /// One for each family that `icmp` checks need and that has no socket for them. Such a check
    /// would abstain: it says nothing about its target.
    private static func pings(of kinds: [CheckKind]) -> [Finding] {
        var counts: [IPVersion: Int] = [:]
        for kind in kinds {
            guard case .icmp(let check) = kind else { continue }
            let literal = SocketAddress(numericHost: check.target, port: 0)
            let usual = literal.map { $0.isIPv4 ? IPVersion.four : .six }
            counts[check.version ?? usual ?? .four, default: 0] += 1
        }
        return IPVersion.allCases.compactMap { version in
            guard let count = counts[version] else { return nil }
            do throws(SystemError) {
                _ = try EchoSocket.kind(isIPv4: version == .four)
                return nil
            } catch {
                let whom = ValidateCommand.count(count, "icmp check")
                guard error.code == EPERM || error.code == EACCES else {
                    return finding(
                        "has no ICMP over IPv\(version.rawValue), which \(whom) would use:"
                            + " \(SystemError.words(of: error.code))")
                }
                return finding(
                    "forbids this user the ICMP sockets that \(whom) would use, which would abstain:"
                        + " set the sysctl net.ipv4.ping_group_range to \"0 2147483647\", or give"
                        + " the program the capability CAP_NET_RAW")
            }
        }
    }

    private static func finding(_ message: String) -> Finding { Finding("this machine", message) }
}

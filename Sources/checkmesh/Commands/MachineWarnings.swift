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

    /// Of `icmp` checks that would get no socket here. Such a check would abstain: it says nothing
    /// about its target.
    private static func pings(of kinds: [CheckKind]) -> [Finding] {
        var counts: [IPVersion: Int] = [:]
        for kind in kinds {
            guard case .icmp(let check) = kind else { continue }
            let literal = SocketAddress(numericHost: check.target, port: 0)
            let usual = literal.map { $0.isIPv4 ? IPVersion.four : .six }
            counts[check.version ?? usual ?? .four, default: 0] += 1
        }
        var findings: [Finding] = []
        var forbiddenCount = 0
        for version in IPVersion.allCases {
            guard let count = counts[version] else { continue }
            do throws(SystemError) {
                _ = try EchoSocket.kind(isIPv4: version == .four)
            } catch {
                if error.code == EPERM || error.code == EACCES {
                    forbiddenCount += count
                    continue
                }
                findings.append(
                    finding(
                        "has no ICMP over IPv\(version.rawValue), which"
                            + " \(ValidateCommand.count(count, "icmp check")) would use:"
                            + " \(SystemError.words(of: error.code))"))
            }
        }
        guard forbiddenCount > 0 else { return findings }
        let whom = ValidateCommand.count(forbiddenCount, "icmp check")
        let message =
            "forbids this user the ICMP sockets that \(whom) would use, which would abstain:"
            + " set the sysctl net.ipv4.ping_group_range to \"0 2147483647\", or give the program"
            + " the capability CAP_NET_RAW"
        return findings + [finding(message)]
    }

    private static func finding(_ message: String) -> Finding { Finding("this machine", message) }
}

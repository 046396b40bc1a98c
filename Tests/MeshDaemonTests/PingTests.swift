import Glibc
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

/// `checkmesh check` in a network of its own, whose packets are lost and refused as the test says,
/// with each kind of ICMP socket that a machine may allow.
@Suite(.enabled(if: PrivateNetwork.isPossible, "needs root, unshare, setpriv, ip and nft"))
struct PingTests {
    private static let file = """
        {"mesh": {"name": "lab", "secret": "0123456789abcdef0123456789abcdef"},
         "defaults": {"timeout": "800ms"},
         "checks": [
         {"name": "four", "type": "icmp", "target": "127.0.0.1", "spacing": "10ms"},
         {"name": "six", "type": "icmp", "target": "::1", "spacing": "10ms"},
         {"name": "two-may-go", "type": "icmp", "target": "127.0.0.2", "spacing": "10ms", "max_loss": 2},
         {"name": "three-may-go", "type": "icmp", "target": "127.0.0.3", "spacing": "10ms", "max_loss": 3},
         {"name": "half-may-go", "type": "icmp", "target": "127.0.0.4", "spacing": "10ms", "max_loss": "59%"},
         {"name": "most-may-go", "type": "icmp", "target": "127.0.0.5", "spacing": "10ms", "max_loss": "60%"},
         {"name": "all-but-one", "type": "icmp", "target": "127.0.0.6", "spacing": "10ms"},
         {"name": "unreachable", "type": "icmp", "target": "127.0.0.9", "spacing": "10ms"},
         {"name": "prohibited", "type": "icmp", "target": "127.0.0.10", "spacing": "10ms"},
         {"name": "unreachable-six", "type": "icmp", "target": "fd00::9", "spacing": "10ms"},
         {"name": "silent", "type": "icmp", "target": "127.0.0.11", "spacing": "10ms"},
         {"name": "own-firewall", "type": "icmp", "target": "127.0.0.12", "spacing": "10ms"},
         {"name": "no-route", "type": "icmp", "target": "192.0.2.9", "spacing": "10ms"}
        ]}
        """

    private static let seen = [
        "four": "up: -", "six": "up: -", "two-may-go": "down: 3 of 5 packets lost",
        "three-may-go": "up: -", "half-may-go": "down: 3 of 5 packets lost",
        "most-may-go": "up: -", "all-but-one": "up: -",
        "unreachable": "down: 5 of 5 packets lost: host unreachable",
        "prohibited": "down: 5 of 5 packets lost: administratively prohibited",
        "unreachable-six": "down: 5 of 5 packets lost: host unreachable",
        "silent": "down: 5 of 5 packets lost",
        "own-firewall": "unknown: this machine has no route, socket or memory for it",
        "no-route": "unknown: this machine has no route, socket or memory for it",
    ]

    private let network: PrivateNetwork

    init() throws { network = try PrivateNetwork(Self.file) }

    @Test func `an unprivileged user pings over datagram sockets where its group may`() throws {
        #expect(try network.check(groups: "0 2147483647", asNobody: true) == Self.seen)
    }

    @Test func `where no group may, root pings over raw sockets`() throws {
        #expect(try network.check(groups: "1 0", asNobody: false) == Self.seen)
    }

    @Test func `who may neither abstains about every target, and validate says the remedy`() throws
    {
        let seen = try network.check(groups: "1 0", asNobody: true)
        #expect(seen.count == Self.seen.count)
        #expect(seen.values.allSatisfy { $0.hasPrefix("unknown: ") })
        let told = try network.run("validate", groups: "1 0", asNobody: true)
        #expect(told.contains("forbids this user the ICMP sockets that 13 icmp checks would use"))
        #expect(told.contains("net.ipv4.ping_group_range"))
        let content = try network.run("validate", groups: "0 2147483647", asNobody: true)
        #expect(content.contains("is valid") && !content.contains("ICMP"))
    }
}

/// A folder that everybody may read, with a configuration and how to make a network for it.
private final class PrivateNetwork {
    static var isPossible: Bool {
        guard geteuid() == 0 else { return false }
        let programs = ["unshare", "setpriv", "ip", "nft", "sysctl"]
        let script = programs.map { "command -v \($0)" }.joined(separator: " && ")
        // Reads a text of our own; a shell runs it to its end.
        return unsafe system("{ \(script) && unshare --net true; } >/dev/null 2>&1") == 0
    }

    /// Of five packets to 127.0.0.2 to .6 the first, the third and the fifth are lost.
    private static let rules = """
        table inet lab {
          chain arriving {
            type filter hook input priority 0;
            \((2...6).map { "ip daddr 127.0.0.\($0) icmp type echo-request numgen inc mod 2 == 0 drop" }
                .joined(separator: "\n    "))
            ip daddr 127.0.0.9 icmp type echo-request reject with icmp type host-unreachable
            ip daddr 127.0.0.10 icmp type echo-request reject with icmp type admin-prohibited
            ip6 daddr fd00::9 icmpv6 type echo-request reject with icmpv6 type addr-unreachable
            ip daddr 127.0.0.11 icmp type echo-request drop
          }
          chain leaving {
            type filter hook output priority 0;
            ip daddr 127.0.0.12 drop
          }
        }
        """

    private let folder: TemporaryDirectory

    init(_ configuration: String) throws {
        folder = try TemporaryDirectory()
        // Reads a path of our own.
        _ = unsafe chmod(folder.path, 0o755)
        let script = """
            export PATH=$PATH:/usr/sbin:/sbin
            ip link set lo up && ip addr add fd00::9/128 dev lo && ip addr add fd00::1/128 dev lo
            sysctl -qw "net.ipv4.ping_group_range=$1" && nft -f \(folder.path)/rules || exit 9
            shift
            exec "$@"
            """
        for (name, text) in [("mesh.json", configuration), ("rules", Self.rules), ("in", script)] {
            try AtomicFile.write(Array(text.utf8), to: "\(folder.path)/\(name)", mode: 0o644)
        }
    }

    /// What the command has printed once it has ended.
    func run(_ command: String, groups: String, asNobody: Bool) throws -> String {
        let nobody = [
            "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
            "--bounding-set=-all", "--inh-caps=-all",
        ]
        let output = "\(folder.path)/\(command)-\(asNobody)-\(groups.utf8.count)"
        let process = try ChildProcess(
            "/usr/bin/unshare",
            ["--net", "sh", "\(folder.path)/in", groups] + (asNobody ? nobody : [])
                + [ChildProcess.sibling("checkmesh"), "-c", "\(folder.path)/mesh.json", command],
            output: output)
        let end = SystemClock.now + .seconds(20)
        while process.end() == nil, SystemClock.now < end { usleep(20_000) }
        try #require(process.end() != nil)
        return process.output
    }

    /// State and reason of every check, by its name.
    func check(groups: String, asNobody: Bool) throws -> [String: String] {
        var seen: [String: String] = [:]
        let lines = try run("check", groups: groups, asNobody: asNobody).split(separator: "\n")
        for line in lines.dropFirst() {
            // NAME STATE TIME ms TARGET REASON
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count >= 6 else { continue }
            seen[String(words[0])] = "\(words[1]): \(words[5...].joined(separator: " "))"
        }
        return seen
    }
}

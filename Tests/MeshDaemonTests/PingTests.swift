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
        "four": "up: -", "six": "up: -", "two-may-go": "down: 3 of 5 packets lost, 2 may be",
        "three-may-go": "up: -", "half-may-go": "down: 3 of 5 packets lost, 59% may be",
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

    @Test(.enabled(if: PrivateNetwork.hasPython, "needs python3"), arguments: [true, false])
    func `answers that are a stranger's, or to another packet, never count`(isNobody: Bool) throws {
        let lies = [
            "right": "up: -", "token": "down: 5 of 5 packets lost",
            "number": "down: 5 of 5 packets lost", "sequence": "down: 5 of 5 packets lost",
            "sender": "down: 5 of 5 packets lost", "checksum": "down: 5 of 5 packets lost",
            "short": "down: 5 of 5 packets lost", "first": "down: 4 of 5 packets lost, none may be",
        ]
        let targets = [
            "", "right", "token", "number", "sequence", "sender", "checksum", "short", "first",
        ]
        let checks = targets.enumerated().dropFirst().map { place, name in
            """
            {"name": "\(name)", "type": "icmp", "target": "127.0.1.\(place)", "spacing": "10ms",
             "timeout": "800ms", "max_loss": 0}
            """
        }
        let network = try PrivateNetwork(
            """
            {"mesh": {"name": "lab", "secret": "0123456789abcdef0123456789abcdef"},
             "checks": [\(checks.joined(separator: ",\n"))]}
            """, answering: true)
        let groups = isNobody ? "0 2147483647" : "1 0"
        #expect(try network.check(groups: groups, asNobody: isNobody) == lies)
    }

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
        let programs = ["setsid", "unshare", "setpriv", "ip", "nft", "sysctl"]
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

    static var hasPython: Bool {
        // Reads a path of our own.
        unsafe access("/usr/bin/python3", X_OK) == 0
    }

    /// Answers pings in the kernel's place, each target's in its own way.
    private static let answering = """
        os, socket, struct, sys = map(__import__, ("os", "socket", "struct", "sys"))

        open("/proc/sys/net/ipv4/icmp_echo_ignore_all", "w").write("1")
        heard = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        firsts = {}
        if os.fork() == 0:
            while True:
                packet, peer = heard.recvfrom(4096)
                target, asked = packet[16:20], packet[20:]
                if asked[0] != 8 or len(asked) < 24:
                    continue
                way = target[3]
                answer = bytearray(asked)
                answer[0] = 0
                sender = socket.inet_ntoa(target)
                if way == 2: answer[8] ^= 1
                if way == 3: answer[17] ^= 8
                if way == 4: answer[7] ^= 8
                if way == 5: sender = "127.0.2.1"
                if way == 7: answer = answer[:20]
                if way == 8: answer = bytearray(firsts.setdefault(target, bytes(answer)))
                answer[2:4] = b"\\0\\0"
                total = sum(struct.unpack(f">{len(answer) // 2}H", answer))
                while total >> 16: total = (total & 0xFFFF) + (total >> 16)
                answer[2:4] = struct.pack(">H", (~total & 0xFFFF) ^ (way == 6))
                with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as line:
                    line.bind((sender, 0))
                    line.sendto(bytes(answer), peer)
        """

    private let folder: TemporaryDirectory

    init(_ configuration: String, answering: Bool = false) throws {
        folder = try TemporaryDirectory()
        // Reads a path of our own.
        _ = unsafe chmod(folder.path, 0o755)
        let script = """
            export PATH=$PATH:/usr/sbin:/sbin
            ip link set lo up && ip addr add fd00::9/128 dev lo && ip addr add fd00::1/128 dev lo
            sysctl -qw "net.ipv4.ping_group_range=$1" && nft -f \(folder.path)/rules || exit 9
            shift
            \(answering ? "python3 \(folder.path)/answering >/dev/null 2>&1" : ":") || exit 9
            "$@"
            # With it ends whoever answers: it is alone in its group.
            trap "" TERM
            kill -TERM 0
            """
        let files = [
            ("mesh.json", configuration), ("rules", Self.rules), ("in", script),
            ("answering", Self.answering),
        ]
        for (name, text) in files {
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
            "/usr/bin/setsid",
            ["--wait", "unshare", "--net", "sh", "\(folder.path)/in", groups]
                + (asNobody ? nobody : [])
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
            // The last line sums up.
            guard words.count >= 6, words[3] == "ms" else { continue }
            seen[String(words[0])] = "\(words[1]): \(words[5...].joined(separator: " "))"
        }
        return seen
    }
}

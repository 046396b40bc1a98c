import MeshChecks
import MeshCore

/// What `checkmesh-bench` was asked for.
struct BenchOptions {
    static let help = """
        usage: checkmesh-bench checks --type dns|http|icmp|tcp|tls --target T --count N
                                      --concurrency C

        Runs a check N times, C at once, as a node does: a new connection for each. Prints one line of
        JSON: checks, failed, seconds, checks_per_second, cpu_seconds_per_1000, max_rss_kib. Exits 1 if
        one failed.

          --type KIND        dns, http, icmp, tcp or tls
          --target TARGET    a URL; HOST:PORT; of icmp a HOST; of dns the server
          --count N          how many checks, 1 to 100,000,000 (default 10,000)
          --concurrency C    how many at once, 1 to 4,096 (default 64)
          --timeout SPAN     of each (default 10s)
          --ca-file FILE     tls: roots in place of the machine's
          --hostname NAME    what dns asks for, an A record (default www.checkmesh.test)
          --packets P        how many icmp sends, 10ms apart, 1 to 20 (default 1, as others do)
        """

    var kind: CheckKind
    var count = 10_000
    var concurrency = 64

    private static let flags = [
        "--type", "--target", "--count", "--concurrency", "--timeout", "--ca-file",
        "--hostname", "--packets",
    ]

    struct UsageError: Error {
        var problem: String
        init(_ problem: String) { self.problem = problem }
    }

    /// `nil` where help was asked for.
    static func parse(_ arguments: [String]) throws(UsageError) -> BenchOptions? {
        if arguments.isEmpty || arguments.contains("--help") || arguments.contains("-h") {
            return nil
        }
        guard arguments[0] == "checks" else {
            throw UsageError("\"\(arguments[0])\" is no benchmark: write checks")
        }
        var values: [String: String] = [:]
        var rest = arguments.dropFirst()
        while let flag = rest.popFirst() {
            guard flags.contains(flag) else { throw UsageError("unknown flag \(flag)") }
            guard let value = rest.popFirst() else { throw UsageError("\(flag) needs a value") }
            values[flag] = value
        }
        guard let type = values["--type"] else { throw UsageError("--type is missing") }
        guard let target = values["--target"] else { throw UsageError("--target is missing") }
        let plan = try plan(values["--timeout"])
        let hostname = values["--hostname"] ?? "www.checkmesh.test"
        let packets = try number(
            values["--packets"] ?? "1", "--packets", ICMPCheck.countRange)
        let trust = values["--ca-file"].map { TLSTrust.file($0) } ?? .system
        var options = BenchOptions(
            kind: try kind(type, target, plan, hostname, packets, trust))
        if let text = values["--count"] {
            options.count = try number(text, "--count", 1...100_000_000)
        }
        if let text = values["--concurrency"] {
            options.concurrency = try number(text, "--concurrency", 1...4_096)
        }
        return options
    }

    private static func number(
        _ text: String, _ flag: String, _ range: ClosedRange<Int>
    ) throws(UsageError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw UsageError(
                "\(flag) \(text): expected \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func plan(_ text: String?) throws(UsageError) -> AttemptPlan {
        guard let text else { return AttemptPlan() }
        guard let span = DurationText(text)?.span, AttemptPlan.timeoutRange.contains(span) else {
            throw UsageError("--timeout \(text): expected 100ms to 2m")
        }
        return AttemptPlan(timeout: span)
    }

    private static func kind(
        _ type: String, _ target: String, _ plan: AttemptPlan, _ hostname: String,
        _ packets: Int, _ trust: TLSTrust
    ) throws(UsageError) -> CheckKind {
        switch type {
        case "dns":
            guard let name = DNSName(hostname) else {
                throw UsageError("--hostname \(hostname): expected a domain name")
            }
            do throws(HostPort.Fault) {
                var check = DNSCheck(name: name)
                check.server = try HostPort(target, usualPort: DNSCheck.port)
                check.attempts = plan
                return .dns(check)
            } catch {
                throw UsageError("--target \(target): \(error)")
            }
        case "icmp":
            guard HostPort.isHost(target) else {
                throw UsageError("--target \(target): expected a name or an address")
            }
            var check = ICMPCheck(target: target)
            check.count = packets
            check.spacing = ICMPCheck.spacingRange.lowerBound
            check.attempts = plan
            return .icmp(check)
        case "http":
            do throws(WebAddress.Fault) {
                var check = HTTPCheck(url: try WebAddress(target))
                check.attempts = plan
                return .http(check)
            } catch {
                throw UsageError("--target \(target): \(error)")
            }
        case "tcp":
            var check = TCPCheck(address: try place(target))
            check.attempts = plan
            return .tcp(check)
        case "tls":
            var check = TLSCheck(address: try place(target))
            check.tls = TLSOptions(trust)
            check.attempts = plan
            return .tls(check)
        default: throw UsageError("--type \(type): expected dns, http, icmp, tcp or tls")
        }
    }

    private static func place(_ target: String) throws(UsageError) -> HostPort {
        do throws(HostPort.Fault) {
            return try HostPort(target)
        } catch {
            throw UsageError("--target \(target): \(error)")
        }
    }
}

import MeshChecks
import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

/// What this machine lets a test do: ICMP sockets take a sysctl or a capability.
private let mayPing = (try? EchoSocket.kind(isIPv4: true)) != nil
private let mayPing6 = (try? EchoSocket.kind(isIPv4: false)) != nil

@Suite(.enabled(if: mayPing, "needs net.ipv4.ping_group_range or CAP_NET_RAW"))
struct ICMPCheckerTests {
    private let bench: CheckBench

    init() throws { bench = try CheckBench() }

    private func ping(
        _ target: String = "127.0.0.1", _ change: (inout ICMPCheck) -> Void = { _ in }
    ) -> CheckKind {
        var check = ICMPCheck(target: target)
        check.spacing = .milliseconds(10)
        change(&check)
        return .icmp(check)
    }

    @Test func `a host that answers is up, with as many packets as were asked for`() throws {
        var results: [LookResult] = []
        bench.runner.look(ping("127.0.0.77")) { results.append($0) }
        try bench.loop.run { !results.isEmpty }
        let result = try #require(results.first)
        #expect(result.observation.outcome == .saw(.up, .none))
        #expect(result.measurements.packetsSent == 5)
        #expect(result.measurements.packetsReceived == 5)
        // The median round trip, and not the forty milliseconds from the first packet to the last.
        #expect(result.observation.latency > .zero)
        #expect(result.observation.latency < .milliseconds(40))
    }

    @Test(.enabled(if: mayPing6)) func `over IPv6 too`() throws {
        #expect(try bench.saw(ping("::1")) == "up: ")
    }
}

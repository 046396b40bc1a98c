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

    @Test func `how many may be lost, and how slow is too slow, is the check's`() throws {
        // Nobody has these: the kernel answers for all of 127.0.0.0/8, but for what is not routed.
        #expect(try bench.saw(ping { $0.count = 1 }) == "up: ")
        #expect(try bench.saw(ping { $0.maxLoss = .packets(0) }) == "up: ")
        #expect(try bench.saw(ping { $0.maxLoss = .percent(0) }) == "up: ")
        #expect(try bench.saw(ping { $0.maxRoundTrip = .seconds(5) }) == "up: ")
        #expect(
            try bench.saw(ping { $0.maxRoundTrip = TimeSpan(nanoseconds: 1) })
                .contains("above 0 ms"))
    }

    @Test(arguments: [16, 56, 1_472]) func `packets may be of any size`(size: Int) throws {
        #expect(try bench.saw(ping { $0.size = size }) == "up: ")
    }

    @Test func `a name is looked up, in the family that was asked for`() throws {
        let names = try NameServer(on: bench.loop) { name, _ in
            name == "two.test" ? .addresses([.loopback, .loopback6], life: 60) : .noSuchName
        }
        let other = try CheckBench(on: bench.loop, servers: names.servers)
        #expect(try other.saw(ping("two.test") { $0.version = .four }) == "up: ")
        if mayPing6 { #expect(try other.saw(ping("two.test") { $0.version = .six }) == "up: ") }
        #expect(
            try other.saw(ping("none.test")) == "down: the name none.test does not exist")
    }

    @Test func `where there is no route it abstains, whatever it was to find out`() throws {
        // Broadcast takes a permission that no check asks for.
        #expect(try bench.saw(ping("255.255.255.255")) == "abstained: noResources")
    }

    @Test func `five hundred targets at once are all answered, over one socket`() throws {
        for host in 1...500 {
            bench.begin(ping("127.0.\(host / 250).\(host % 250 + 1)") { $0.count = 3 })
        }
        #expect(try bench.loop.turn { bench.observations.count == 500 })
        #expect(bench.observations.allSatisfy { $0.outcome == .saw(.up, .none) })
    }

    @Test func `what is taken back says nothing, and later looks are none the wiser`() throws {
        let looks = (0..<50).map { _ in bench.begin(ping()) }
        try bench.loop.turn(waitMax: .zero)
        for look in looks { bench.runner.cancel(look) }
        #expect(bench.runner.lookCount == 0)
        #expect(try bench.saw(ping()) == "up: ")
        #expect(bench.observations.count == 1)
    }
}

import MeshCore
import MeshSimulator
import Testing

/// Every scenario, small: no promise is broken in any. The large and the many are run by
/// `checkmesh-sim --seeds` in a release build.
struct ScenarioTests {
    /// Days of virtual time take minutes in a debug build; `scripts/test` runs them in release.
    static let slow: Set<String> = ["retention", "halves-25h", "one-cut-25h"]

    /// Broken in a known way: `RegressionSeeds` has the seed.
    static let unmended: Set<String> = ["restored-equal"]

    @Test(
        arguments: ScenarioCatalog.membership.map(\.name).filter {
            !slow.contains($0) && !unmended.contains($0)
        })
    func `no promise is broken in a scenario`(name: String) throws {
        for loss in [0, 50_000] {
            let simulation = try run(name, nodes: 5, loss: loss, seed: 11)
            let violations = simulation.log.first.map(\.text)
            #expect(violations.isEmpty, "\(name) at loss \(loss)")
        }
    }

    @Test func `the one of three that is left says that both others are dead`() throws {
        let simulation = try run("three-two-die", nodes: 3)
        #expect(simulation.detections.lastDeath.count == 2)
    }

    @Test func `a node whose UDP is dropped lives on by TCP`() throws {
        let simulation = try run("udp-blocked", nodes: 5)
        #expect(simulation.deaths.reports == 0)
    }

    @Test func `a one-way link kills nobody`() throws {
        #expect(try run("one-way", nodes: 6).deaths.reports == 0)
    }

    @Test func `a flapping link kills nobody`() throws {
        #expect(try run("flapping", nodes: 6).deaths.reports == 0)
    }

    @Test func `of two living clones one stops`() throws {
        let simulation = try run("clone", nodes: 5)
        let identity = simulation.world.processes[5].identity
        let holders = simulation.world.processes.filter { $0.isUp && $0.identity == identity }
        #expect(holders.count == 1)
    }

    @Test func `nothing that an attacker sends is taken`() throws {
        for name in ["forge", "replay"] {
            let simulation = try run(name, nodes: 5)
            #expect(simulation.world.counts.datagramsInjected > 1_000)
            #expect(simulation.log.count == 0)
        }
    }

    @Test func `who was stalled is not held dead for good`() throws {
        let simulation = try run("stall32", nodes: 8)
        #expect(simulation.log.count == 0)
        #expect(simulation.deaths.stalls > 0)
    }

    private func run(
        _ name: String, nodes: Int, loss: Int = 0, seed: UInt64 = 1
    ) throws -> Simulation {
        let scenario = try #require(ScenarioCatalog.scenario(named: name))
        let request = Scenario.Request(
            nodes: nodes, lossPerMillion: loss, duration: .minutes(3), seed: seed)
        let simulation = Simulation(scenario, request)
        _ = simulation.run()
        return simulation
    }
}

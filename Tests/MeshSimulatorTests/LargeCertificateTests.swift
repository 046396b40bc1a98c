import MeshCore
import MeshEngine
import Testing

@testable import MeshSimulator

/// Sixteen owners make certificates that no datagram holds: their word goes round, and each node
/// fetches the proof.
@Suite struct LargeCertificateTests {
    @Test(arguments: [0, 50_000])
    func `a flip that many must confirm is known everywhere within seconds`(loss: Int) throws {
        let scenario = try #require(ScenarioCatalog.scenario(named: "steady"))
        var request = Scenario.Request(
            nodes: 30, lossPerMillion: loss, duration: .minutes(4), seed: 1)
        request.checks = 4
        request.confirmations = 16
        let simulation = Simulation(scenario, request)
        _ = simulation.run()
        #expect(simulation.log.first.map(\.text).isEmpty)
        let world = simulation.world
        let large = try #require(world.processes.first { $0.state == .running }?.node)
        let check = try #require(large.checkIDs.first)
        #expect(try #require(large.certificate(of: check)).count > Update.byteCountMax)
        #expect(world.watch.truth.flips.allSatisfy { $0.knownByAllAt != nil })
        #expect(try #require(simulation.alerts.spreading.max) < 10)
    }
}

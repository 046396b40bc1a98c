import MeshCore
import MeshSimulator
import Testing

/// Seeds that once broke a promise, each with a line of its story. A new one is found by
/// `checkmesh-sim --seeds`, told by `--story`, and stays here when it is mended.
struct RegressionSeeds {
    struct Seed: Sendable, CustomTestStringConvertible {
        var scenario: String
        var seed: UInt64
        var nodes: Int
        var lossPerMillion = 0
        var story: String

        var testDescription: String { "\(scenario) \(seed): \(story)" }
    }

    static let seeds: [Seed] = []

    @Test(arguments: seeds)
    func `what once went wrong goes right`(seed: Seed) throws {
        let scenario = try #require(ScenarioCatalog.scenario(named: seed.scenario))
        let request = Scenario.Request(
            nodes: seed.nodes, lossPerMillion: seed.lossPerMillion, duration: .minutes(10),
            seed: seed.seed)
        let simulation = Simulation(scenario, request)
        _ = simulation.run()
        #expect(simulation.log.first.map(\.text).isEmpty)
    }
}

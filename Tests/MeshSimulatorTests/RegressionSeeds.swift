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
        /// False while the promise is still broken: the run is expected to fail, and to say so when
        /// it no longer does.
        var isMended = true
        var story: String

        var testDescription: String { "\(scenario) \(seed): \(story)" }
    }

    static let seeds: [Seed] = [
        Seed(
            scenario: "restored-equal", seed: 2, nodes: 5,
            story: "a restored disk leads to a generation that was used before; its larger boot id "
                + "made the node wait for a process of the past, dead for everybody, for ever"),
        Seed(
            scenario: "chaos", seed: 21, nodes: 5,
            story: "a collision raised a generation; a replay from before it was taken, because "
                + "its session, and the replay window with it, had been replaced"),
    ]

    @Test(arguments: seeds)
    func `what once went wrong goes right`(seed: Seed) throws {
        let scenario = try #require(ScenarioCatalog.scenario(named: seed.scenario))
        let request = Scenario.Request(
            nodes: seed.nodes, lossPerMillion: seed.lossPerMillion, duration: .minutes(10),
            seed: seed.seed)
        let simulation = Simulation(scenario, request)
        _ = simulation.run()
        let violations = simulation.log.first.map(\.text)
        if seed.isMended {
            #expect(violations.isEmpty)
        } else {
            withKnownIssue { #expect(violations.isEmpty) }
        }
    }
}

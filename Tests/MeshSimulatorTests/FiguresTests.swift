import MeshCore
import MeshSimulator
import Testing

/// What was measured of others on real sockets, and must not be lost again by a change of ours. The
/// runs are on virtual time: the figures are the same on every machine.
struct FiguresTests {
    private func run(_ scenario: String, nodes: Int, loss: Int = 0) throws -> Figures {
        let scenario = try #require(ScenarioCatalog.scenario(named: scenario))
        return Simulation(
            scenario, Scenario.Request(nodes: nodes, lossPerMillion: loss, seed: 1)
        ).run()
    }

    /// The better of memberlist 0.6 and serf 0.9.4, kill to all-know, median seconds.
    @Test(arguments: [(5, 5.5), (20, 7.1)])
    func `a death is known by all sooner than others know it`(nodes: Int, anchor: Double) throws {
        let median = try #require(try run("kill", nodes: nodes).detections.lastDeath.median)
        #expect(median < anchor)
    }

    @Test(arguments: [5, 20])
    func `an idle node sends at most 200 bytes a second, headers counted`(nodes: Int) throws {
        let mean = try #require(try run("idle", nodes: nodes).bytesPerSecond.mean)
        #expect(mean <= 200)
        #expect(mean > 100, "a silent node would pass the first")
    }

    @Test func `a quarter of the packets lost buries nobody`() throws {
        let figures = try run("idle", nodes: 20, loss: 250_000)
        #expect(figures.deaths.ofRunning == 0)
        #expect(figures.deaths.suspicions > 0, "there was something to be wrong about")
    }
}

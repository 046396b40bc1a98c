import MeshCore
import MeshSimulator
import Testing

struct DeterminismTests {
    private func run(seed: UInt64) throws -> Figures {
        let chaos = try #require(ScenarioCatalog.scenario(named: "chaos"))
        let request = Scenario.Request(
            nodes: 6, lossPerMillion: 100_000, duration: .minutes(3), seed: seed)
        return Simulation(chaos, request).run()
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `the same seed is the same run to the last byte`(seed: UInt64) throws {
        let first = try run(seed: seed)
        let second = try run(seed: seed)
        #expect(first.trace == second.trace)
        #expect(decisions(first) == decisions(second))
    }

    /// All figures but one: how much memory the allocator gave is its own affair.
    private func decisions(_ figures: Figures) -> [Substring] {
        figures.line(nil).split(separator: ",").filter { !$0.contains("bytes_per_member_entry") }
    }

    @Test func `another seed is another run`() throws {
        #expect(try run(seed: 1).trace != run(seed: 2).trace)
    }
}

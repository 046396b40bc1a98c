import MeshCore
import MeshSimulator
import Testing

struct SimulatedNetworkTests {
    private func network(
        _ conditions: NetworkConditions = NetworkConditions(), zones: [Int] = [0, 0, 1, 1]
    ) -> SimulatedNetwork {
        SimulatedNetwork(
            zoneOfProcess: zones, zoneCount: 2, conditions: conditions,
            generator: SeededGenerator(seed: 1))
    }

    private func arrives(_ fate: SimulatedNetwork.Fate) -> Bool { fate != .lost }

    @Test func `a quarter of the packets is lost when a quarter shall be`() {
        var network = network(NetworkConditions(lossPerMillion: 250_000))
        let lost = (0..<20_000).count { _ in
            network.fateOfDatagram(from: 0, to: 2, now: .zero) == .lost
        }
        #expect((4_700...5_300).contains(lost))
    }

    @Test func `packets take longer between zones than within one`() {
        var network = network()
        for _ in 0..<100 {
            guard case .arrives(let near) = network.fateOfDatagram(from: 0, to: 1, now: .zero),
                case .arrives(let far) = network.fateOfDatagram(from: 0, to: 3, now: .zero)
            else {
                Issue.record("a packet was lost without loss")
                return
            }
            #expect(near >= .milliseconds(1) && near <= .microseconds(1_250))
            #expect(far >= .milliseconds(5) && far <= .milliseconds(40))
        }
    }

    @Test func `some packets come twice when some shall`() {
        var conditions = NetworkConditions()
        conditions.duplicationPerMillion = 100_000
        var network = network(conditions)
        let doubled = (0..<10_000).count { _ in
            if case .arrivesTwice = network.fateOfDatagram(from: 0, to: 1, now: .zero) {
                return true
            }
            return false
        }
        #expect((850...1_150).contains(doubled))
    }

    @Test func `a late packet is overtaken by what was sent after it`() {
        var conditions = NetworkConditions()
        conditions.reorderingPerMillion = 200_000
        var network = network(conditions)
        var overtaken = 0
        var last = Instant.zero
        for index in 0..<1_000 {
            let sent = Instant.zero + .milliseconds(Int64(index))
            guard case .arrives(let delay) = network.fateOfDatagram(from: 0, to: 1, now: sent)
            else { continue }
            if sent + delay < last { overtaken += 1 }
            last = max(last, sent + delay)
        }
        #expect(overtaken > 100)
    }

    @Test(arguments: ["steady", "chaos"])
    func `a run with loss opens streams all the same`(name: String) throws {
        let scenario = try #require(ScenarioCatalog.scenario(named: name))
        let request = Scenario.Request(
            nodes: 4, lossPerMillion: 250_000, duration: .minutes(2), seed: 3)
        let figures = Simulation(scenario, request).run()
        #expect(figures.counts.streamsOpened > 0)
    }
}

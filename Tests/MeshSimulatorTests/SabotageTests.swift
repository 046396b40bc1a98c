import MeshCore
import MeshMembership
import MeshSimulator
import Testing

/// Each invariant catches the fault that was planted for it: one that never fires proves nothing.
struct SabotageTests {
    struct Plant: Sendable, CustomTestStringConvertible {
        var sabotage: Sabotage
        /// Which invariant must speak up.
        var invariant: String
        var scenario = "steady"
        var nodes = 5
        var minutes: Int64 = 4
        /// Instead of 24 hours, where days would have to pass.
        var retention: TimeSpan?
        var lossPerMillion = 0

        var testDescription: String { "\(sabotage) against \(invariant)" }
    }

    static let plants: [Plant] = [
        Plant(sabotage: .endlessSuspicion, invariant: Completeness.name, scenario: "three-two-die"),
        Plant(
            sabotage: .hastySuspicion, invariant: NoFalseDeath.name, scenario: "idle",
            lossPerMillion: 50_000),
        Plant(sabotage: .deafProcess, invariant: Agreement.name, scenario: "idle"),
        Plant(sabotage: .rewoundViews, invariant: StandingOrder.name, scenario: "forget"),
        Plant(sabotage: .rewoundViews, invariant: TruthfulReports.name, scenario: "forget"),
        Plant(sabotage: .stolenKey, invariant: GenuineStatements.name, scenario: "clone"),
        Plant(sabotage: .rewoundCounter, invariant: NonceUniqueness.name, scenario: "idle"),
        Plant(
            sabotage: .forgottenReplays, invariant: NothingTwice.name,
            scenario: "reorder-duplicate"),
        Plant(sabotage: .anySeal, invariant: NothingTwice.name, scenario: "forge"),
        Plant(sabotage: .paddedDatagrams, invariant: DatagramSize.name),
        Plant(sabotage: .endlessGossip, invariant: GossipBound.name),
        Plant(sabotage: .sharedNames, invariant: UniqueNames.name, scenario: "same-name"),
        Plant(sabotage: .stubbornClone, invariant: CloneStops.name, scenario: "clone"),
        Plant(sabotage: .bothClonesStop, invariant: CloneStops.name, scenario: "clone"),
        Plant(sabotage: .swallowedGoodbye, invariant: Farewell.name, scenario: "leave"),
        Plant(sabotage: .paddedReplies, invariant: ModestReplies.name, scenario: "idle"),
        Plant(sabotage: .redirectedReplies, invariant: ModestReplies.name, scenario: "idle"),
        Plant(
            sabotage: .shortMemory, invariant: Retention.name, scenario: "forget",
            minutes: 6),
        Plant(
            sabotage: .endlessMemory, invariant: Retention.name, scenario: "retention", nodes: 3,
            retention: .minutes(2)),
        Plant(sabotage: .ignoredDeadlines, invariant: Progress.name, scenario: "idle", minutes: 1),
        Plant(sabotage: .stammer, invariant: Restful.name, scenario: "idle"),
        Plant(sabotage: .lyingDisk, invariant: StoredGeneration.name),
    ]

    @Test(arguments: plants)
    func `an invariant catches the fault that was planted for it`(plant: Plant) throws {
        let sabotaged = try run(plant, plant.sabotage)
        #expect(sabotaged.log.invariants.contains(plant.invariant))
        #expect(try run(plant, nil).log.invariants.isEmpty, "without sabotage")
    }

    @Test func `every planted fault and every invariant has its test`() {
        let planted = Set(
            Self.plants.map(\.sabotage) + TruthSabotageTests.plants.map(\.sabotage)
                + MeshScenarioTests.plants)
        #expect(planted == Set(Sabotage.allCases))
        let bounds = Bounds(nodes: 3, parameters: .init(), lossPerMillion: 0)
        let names = Set(Invariants.all(bounds).map { type(of: $0).name })
        let caught =
            Self.plants.map(\.invariant) + TruthSabotageTests.plants.map(\.invariant) + [
                MeshTold.name
            ]
        #expect(names == Set(caught))
    }

    private func run(_ plant: Plant, _ sabotage: Sabotage?) throws -> Simulation {
        let scenario = try #require(ScenarioCatalog.scenario(named: plant.scenario))
        var request = Scenario.Request(
            nodes: plant.nodes, lossPerMillion: plant.lossPerMillion,
            duration: .minutes(plant.minutes), seed: 4)
        if let retention = plant.retention { request.parameters.retention = retention }
        let simulation = Simulation(scenario, request, sabotage: sabotage)
        while simulation.step() {
            // The fault is found; what follows from it is not of interest.
            if simulation.log.invariants.contains(plant.invariant) { break }
        }
        return simulation
    }
}

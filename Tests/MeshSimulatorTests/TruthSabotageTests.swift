import MeshCore
import Testing

@testable import MeshSimulator

/// Each invariant of checks and notices catches the fault that was planted for it, and is content
/// with the same story without one.
struct TruthSabotageTests {
    struct Plant: Sendable, CustomTestStringConvertible {
        var sabotage: Sabotage
        var invariant: String
        var story = Plot.outage
        /// Which of the invariant's several ways to speak up is meant.
        var words = ""

        var testDescription: String { "\(sabotage) against \(invariant)" }
    }

    /// What happens besides the sabotage.
    enum Plot: Sendable {
        case outage, seenFromOnePlace, seenFromOneZone, outageDuringCut, seenFromTwoInTurn
    }

    static let plants: [Plant] = [
        Plant(
            sabotage: .quorumOfOne, invariant: CertifiedFlips.name, story: .seenFromOnePlace),
        Plant(sabotage: .falseLooks, invariant: CertifiedFlips.name),
        Plant(
            sabotage: .forgottenWithdrawals, invariant: CertifiedFlips.name,
            story: .seenFromTwoInTurn),
        Plant(
            sabotage: .mintingMinority, invariant: CertifiedFlips.name, story: .outageDuringCut,
            words: "could not reach the majority"),
        Plant(
            sabotage: .oneZoneIsEnough, invariant: CertifiedFlips.name, story: .seenFromOneZone,
            words: "in 1 of 2 zones"),
        Plant(sabotage: .falseLooks, invariant: NoFalseAlert.name),
        Plant(sabotage: .secondHistory, invariant: EpochsUnique.name),
        Plant(sabotage: .swallowedFlips, invariant: TruthAgreement.name),
        Plant(sabotage: .blindMesh, invariant: Watched.name),
        Plant(
            sabotage: .talkativeMinority, invariant: MinoritySilent.name, story: .outageDuringCut),
        Plant(sabotage: .renamedNotices, invariant: NoticesUnique.name),
        Plant(sabotage: .secondSender, invariant: AtMostOnce.name),
        Plant(sabotage: .unsentNotices, invariant: NothingMissed.name, words: "was last told"),
        Plant(
            sabotage: .rosyLooks, invariant: NothingMissed.name, story: .outageDuringCut,
            words: "the target is down"),
        Plant(
            sabotage: .inventedRecovery, invariant: NoRecoveryWithoutOutage.name,
            words: "no outage was"),
        Plant(
            sabotage: .frozenEpochs, invariant: NoRecoveryWithoutOutage.name, words: "after epoch"),
    ]

    @Test(arguments: plants)
    func `an invariant of truth catches the fault that was planted for it`(plant: Plant) {
        let sabotaged = run(plant, plant.sabotage)
        #expect(sabotaged.log.invariants.contains(plant.invariant))
        let violation = sabotaged.log.first.last { $0.invariant == plant.invariant }
        #expect(plant.words.isEmpty || (violation?.story.contains(plant.words) ?? false))
        let honest = run(plant, nil)
        #expect(honest.log.first.map(\.text).isEmpty, "without sabotage")
        #expect(honest.world.watch.truth.flips.count > 3, "there was something to be wrong about")
    }

    private func run(_ plant: Plant, _ sabotage: Sabotage?) -> Simulation {
        let scenario = Scenario("planted", "targets fail and come back", hasOwnTargets: true) {
            stage in
            let at = stage.settled + .seconds(20)
            switch plant.story {
            case .outage:
                stage.setup.plan.add(.target(1, .refusing), at: at)
                stage.setup.plan.add(.target(1, .up), at: at + .seconds(60))
                stage.setup.plan.add(.target(2, .hanging), at: at)
            case .seenFromOnePlace:
                // All checks, for which of them the place owns is for their hashes to say.
                stage.see(from: 1, at: at, for: .seconds(60))
            case .seenFromOneZone:
                for check in stage.checks {
                    stage.setup.plan.add(.zoneSees(zone: 0, check: check, .refusing), at: at)
                    stage.setup.plan.add(
                        .zoneSees(zone: 0, check: check, nil), at: at + .seconds(60))
                }
            case .seenFromTwoInTurn:
                for (place, start) in [(1, at), (2, at + .seconds(100))] {
                    stage.see(from: place, at: start, for: .seconds(30))
                }
                stage.extend(beyond: at + .seconds(130))
            case .outageDuringCut:
                // Nobody whom the fake would ask is cut off but the fourth.
                stage.setup.plan.cut(
                    places: stage.setup.placeCount, at: at - .seconds(15), for: .seconds(60)
                ) { $0 == 4 }
                stage.setup.plan.add(.target(0, .refusing), at: at)
            }
            stage.extend(beyond: at + .seconds(60))
        }
        var request = Scenario.Request(nodes: 5, duration: .minutes(2), seed: 3)
        // Enough that any two nodes share one, too few for a burst.
        request.checks = 12
        request.interval = .seconds(5)
        let simulation = Simulation(scenario, request, sabotage: sabotage)
        while simulation.step() {
            let isCaught = simulation.log.first.contains {
                $0.invariant == plant.invariant
                    && (plant.words.isEmpty || $0.story.contains(plant.words))
            }
            if isCaught { break }
        }
        return simulation
    }
}

extension Stage {
    /// All targets are down for one place alone.
    fileprivate mutating func see(from place: Int, at: TimeSpan, for span: TimeSpan) {
        for check in checks {
            setup.plan.add(.placeSees(place: place, check: check, .refusing), at: at)
            setup.plan.add(.placeSees(place: place, check: check, nil), at: at + span)
        }
    }
}

import MeshCore
import MeshMembership

/// Hosts and networks that work badly rather than not at all.
extension ScenarioCatalog {
    static let sickness: [Scenario] = [
        Scenario("reorder-duplicate", "a fifth of all packets is late, a tenth comes twice") {
            stage in
            stage.setup.conditions.reorderingPerMillion = 200_000
            stage.setup.conditions.duplicationPerMillion = 100_000
        },
        Scenario("pause", "single nodes stop for 3, 10 and 30 s, as on a starved machine") {
            stage in
            var at = stage.settled
            for seconds: Int64 in [3, 10, 30] {
                let place = stage.choose(1)[0]
                stage.setup.plan.pause(place, at: at, for: .seconds(seconds))
                at = at + .seconds(seconds + 30)
            }
            stage.extend(beyond: at)
        },
        Scenario("stall32", "a quarter of the nodes stalls again and again, up to 20 s at a time") {
            stage in
            let places = stage.choose(stage.nodes / 4)
            stage.extend(beyond: stage.settled + .minutes(5))
            stage.setup.plan.stall(
                places, from: stage.settled, until: stage.lastFault, longest: .seconds(20),
                using: &stage.generator)
        },
        Scenario("clock-jump", "wall clocks jump by a day either way, and keys are made by them") {
            stage in
            let day: Int64 = 86_400_000
            for (index, place) in stage.choose(max(1, stage.nodes / 2)).enumerated() {
                let at = stage.moment(from: stage.settled, to: stage.lastFault - .seconds(20))
                let jump = index.isMultiple(of: 2) ? day : -day
                stage.setup.plan.add(.jumpWallClock(place, milliseconds: jump), at: at)
                if index == 0 {
                    stage.setup.plan.restart(
                        place, at: at + .seconds(5), downFor: .seconds(5), disk: .lost)
                    stage.extend(beyond: at + .seconds(10))
                }
            }
        },
        Scenario("mixed-versions", "half of the nodes speak a later version with further fields") {
            stage in
            stage.speakMixedVersions()
            let place = stage.choose(1)[0]
            stage.setup.plan.restart(place, at: stage.settled, downFor: .seconds(60))
            stage.extend(beyond: stage.settled + .seconds(60))
        },
    ]
}

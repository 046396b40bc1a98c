import MeshCore

/// Nodes that come back: with what they knew, with less, or twice.
extension ScenarioCatalog {
    static let restarts: [Scenario] = [
        Scenario("rolling-restart", "every node is restarted, one after another") { stage in
            let room = stage.lastFault - stage.settled - .seconds(5)
            let step = max(
                .milliseconds(200), min(.seconds(20), room / max(stage.nodes, 1)))
            for place in 0..<stage.nodes {
                let at = stage.settled + step * place
                stage.setup.plan.restart(place, at: at, downFor: .seconds(2))
                stage.extend(beyond: at + .seconds(2))
            }
        },
        Scenario("restored-disk", "a node comes back with a disk from before its last starts") {
            stage in
            for place in stage.choose(max(1, stage.nodes / 10)) {
                var at = stage.settled
                stage.setup.plan.add(.saveDisk(place), at: at)
                for fate in [FaultPlan.DiskFate.kept, .kept, .restored] {
                    at = at + .seconds(20)
                    stage.setup.plan.restart(place, at: at, downFor: .seconds(3), disk: fate)
                }
                stage.extend(beyond: at + .seconds(3))
            }
        },
        Scenario("restored-equal", "a node comes back with the very generation it died with") {
            stage in
            let place = stage.choose(1)[0]
            let at = stage.settled
            stage.setup.plan.add(.saveDisk(place), at: at)
            stage.setup.plan.restart(place, at: at, downFor: .seconds(2))
            // A pause, so that it has refuted in that generation before.
            stage.setup.plan.pause(place, at: at + .seconds(30), for: .seconds(30))
            stage.setup.plan.restart(
                place, at: at + .seconds(90), downFor: .seconds(30), disk: .restored)
            stage.extend(beyond: at + .seconds(120))
        },
        Scenario("no-disk", "nodes come back without a disk: new keys under old names") { stage in
            for place in stage.choose(max(1, stage.nodes / 10)) {
                let at = stage.moment(from: stage.settled, to: stage.lastFault)
                let pause = stage.moment(from: .seconds(1), to: .seconds(60))
                stage.setup.plan.restart(place, at: at, downFor: pause, disk: .lost)
                stage.extend(beyond: at + pause)
            }
        },
        Scenario("clone", "a copied data directory runs beside the original") { stage in
            let original = stage.choose(1)[0]
            let copy = stage.addPlaces(1)
            stage.setup.nameByPlace[copy] = World.label("node-\(original)")
            stage.setup.plan.add(.copyDisk(from: original, to: copy), at: stage.settled)
            stage.setup.plan.add(.start(copy), at: stage.settled + .seconds(10))
            stage.extend(beyond: stage.settled + .seconds(10) + stage.bounds.clone)
        },
        Scenario("same-name", "a second node is given a name that is taken") { stage in
            let original = stage.choose(1)[0]
            let second = stage.addPlaces(1)
            stage.setup.nameByPlace[second] = World.label("node-\(original)")
            stage.setup.plan.add(.start(second), at: stage.settled + .seconds(10))
            stage.extend(beyond: stage.settled + .seconds(10))
        },
        Scenario("three-two-die", "two of three nodes die; the survivor says so", nodesMin: 3) {
            stage in
            stage.setup.startingCount = min(3, stage.setup.startingCount)
            stage.setup.placeCount = stage.setup.startingCount
            for place in stage.choose(2) {
                stage.setup.plan.add(.kill(place, silently: true), at: stage.settled)
            }
            stage.extend(beyond: stage.settled)
        },
    ]
}

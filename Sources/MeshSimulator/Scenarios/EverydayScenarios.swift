import MeshCore

/// What happens in any mesh's week: nodes come, go and die.
extension ScenarioCatalog {
    static let everyday: [Scenario] = [
        Scenario("steady", "some nodes die and come back, some join") { stage in
            let share = max(1, stage.nodes / 50)
            for place in stage.choose(min(share, stage.nodes - 1)) {
                let at = stage.moment(from: stage.settled, to: stage.lastFault - .seconds(120))
                let isSilent = stage.generator.chance(perMillion: 500_000)
                stage.setup.plan.restart(
                    place, at: at, downFor: .seconds(120), silently: isSilent)
            }
            let first = stage.addPlaces(share)
            for place in first..<first + share {
                stage.setup.plan.add(
                    .start(place), at: stage.moment(from: stage.settled, to: stage.lastFault))
            }
        },
        Scenario(
            "idle", "nothing happens; traffic is measured from 60 s after the start",
            hasOwnTargets: true
        ) { stage in
            stage.setup.plan.add(.beginMeasuring, at: stage.settled + .seconds(30))
            stage.extend(beyond: stage.settled)
        },
        Scenario("kill", "one node after another is killed, and comes back 45 s later") { stage in
            var at = stage.settled
            var isSilent = true
            while at + .seconds(60) < stage.setup.duration {
                let place = stage.choose(1)[0]
                stage.setup.plan.restart(
                    place, at: at + stage.moment(from: .zero, to: .seconds(1)),
                    downFor: .seconds(45), silently: isSilent)
                at = at + .seconds(60)
                isSilent.toggle()
            }
        },
        Scenario("join", "new nodes join one after another") { stage in
            let count = max(1, Int((stage.lastFault - stage.settled).milliseconds / 20_000))
            let first = stage.addPlaces(count)
            for index in 0..<count {
                stage.setup.plan.add(
                    .start(first + index), at: stage.settled + .seconds(20) * index)
            }
        },
        Scenario("leave", "nodes say goodbye and come back later") { stage in
            for place in stage.choose(max(1, stage.nodes / 5)) {
                let at = stage.moment(
                    from: stage.settled, to: stage.lastFault - stage.bounds.agreement)
                stage.setup.plan.add(.leave(place), at: at)
                stage.extend(beyond: at + stage.bounds.agreement + .seconds(10))
            }
        },
        Scenario("forget", "a node dies for good and an operator has it forgotten") { stage in
            let places = stage.choose(2)
            guard places.count == 2 else { return }
            let at = stage.settled
            stage.setup.plan.add(.kill(places[0], silently: true), at: at)
            stage.setup.plan.add(
                .forget(place: places[0], by: places[1]), at: at + stage.bounds.detection)
            stage.extend(beyond: at + stage.bounds.detection)
        },
        Scenario(
            "retention", "a node dies for good and is forgotten when its time is over", nodesMin: 3
        ) {
            stage in
            let place = stage.choose(1)[0]
            stage.setup.plan.add(.kill(place, silently: true), at: stage.settled)
            stage.extend(
                beyond: stage.settled + stage.bounds.retention + stage.bounds.retentionSlack * 2)
        },
    ]
}

import MeshCore

/// Networks that come apart and heal.
extension ScenarioCatalog {
    static let cuts: [Scenario] =
        [
            (name: "10s", span: TimeSpan.seconds(10)), (name: "10min", span: .minutes(10)),
            (name: "25h", span: .hours(25)),
        ].flatMap { length in
            [
                Scenario("halves-\(length.name)", "the mesh is cut in halves for \(length.name)") {
                    stage in
                    let half = Set(stage.choose(stage.nodes / 2))
                    stage.cut(for: length.span) { half.contains($0) }
                },
                Scenario("one-cut-\(length.name)", "one node is cut off for \(length.name)") {
                    stage in
                    let lonely = stage.choose(1)
                    stage.cut(for: length.span) { lonely.contains($0) }
                },
            ]
        } + [
            Scenario("zone-lost", "all of one zone die at once and come back five minutes later") {
                stage in
                let zones = stage.setup.zoneCount
                let at = stage.settled
                for place in 0..<stage.nodes where place % zones == zones - 1 && place > 0 {
                    stage.setup.plan.restart(
                        place, at: at, downFor: .minutes(5), silently: true)
                }
                stage.extend(beyond: at + .minutes(5))
            },
            Scenario("one-way", "some links carry packets one way only, for five minutes") {
                stage in
                let places = stage.choose(max(2, stage.nodes / 5))
                for (from, to) in zip(places, places.dropFirst()) {
                    stage.setup.plan.add(.block(from: from, to: to), at: stage.settled)
                }
                stage.setup.plan.add(.heal, at: stage.settled + .minutes(5))
                stage.extend(beyond: stage.settled + .minutes(5))
            },
            Scenario("flapping", "some links come and go, for five minutes") { stage in
                let places = stage.choose(max(2, stage.nodes / 5))
                for (from, to) in zip(places, places.dropFirst()) {
                    let period = stage.moment(from: .seconds(1), to: .seconds(10))
                    for (one, other) in [(from, to), (to, from)] {
                        stage.setup.plan.add(
                            .flap(from: one, to: other, period: period), at: stage.settled)
                    }
                }
                stage.setup.plan.add(.heal, at: stage.settled + .minutes(5))
                stage.extend(beyond: stage.settled + .minutes(5))
            },
            Scenario("udp-blocked", "a node's UDP is dropped; its TCP works") { stage in
                let place = stage.choose(1)[0]
                stage.setup.plan.add(.blockDatagrams(place), at: stage.settled)
                stage.extend(beyond: stage.settled)
            },
        ]
}

extension Stage {
    /// One cut after the mesh has settled, and time enough to heal.
    fileprivate mutating func cut(for span: TimeSpan, _ isOnOneSide: (Int) -> Bool) {
        setup.plan.cut(places: setup.placeCount, at: settled, for: span, isOnOneSide)
        extend(beyond: settled + span)
    }
}

import MeshChecks
import MeshCore

/// Targets that fail in every way, and who looks at them.
extension ScenarioCatalog {
    static let verdicts: [Scenario] = [
        truth("many-fail", "all targets fail within a second, and are well again later") { stage in
            stage.failAll(at: stage.settled + .seconds(30), for: stage.tellingSpan)
            stage.extend(beyond: stage.settled + .seconds(31) + stage.tellingSpan)
        },
        truth("uplink-dies", "one node sees every target down, and nobody else does", checks: 40) {
            stage in
            let place = stage.choose(1)[0]
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.uplink(place, .dead), at: at)
            stage.setup.plan.add(.uplink(place, .works), at: at + .minutes(2))
            stage.extend(beyond: at + .minutes(2))
        },
        truth("uplink-unrouted", "one node has no route to any target, and says so") { stage in
            let place = stage.choose(1)[0]
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.uplink(place, .unrouted), at: at)
            stage.failAll(at: at + .seconds(60))
            stage.setup.plan.add(.uplink(place, .works), at: at + .minutes(3))
            stage.extend(beyond: at + .minutes(3))
        },
        truth("checker-hangs", "one node's looks never end, and targets fail meanwhile") { stage in
            let place = stage.choose(1)[0]
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.checkerHangs(place, true), at: at)
            stage.failAll(at: at + .seconds(60))
            stage.setup.plan.add(.checkerHangs(place, false), at: at + .minutes(4))
            stage.extend(beyond: at + .minutes(4))
        },
        truth("one-zone-sees", "a target fails from one zone only, then for all", nodesMin: 3) {
            stage in
            let at = stage.settled + .seconds(30)
            for check in stage.checks {
                stage.setup.plan.add(.zoneSees(zone: 0, check: check, .refusing), at: at)
                stage.setup.plan.add(
                    .zoneSees(zone: 0, check: check, nil), at: at + .minutes(2))
            }
            stage.failAll(at: at + .minutes(3))
            stage.extend(beyond: at + .minutes(3) + .seconds(1))
        },
        truth("flapping-target", "targets flap, some faster than anybody can look") { stage in
            let end = stage.settled + .minutes(5)
            for check in stage.checks {
                let period = stage.moment(from: .seconds(1), to: .seconds(120))
                stage.setup.plan.add(.target(check, .flapping(period: period)), at: stage.settled)
                stage.setup.plan.add(.target(check, .up), at: end)
            }
            stage.extend(beyond: end)
        },
        truth("delay", "a new state must last for three further intervals") { stage in
            stage.setup.watch.rules = [stage.rule(delay: 3)]
            let at = stage.settled + .seconds(30)
            for check in stage.checks where !check.isMultiple(of: 2) {
                // Over before it counts.
                stage.setup.plan.add(.target(check, .refusing), at: at)
                stage.setup.plan.add(.target(check, .up), at: at + stage.request.interval)
            }
            for check in stage.checks where check.isMultiple(of: 2) {
                stage.setup.plan.add(.target(check, .hanging), at: at)
            }
            stage.extend(beyond: at + stage.request.interval)
        },
        truth("reowned", "an owner dies and a node joins in the middle of a streak", nodesMin: 4) {
            stage in
            stage.setup.watch.rules = [stage.rule(delay: 4)]
            let first = stage.addPlaces(1)
            let at = stage.settled + .seconds(30)
            let interval = stage.request.interval
            stage.failAll(at: at)
            stage.setup.plan.add(.kill(stage.choose(1)[0], silently: true), at: at + interval * 2)
            stage.setup.plan.add(.start(first), at: at + interval * 3)
            stage.extend(beyond: at + interval * 3)
        },
        truth(
            "reowned-by-newcomers", "nodes join in the middle of a streak, and all must agree",
            nodesMin: 4
        ) { stage in
            stage.setup.watch.rules = [stage.rule(delay: 4, quorum: .all)]
            let count = 3
            let first = stage.addPlaces(count)
            let at = stage.settled + .seconds(30)
            let interval = stage.request.interval
            stage.failAll(at: at)
            for place in first..<first + count {
                stage.setup.plan.add(.start(place), at: at + interval * 2)
            }
            stage.extend(beyond: at + interval * 2)
        },
        truth("dissenter-dies", "one dissents alone and dies; much later another does") { stage in
            let at = stage.settled + .seconds(30)
            let places = stage.choose(2)
            guard places.count == 2 else { return }
            for (index, place) in places.enumerated() {
                let from = at + .minutes(2) * index
                for check in stage.checks {
                    stage.setup.plan.add(
                        .placeSees(place: place, check: check, .refusing), at: from)
                    stage.setup.plan.add(
                        .placeSees(place: place, check: check, nil), at: from + .seconds(60))
                }
            }
            stage.setup.plan.restart(
                places[0], at: at + .seconds(30), downFor: .minutes(4), silently: true)
            stage.extend(beyond: at + .minutes(5))
        },
        truth("redefined", "definitions change in the middle of an outage, and back") { stage in
            let at = stage.settled + .seconds(30)
            stage.failAll(at: at)
            let change = at + stage.tellingSpan
            for place in 0..<stage.setup.placeCount {
                var skew = PlanSkew()
                for check in stage.checks { skew.revisions[check] = 1 }
                let late = stage.moment(from: .zero, to: .seconds(10))
                stage.setup.plan.add(.reconfigure(place, skew), at: change + late)
                stage.setup.plan.add(
                    .reconfigure(place, PlanSkew()), at: change + .minutes(2) + late)
            }
            let end = change + .minutes(3)
            for check in stage.checks { stage.setup.plan.add(.target(check, .up), at: end) }
            stage.extend(beyond: end)
        },
        truth("skewed", "some nodes lack checks, have others' definitions or lack routes") {
            stage in
            for (index, place) in stage.choose(max(1, stage.nodes / 2)).enumerated() {
                var skew = PlanSkew()
                switch index % 4 {
                case 0: skew.lacksChecks = Set(stage.checks.filter { $0 % 3 == 0 })
                case 1: for check in stage.checks { skew.revisions[check] = 1 }
                case 2: skew.lacksRoutes = Set(stage.checks)
                default: skew.disabledChecks = Set(stage.checks.filter { $0 % 3 == 1 })
                }
                stage.setup.watch.skewByPlace[place] = skew
            }
            stage.failAll(at: stage.settled + .seconds(30), for: .minutes(3))
            stage.extend(beyond: stage.settled + .minutes(4))
        },
        truth(
            "lone-survivor", "all but one leave, targets fail, and all come back together",
            nodesMin: 2
        ) { stage in
            let at = stage.settled + .seconds(30)
            let leavers = stage.choose(stage.nodes - 1)
            for (index, place) in leavers.enumerated() {
                stage.setup.plan.add(.leave(place), at: at + .milliseconds(500) * index)
            }
            let failing = at + .milliseconds(500) * leavers.count + .seconds(10)
            stage.failAll(at: failing)
            let back = failing + stage.tellingSpan
            for place in leavers {
                let late = stage.moment(from: .zero, to: .seconds(3))
                stage.setup.plan.add(.start(place), at: back + late)
            }
            let end = back + .seconds(30)
            for check in stage.checks { stage.setup.plan.add(.target(check, .up), at: end) }
            stage.extend(beyond: end)
        },
        truth("quorum-all", "every owner must agree, and one dies", nodesMin: 4) { stage in
            stage.setup.watch.rules = [stage.rule(quorum: .all)]
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.kill(stage.choose(1)[0], silently: true), at: at)
            stage.failAll(at: at + .seconds(5))
            stage.extend(beyond: at + .seconds(6))
        },
    ]

    /// A story about checks: it says itself which targets fail, and has some even if none were
    /// asked for.
    static func truth(
        _ name: String, _ story: String, nodesMin: Int = 1, checks: Int = 6,
        _ prepare: @escaping @Sendable (inout Stage) -> Void
    ) -> Scenario {
        Scenario(name, story, nodesMin: nodesMin, hasOwnTargets: true) { stage in
            stage.watch(atLeast: checks)
            prepare(&stage)
        }
    }
}

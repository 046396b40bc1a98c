import MeshChecks
import MeshCore
import MeshEngine

/// What is told of the mesh itself and of what only one side of a cut sees (end of section 7 of
/// the design). Contact 0 has an alert that names the check `mesh`, unless the story is about none.
extension ScenarioCatalog {
    static let mesh: [Scenario] = [
        telling(
            "mesh-cut-3-2", "two of five are cut off for twenty minutes and see targets fail",
            nodes: 5, groups: [[0, 1, 2], [3, 4]], contacts: 2, routed: false),
        telling(
            "mesh-cut-2-2-1", "five fall apart into two, two and one, and all see targets fail",
            nodes: 5, groups: [[0, 1], [2, 3], [4]], contacts: 2, routed: false),
        telling(
            "mesh-cut-confirmed", "two of five are cut off, and the targets stay down for all",
            nodes: 5, groups: [[0, 1, 2], [3, 4]], contacts: 1, routed: true, lasting: true),
        telling(
            "mesh-cut-alone", "one of five is cut off, and targets fail for it alone", nodes: 5,
            groups: [[0, 1, 2, 3], [4]], contacts: 2, routed: false),
        routed("mesh-node-dead", "one of five dies for good", nodes: 5) { stage in
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.kill(stage.choose(1)[0], silently: true), at: at)
            stage.extend(beyond: at + .minutes(12))
        },
        routed("mesh-node-returns", "one of five dies and comes back after ten minutes", nodes: 5) {
            stage in
            let at = stage.settled + .seconds(30)
            stage.setup.plan.restart(stage.choose(1)[0], at: at, downFor: .minutes(10))
            stage.extend(beyond: at + .minutes(12))
        },
        routed("mesh-two-one-dies", "one of two dies for good", nodes: 2) { stage in
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.kill(stage.choose(1)[0], silently: true), at: at)
            stage.extend(beyond: at + .minutes(20))
        },
        routed("mesh-rolling-restart", "all are killed and started, one a minute", nodes: 5) {
            stage in
            var at = stage.settled + .seconds(30)
            for place in 0..<stage.nodes {
                stage.setup.plan.restart(place, at: at, downFor: .seconds(30))
                at = at + .seconds(60)
            }
            stage.extend(beyond: at + .minutes(8))
        },
        routed("mesh-contact-fails", "a contact refuses everybody, and later does not", nodes: 5) {
            stage in
            stage.setup.watch.contactCount = 2
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.receiver(contact: 1, place: nil, .refuses), at: at)
            stage.failAll(at: at)
            let end = at + .minutes(15)
            stage.setup.plan.add(.receiver(contact: 1, place: nil, .accepts), at: end)
            stage.extend(beyond: end + stage.bounds.truth.retrying)
        },
        routed("mesh-faults", "a disk is full and a clock is wrong, for a while", nodes: 5) {
            stage in
            let places = stage.choose(2)
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.machine(places[0], .fullDisk, true), at: at)
            stage.setup.plan.add(.machine(places[1], .wrongClock, true), at: at)
            // Its way out is dead: the others tell for it.
            stage.setup.plan.add(.uplink(places[1], .unrouted), at: at - .seconds(5))
            stage.setup.plan.add(.uplink(places[1], .works), at: at + .minutes(3))
            for (place, fault) in [(places[0], NodeFault.fullDisk), (places[1], .wrongClock)] {
                stage.setup.plan.add(.machine(place, fault, false), at: at + .minutes(4))
            }
            stage.extend(beyond: at + .minutes(8))
        },
        routed("mesh-skew", "one of five lacks a check for half an hour", nodes: 5) { stage in
            var skew = PlanSkew()
            skew.lacksChecks = [0, 1, 2]
            stage.setup.watch.skewByPlace[4] = skew
            stage.setup.plan.add(.reconfigure(4, PlanSkew()), at: stage.settled + .minutes(30))
            stage.extend(beyond: stage.settled + .minutes(35))
        },
        routed("mesh-unwatched", "all checkers but one hang for fifteen minutes", nodes: 3) {
            stage in
            let at = stage.settled + .seconds(30)
            for place in 1..<3 {
                stage.setup.plan.add(.checkerHangs(place, true), at: at)
                stage.setup.plan.add(.checkerHangs(place, false), at: at + .minutes(15))
            }
            stage.extend(beyond: at + .minutes(18))
        },
        routed(
            "mesh-unwatched-more", "two lack one check, an hour later ten more, then none", nodes: 3
        ) { stage in
            stage.watch(atLeast: 12)
            func lack(_ checks: Range<Int>, at time: TimeSpan) {
                var skew = PlanSkew()
                skew.lacksChecks = Set(checks)
                for place in 1..<3 { stage.setup.plan.add(.reconfigure(place, skew), at: time) }
                // Whoever is asked about a failure says that it does not have the check.
                stage.failAll(at: time + .seconds(10), for: .seconds(60))
            }
            let at = stage.settled + .seconds(30)
            lack(0..<1, at: at)
            lack(0..<11, at: at + .minutes(60))
            lack(0..<0, at: at + .minutes(90))
            stage.extend(beyond: at + .minutes(95))
        },
    ]

    /// A mesh of a size of its own, with an alert that names `mesh`.
    private static func routed(
        _ name: String, _ story: String, nodes: Int,
        _ prepare: @escaping @Sendable (inout Stage) -> Void
    ) -> Scenario {
        truth(name, story, nodesMin: nodes) { stage in
            stage.setup.startingCount = nodes
            stage.setup.placeCount = nodes
            stage.setup.watch.tellsMesh = true
            prepare(&stage)
        }
    }

    /// The mesh falls apart for twenty minutes. Every place of a group without the majority sees
    /// all targets fail a minute later; `lasting`: all do, and they stay down.
    private static func telling(
        _ name: String, _ story: String, nodes: Int, groups: [[Int]], contacts: Int, routed: Bool,
        lasting: Bool = false
    ) -> Scenario {
        truth(name, story, nodesMin: nodes) { stage in
            stage.setup.startingCount = nodes
            stage.setup.placeCount = nodes
            stage.setup.watch.tellsMesh = routed
            stage.setup.watch.contactCount = max(contacts, stage.setup.watch.contactCount)
            let at = stage.settled + .seconds(30)
            var groupOfPlace = [UInt16](repeating: 0, count: nodes)
            for (group, places) in groups.enumerated() {
                for place in places { groupOfPlace[place] = UInt16(group) }
            }
            stage.setup.plan.add(.partition(groupOfPlace), at: at)
            let end = at + .minutes(20)
            stage.setup.plan.add(.heal, at: end)
            if lasting {
                stage.failAll(at: at + .minutes(1))
            } else {
                for places in groups where places.count * 2 < nodes {
                    for place in places { fail(place, from: at + .minutes(1), to: end, &stage) }
                }
            }
            stage.extend(beyond: end + .minutes(4))
        }
    }

    private static func fail(
        _ place: Int, from start: TimeSpan, to end: TimeSpan, _ stage: inout Stage
    ) {
        for check in stage.checks {
            stage.setup.plan.add(.placeSees(place: place, check: check, .refusing), at: start)
            stage.setup.plan.add(.placeSees(place: place, check: check, nil), at: end)
        }
    }
}

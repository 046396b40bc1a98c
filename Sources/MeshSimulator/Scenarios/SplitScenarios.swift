import MeshChecks
import MeshCore

/// Who goes on deciding when nodes die or are cut off: the table at the end of section 5 of the
/// design, and what follows from it.
extension ScenarioCatalog {
    static let splits: [Scenario] = [
        truth("alone", "one node without peers watches and tells") { stage in
            stage.setup.startingCount = 1
            stage.setup.placeCount = 1
            stage.setup.seedCount = 0
            stage.failAll(at: stage.settled + .seconds(30), for: .minutes(3))
            stage.extend(beyond: stage.settled + .minutes(4))
        },
        truth("never-synced", "one node whose peers were never there looks and tells nothing") {
            stage in
            stage.setup.startingCount = 1
            stage.setup.placeCount = 3
            stage.setup.namesAbsentSeeds = true
            stage.failAll(at: stage.settled + .seconds(30))
            stage.extend(beyond: stage.settled + .minutes(2))
        },
        dying(
            "two-one-dies", "one of two dies: nothing can be certified until it is forgotten", 2, 1),
        dying("three-one-dies", "one of three dies: the others go on", 3, 1),
        dying("three-both-die", "two of three die: the third can certify nothing", 3, 2),
        dying("five-two-die", "two of five die: the others go on", 5, 2),
        truth("two-forgotten", "one of two dies and is forgotten: the other goes on alone") {
            stage in
            stage.setup.startingCount = 2
            stage.setup.placeCount = 2
            let at = stage.settled
            stage.setup.plan.add(.kill(1, silently: true), at: at)
            stage.setup.plan.add(.forget(place: 1, by: 0), at: at + stage.bounds.detection)
            stage.failAll(at: at + stage.bounds.detection + .seconds(30))
            stage.extend(beyond: at + stage.bounds.detection + .seconds(31))
        },
        truth("cut-3-2", "two fifths are cut off while targets fail, and come back", nodesMin: 5) {
            stage in
            let lonely = Set(stage.choose(stage.nodes * 2 / 5))
            let at = stage.settled + .seconds(30)
            stage.setup.plan.cut(places: stage.setup.placeCount, at: at, for: .minutes(8)) {
                lonely.contains($0)
            }
            stage.failAll(at: at + .seconds(60), for: .minutes(4))
            stage.extend(beyond: at + .minutes(8))
        },
        truth(
            "cut-3-2-blind", "two fifths are cut off and lose their uplink, too", nodesMin: 5,
            checks: 20
        ) { stage in
            let lonely = stage.choose(stage.nodes * 2 / 5)
            let at = stage.settled + .seconds(30)
            stage.setup.plan.cut(places: stage.setup.placeCount, at: at, for: .minutes(8)) {
                lonely.contains($0)
            }
            for place in lonely {
                stage.setup.plan.add(.uplink(place, .dead), at: at)
                stage.setup.plan.add(.uplink(place, .works), at: at + .minutes(8))
            }
            stage.extend(beyond: at + .minutes(8))
        },
        truth(
            "zone-lost-down", "a zone dies; targets fail when it has stopped counting", nodesMin: 3
        ) { stage in
            let at = stage.settled + .seconds(30)
            let zones = stage.setup.zoneCount
            for place in 0..<stage.nodes where place % zones == zones - 1 && place > 0 {
                stage.setup.plan.restart(place, at: at, downFor: .minutes(6), silently: true)
            }
            stage.failAll(at: at + stage.bounds.detection + .seconds(70), for: .minutes(2))
            stage.extend(beyond: at + .minutes(6))
        },
        truth(
            "zone-lost-with-targets", "one of two zones dies in the instant in which targets fail",
            nodesMin: 3
        ) { stage in
            stage.setup.zoneCount = 2
            let at = stage.settled + .seconds(30)
            for place in stride(from: 1, to: stage.nodes, by: 2) {
                stage.setup.plan.add(.kill(place, silently: true), at: at)
            }
            stage.failAll(at: at)
            stage.extend(beyond: at + stage.bounds.detection + .seconds(60))
        },
        truth("stand-ins", "the owner in the other zone dies with the target", nodesMin: 5) {
            stage in
            // Zone 1 has two of five nodes: of many checks it owns one place in three, and when
            // that owner dies the other two sign from one zone.
            stage.setup.zoneCount = 2
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.kill(1, silently: true), at: at)
            stage.failAll(at: at)
            stage.extend(beyond: at + .seconds(1))
        },
        truth(
            "outlasted-cut", "one node is cut off for longer than the dead are remembered",
            nodesMin: 4
        ) { stage in
            let lonely = stage.choose(1)
            let at = stage.settled
            let memory = stage.bounds.retention + stage.bounds.retentionSlack
            stage.setup.plan.cut(places: stage.setup.placeCount, at: at, for: memory) {
                lonely.contains($0)
            }
            stage.failAll(at: at + .seconds(60), for: .minutes(3))
            stage.extend(beyond: at + memory)
        },
        truth("clone-down", "targets fail while a copied data directory runs beside the original") {
            stage in
            let original = stage.choose(1)[0]
            let copy = stage.addPlaces(1)
            stage.setup.nameByPlace[copy] = World.label("node-\(original)")
            stage.setup.plan.add(.copyDisk(from: original, to: copy), at: stage.settled)
            let at = stage.settled + .seconds(10)
            stage.setup.plan.add(.start(copy), at: at)
            stage.failAll(at: at, for: .minutes(3))
            stage.extend(beyond: at + .minutes(3) + .seconds(1))
        },
        truth("any-order", "nodes start one after another, in any order, over a minute") { stage in
            let count = stage.nodes
            stage.setup.startingCount = 1
            stage.setup.placeCount = count
            stage.setup.namesAbsentSeeds = true
            stage.setup.startSpread = .seconds(1)
            for place in 1..<max(count, 1) {
                let at = stage.moment(from: .zero, to: .seconds(60))
                stage.setup.plan.add(.start(place), at: at)
            }
            stage.failAll(at: .seconds(120), for: .minutes(2))
            stage.extend(beyond: .minutes(5))
        },
        truth("all-killed", "all are killed during an outage and start again with their disks") {
            stage in
            restartAll(&stage, disk: .kept)
        },
        truth("all-disks-lost", "all are killed during an outage and lose their disks") { stage in
            restartAll(&stage, disk: .lost)
        },
    ]

    private static func restartAll(_ stage: inout Stage, disk: FaultPlan.DiskFate) {
        let at = stage.settled + .seconds(30)
        stage.failAll(at: at)
        let down = at + stage.tellingSpan
        for place in 0..<stage.nodes {
            stage.setup.plan.restart(
                place, at: down, downFor: stage.moment(from: .seconds(2), to: .seconds(10)),
                disk: disk)
        }
        let end = down + .seconds(60)
        for check in stage.checks { stage.setup.plan.add(.target(check, .up), at: end) }
        stage.extend(beyond: end)
    }

    /// `dead` of `nodes` nodes die, and targets fail when that is known.
    private static func dying(
        _ name: String, _ story: String, _ nodes: Int, _ dead: Int
    ) -> Scenario {
        truth(name, story, nodesMin: nodes) { stage in
            stage.setup.startingCount = nodes
            stage.setup.placeCount = nodes
            for place in stage.choose(dead) {
                stage.setup.plan.add(.kill(place, silently: true), at: stage.settled)
            }
            stage.failAll(at: stage.settled + stage.bounds.detection)
            stage.extend(beyond: stage.settled + stage.bounds.detection + .minutes(6))
        }
    }
}

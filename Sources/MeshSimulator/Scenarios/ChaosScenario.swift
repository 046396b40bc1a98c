import MeshCore
import MeshEngine

/// Everything at once, by chance: what nobody thought of writing down as a scenario.
extension ScenarioCatalog {
    static let chaos = Scenario(
        "chaos", "all faults mixed at random, then a quiet end that must agree",
        hasOwnTargets: true
    ) { stage in
        let seed = stage.generator.next()
        stage.setup.outsiders.append(Forger(interval: .milliseconds(500), seed: seed))
        stage.setup.outsiders.append(Replayer(interval: .milliseconds(500), seed: ~seed))
        stage.setup.conditions.duplicationPerMillion = stage.generator.index(below: 50_000)
        stage.setup.conditions.reorderingPerMillion = stage.generator.index(below: 100_000)
        stage.setup.signerDelay = stage.moment(from: .zero, to: .milliseconds(5))
        let firstExtra = stage.addPlaces(max(2, stage.nodes / 5))
        let firstCopy = stage.setup.placeCount
        if stage.setup.watch.checkCount > 0 { _ = stage.addPlaces(WatchChaos.copiesMax) }
        stage.extend(beyond: stage.settled + .minutes(5))
        let end = stage.lastFault - .seconds(1)
        var at = stage.settled
        var extras = firstExtra..<firstCopy
        while at < end {
            Chaos.strike(at: at, before: end, extras: &extras, on: &stage)
            at = at + stage.moment(from: .milliseconds(500), to: .seconds(30))
        }
        if stage.setup.watch.checkCount > 0 {
            hastenMeshNotices(&stage)
            var watching = WatchChaos(&stage, firstCopy: firstCopy, seed: seed &+ 1)
            watching.strike(from: stage.settled, until: end, on: &stage)
            // Who was refused for long waits for long.
            if watching.strikesReceivers { stage.extend(beyond: end + stage.bounds.truth.retrying) }
        }
        stage.setup.plan.add(.heal, at: end)
        for place in 0..<stage.setup.placeCount {
            stage.setup.plan.add(.resume(place), at: end)
            stage.setup.plan.add(.unblockDatagrams(place), at: end)
        }
    }
}

/// Half of all runs have an alert that names `mesh`. Half of them all tell of the mesh in seconds
/// instead of minutes, or nothing in chaos would last long enough.
private func hastenMeshNotices(_ stage: inout Stage) {
    stage.setup.watch.tellsMesh = stage.request.seed & 2 != 0
    guard stage.request.seed & 4 != 0 else { return }
    stage.setup.watch.meshParameters.partitionGrace = .seconds(30)
    stage.setup.watch.meshParameters.deathGrace = .seconds(20)
    stage.setup.watch.meshParameters.contactGrace = .seconds(20)
    stage.setup.watch.meshParameters.skewGrace = .seconds(20)
    stage.setup.watch.meshParameters.recoveryGrace = .seconds(15)
}

/// Draws single strikes for the chaos scenario.
private enum Chaos {
    private enum Strike: CaseIterable {
        case restart, losesDisk, restoresDisk, leaves, pauses, stalls, cutsHalves, cutsOne, oneWay,
            flaps, losesDatagrams, joins, jumpsClock
    }

    static func strike(
        at: TimeSpan, before end: TimeSpan, extras: inout Range<Int>, on stage: inout Stage
    ) {
        let place = stage.generator.index(below: stage.nodes)
        let other = stage.generator.index(below: stage.nodes)
        let span = min(stage.moment(from: .milliseconds(100), to: .seconds(60)), end - at)
        switch Strike.allCases[stage.generator.index(below: Strike.allCases.count)] {
        case .restart:
            stage.setup.plan.restart(place, at: at, downFor: span)
        case .losesDisk:
            stage.setup.plan.restart(place, at: at, downFor: span, disk: .lost)
        case .restoresDisk:
            stage.setup.plan.add(.saveDisk(place), at: stage.settled)
            stage.setup.plan.restart(place, at: at, downFor: span, disk: .restored)
        case .leaves:
            stage.setup.plan.add(.leave(place), at: at)
            stage.setup.plan.add(.start(place), at: min(at + .seconds(30), end))
        case .pauses:
            stage.setup.plan.pause(place, at: at, for: span)
        case .stalls:
            stage.setup.plan.stall(
                [place], from: at, until: at + span, longest: .seconds(5),
                using: &stage.generator)
        case .cutsHalves:
            let half = Set(stage.choose(stage.nodes / 2))
            stage.setup.plan.cut(places: stage.setup.placeCount, at: at, for: span) {
                half.contains($0)
            }
        case .cutsOne:
            stage.setup.plan.cut(places: stage.setup.placeCount, at: at, for: span) { $0 == place }
        case .oneWay:
            guard place != other else { return }
            stage.setup.plan.add(.block(from: place, to: other), at: at)
            stage.setup.plan.add(.heal, at: at + span)
        case .flaps:
            guard place != other else { return }
            let period = stage.moment(from: .seconds(1), to: .seconds(8))
            stage.setup.plan.add(.flap(from: place, to: other, period: period), at: at)
            stage.setup.plan.add(.heal, at: at + span)
        case .losesDatagrams:
            stage.setup.plan.add(.blockDatagrams(place), at: at)
            stage.setup.plan.add(.unblockDatagrams(place), at: at + span)
        case .joins:
            guard let next = extras.popFirst() else { return }
            stage.setup.plan.add(.start(next), at: at)
        case .jumpsClock:
            let hour: Int64 = 3_600_000
            stage.setup.plan.add(.jumpWallClock(place, milliseconds: hour), at: at)
        }
    }
}

import MeshChecks
import MeshCore

/// Voters who lie: one fewer than would be a quorum.
extension ScenarioCatalog {
    static let lying: [Scenario] = [
        (Lie.saysDown, "says-down", "sees every target down"),
        (.saysUp, "says-up", "sees every target up"),
        (.changesItsMind, "changes-its-mind", "sees something else each time"),
        (.claimsToHaveSent, "claims-to-have-sent", "claims to have sent what it has not"),
        (.staysSilent, "stays-silent", "never signs a verdict"),
        (.equivocates, "equivocates", "signs two verdicts under one number"),
        (.showsStaleHeads, "stale-heads", "shows the first of its heads for ever"),
    ].map { lie, name, story in
        truth("liar-\(name)", "as many as are no quorum: each \(story)", nodesMin: 4) { stage in
            let rule = stage.setup.watch.rules[0]
            let count = rule.quorum.needed(of: rule.owners(known: stage.nodes)) - 1
            for place in stage.choose(max(1, count)) { stage.setup.watch.liars[place] = lie }
            stage.failAll(at: stage.settled + .minutes(2), for: .minutes(3))
            stage.extend(beyond: stage.settled + .minutes(5))
        }
    }
}

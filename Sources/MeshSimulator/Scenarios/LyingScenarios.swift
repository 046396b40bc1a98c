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
        (.understatesRule, "understates-rule", "sees all down, and signs a quorum of one"),
        (.rewritesRule, "rewrites-rule", "sees all down, by a rule of its own making"),
        (.inventsSigners, "invents-signers", "sees all down, and makes up who agrees"),
        (.repeatsThePast, "repeats-the-past", "says again and again what was true once"),
        (.withholds, "withholds", "passes on nothing that matters"),
        (.claimsEverything, "claims-everything", "claims each notice and sends none"),
        (.fakesReceipts, "fakes-receipts", "signs for each notice as sent"),
        (.floodsHints, "floods-hints", "calls all others to look, with all that it sends"),
    ].map { lie, name, story in
        truth("liar-\(name)", "as many as are no quorum: each \(story)", nodesMin: 4) { stage in
            let rule = stage.setup.watch.rules[0]
            let count = rule.quorum.needed(of: rule.owners(known: stage.nodes)) - 1
            let liars = stage.choose(max(1, count))
            for place in liars {
                stage.setup.watch.liars[place] = lie
                // One verdict that stands for a while, for who signs two needs time to be seen.
                let from = stage.settled + .seconds(20)
                for check in stage.checks where lie == .equivocates {
                    stage.setup.plan.add(
                        .placeSees(place: place, check: check, .refusing), at: from)
                    stage.setup.plan.add(
                        .placeSees(place: place, check: check, nil), at: from + .seconds(30))
                }
            }
            stage.failAll(at: stage.settled + .minutes(2), for: .minutes(3))
            stage.extend(beyond: stage.settled + .minutes(5))
        }
    }
}

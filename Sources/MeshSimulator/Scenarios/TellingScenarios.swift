import MeshChecks
import MeshCore
import MeshNotices

/// Senders that die at the worst moment, and providers that do not work.
extension ScenarioCatalog {
    static let telling: [Scenario] = [
        struck(
            "sender-killed-before-claim", "the first owner dies as it learns of an outage",
            .certified, .kill),
        struck(
            "sender-killed-after-claim", "the sender dies as it holds the claim", .claimed, .kill),
        struck("sender-killed-sending", "the sender dies as its request leaves", .ordered, .kill),
        struck(
            "sender-killed-after-yes", "the sender dies as the provider says yes", .accepted, .kill),
        struck(
            "sender-paused", "the sender stands still through its lease, its request under way",
            .ordered, .pause(.seconds(20))),
        struck(
            "claimant-paused", "the sender stands still with its claim, and goes on", .claimed,
            .pause(.seconds(20))),
        truth("contact-unknown-to-most", "only some nodes know how to reach a contact", nodesMin: 3)
        {
            stage in
            for place in stage.choose(stage.nodes * 3 / 5) {
                var skew = PlanSkew()
                skew.lacksContacts = [0]
                stage.setup.watch.skewByPlace[place] = skew
            }
            stage.failAll(at: stage.settled + .seconds(30), for: .minutes(3))
            stage.extend(beyond: stage.settled + .minutes(4))
        },
        provider("provider-refuses", "a provider refuses everybody for a minute", .refuses),
        provider("provider-hangs", "a provider answers nobody for a minute", .hangs),
        provider(
            "provider-loses-answers", "a provider accepts and is not heard, for a minute",
            .losesAnswer),
        truth("provider-refuses-one", "a provider refuses one node for ever") { stage in
            let place = stage.choose(1)[0]
            stage.setup.plan.add(.receiver(contact: 0, place: place, .refuses), at: stage.settled)
            stage.failAll(at: stage.settled + .seconds(30), for: .minutes(3))
            stage.extend(beyond: stage.settled + .minutes(4) + stage.bounds.truth.retrying)
        },
        truth("one-sided-alerts", "some want to hear of outages only, some of their ends") {
            stage in
            stage.setup.watch.contactCount = max(3, stage.setup.watch.contactCount)
            stage.setup.watch.wantedByContact = [1: .offline, 2: .online]
            stage.failAll(at: stage.settled + .seconds(30), for: .minutes(3))
            stage.extend(beyond: stage.settled + .minutes(4))
        },
        truth("degraded", "targets go from up to degraded to down and back") { stage in
            stage.setup.watch.contactCount = max(2, stage.setup.watch.contactCount)
            stage.setup.watch.contactsToldDegraded = [1]
            var at = stage.settled + .seconds(30)
            for condition in [TargetCondition.degraded, .refusing, .degraded, .up] {
                for check in stage.checks {
                    stage.setup.plan.add(.target(check, condition), at: at)
                }
                stage.extend(beyond: at)
                at = at + stage.tellingSpan
            }
        },
        Scenario(
            "prompt", "targets stop refusing and answering, one after another, to be timed",
            hasOwnTargets: true
        ) { stage in
            stage.watch(atLeast: 10)
            stopInTurn(&stage)
        },
        Scenario(
            "prompt-first-owner-killed", "targets stop as their first owner is killed, to be timed",
            nodesMin: 5, hasOwnTargets: true
        ) { stage in
            stage.watch(atLeast: 10)
            stage.setup.outsiders.append(Poacher(from: stage.settled + .seconds(20)))
            stage.extend(beyond: stage.settled + .seconds(80) * stage.checks.count)
        },
        Scenario(
            "owner-wakes",
            "an owner sleeps while another tells, and wakes as the only one of them that is left",
            nodesMin: 5, hasOwnTargets: true
        ) { stage in
            stage.watch(atLeast: 6)
            stage.setup.outsiders.append(Sandman(from: stage.settled + .seconds(20)))
            stage.extend(beyond: stage.settled + .seconds(100) * stage.checks.count)
        },
    ]

    private static func stopInTurn(_ stage: inout Stage) {
        var at = stage.settled + .seconds(20)
        for check in stage.checks {
            let moment = stage.moment(from: at, to: at + stage.request.interval)
            stage.setup.plan.add(.target(check, .refusing), at: moment)
            stage.setup.plan.add(.target(check, .up), at: moment + .seconds(30))
            at = at + .seconds(3)
        }
        stage.extend(beyond: at + .seconds(30))
    }

    private static func struck(
        _ name: String, _ story: String, _ moment: Assassin.Moment, _ blow: Assassin.Blow
    ) -> Scenario {
        truth(name, story, nodesMin: 4) { stage in
            stage.setup.outsiders.append(
                Assassin(at: moment, blow, times: 3, returnsAfter: .seconds(60)))
            var at = stage.settled + .seconds(30)
            for check in stage.checks {
                stage.setup.plan.add(.target(check, .refusing), at: at)
                stage.setup.plan.add(.target(check, .up), at: at + .minutes(3))
                at = at + .seconds(20)
            }
            stage.extend(beyond: at + .minutes(3))
        }
    }

    private static func provider(
        _ name: String, _ story: String, _ condition: Receivers.Condition
    ) -> Scenario {
        truth(name, story) { stage in
            let at = stage.settled + .seconds(30)
            stage.setup.plan.add(.receiver(contact: 0, place: nil, condition), at: at)
            stage.failAll(at: at)
            let end = at + stage.bounds.truth.certification + .seconds(60)
            stage.setup.plan.add(.receiver(contact: 0, place: nil, .accepts), at: end)
            stage.extend(beyond: end + stage.bounds.truth.retrying)
        }
    }
}

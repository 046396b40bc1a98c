import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshPlatform

// The JSON of every answer: names, order and shapes are a contract that scripts lean on.

extension JSONWriter {
    mutating func status(
        _ node: NodeStatus, _ members: [MemberState: Int], _ checks: [TargetState?: Int],
        _ unwatched: UnwatchedStatus
    ) {
        object { json in
            json.field("node") { json in
                json.object { json in
                    json.field("name") { $0.string(node.name) }
                    json.field("id") { $0.string(node.id.description) }
                    json.field("zone") { $0.string(node.zone) }
                    json.field("version") { $0.string(node.version) }
                    json.field("started_at") { $0.time(node.startedAt) }
                }
            }
            json.field("mesh") { json in
                json.object { json in
                    json.field("name") { $0.string(node.mesh) }
                    json.field("alive") { $0.number(members[.alive] ?? 0) }
                    json.field("suspect") { $0.number(members[.suspect] ?? 0) }
                    json.field("dead") { $0.number(members[.dead] ?? 0) }
                    json.field("left") { $0.number(members[.left] ?? 0) }
                    json.field("majority") { $0.bool(node.hasMajority) }
                    json.field("settled") { $0.bool(node.isSettled) }
                }
            }
            json.field("checks") { json in
                json.object { json in
                    json.field("up") { $0.number(checks[.up] ?? 0) }
                    json.field("degraded") { $0.number(checks[.degraded] ?? 0) }
                    json.field("down") { $0.number(checks[.down] ?? 0) }
                    json.field("unknown") { $0.number(checks[nil] ?? 0) }
                }
            }
            json.field("not_watched") { $0.unwatched(unwatched) }
        }
    }

    private mutating func unwatched(_ unwatched: UnwatchedStatus) {
        object { json in
            json.field("count") { $0.number(unwatched.count) }
            json.field("checks") { json in
                json.array(unwatched.first) { json, check in
                    json.object { json in
                        json.field("name") { $0.string(check.name) }
                        json.field("why") { $0.string(check.why) }
                    }
                }
            }
            json.field("reports") { json in
                json.array(unwatched.reports) { json, report in
                    json.object { json in
                        json.field("node") { $0.string(report.node) }
                        json.field("count") { $0.number(report.count) }
                        json.field("text") { $0.string(report.text) }
                    }
                }
            }
        }
    }

    mutating func member(_ member: MemberStatus) {
        object { json in
            json.field("name") { $0.string(member.name) }
            json.field("id") { $0.string(member.id.description) }
            json.field("zone") { $0.string(member.zone) }
            json.field("address") { $0.string(member.address) }
            json.field("state") { $0.string(member.state.word) }
            json.field("generation") { $0.number(member.generation) }
            json.field("incarnation") { $0.number(member.incarnation) }
            json.field("since") { $0.time(member.since) }
        }
    }

    /// With `observations` and what was measured in the answer about one check alone; `.failure`: they can't be read now.
    mutating func check(_ check: CheckStatus, looks: Result<[LookStatus], Unavailable>? = nil) {
        object { json in
            json.field("id") { $0.string(check.id.description) }
            json.field("name") { $0.string(check.name) }
            json.field("type") { $0.string(check.type) }
            json.field("target") { $0.string(check.target) }
            json.field("tags") { $0.array(check.tags) { $0.string($1) } }
            json.field("state") { $0.string(check.state.word) }
            json.field("since") { $0.time(check.since) }
            json.field("epoch") { $0.number(check.epoch) }
            json.field("reason") { $0.string(check.reason) }
            json.field("owners") { $0.array(check.owners) { $0.string($1) } }
            json.field("notifier") { $0.string(check.notifier) }
            json.field("quorum") { $0.number(check.quorum) }
            json.field("watched") { $0.bool(check.isWatched) }
            json.field("not_watched") { $0.string(check.notWatched) }
            json.field("could_not_look") { $0.string(check.couldNotLook) }
            json.field("provisional") { $0.string(check.provisional?.word) }
            json.field("unreachable_from") { $0.array(check.unreachableFrom) { $0.string($1) } }
            json.field("verdicts") { $0.array(check.verdicts) { $0.verdict($1) } }
            json.field("latency_ms") { $0.milliseconds(check.latency) }
            json.field("last_observed_at") { $0.time(check.lastObservedAt) }
            if looks != nil { json.measured(check.measurements) }
            switch looks {
            case .success(let looks)?:
                json.field("observations") { $0.array(looks) { $0.look($1) } }
            case .failure?: json.field("observations") { $0.null() }
            case nil: break
            }
        }
    }

    /// What the node's own latest look found out besides its verdict; null where that was not much.
    private mutating func measured(_ measurements: Measurements) {
        let phases = measurements.phases
        field("phases_ms") { json in
            guard !phases.isEmpty else { return json.null() }
            json.object { json in
                for (name, span) in phases { json.field(name) { $0.milliseconds(span) } }
            }
        }
        field("certificate_ends_at") { $0.time(measurements.certificateEnds) }
        field("remark") { $0.string(measurements.remark?.text) }
    }

    private mutating func verdict(_ verdict: VerdictStatus) {
        object { json in
            json.field("node") { $0.string(verdict.node) }
            json.field("state") { $0.string(verdict.state.word) }
            json.field("reason") { $0.string(verdict.reason) }
            json.field("since") { $0.time(verdict.since) }
        }
    }

    private mutating func look(_ look: LookStatus) {
        object { json in
            json.field("at") { $0.time(look.at) }
            switch look.observation.outcome {
            case .saw(let state, let reason):
                json.field("state") { $0.string(state.word) }
                json.field("reason") { $0.string(reason.text) }
            case .abstained(let abstention):
                json.field("state") { $0.null() }
                json.field("reason") { $0.string(abstention.word) }
            }
            json.field("latency_ms") { $0.milliseconds(look.observation.latency) }
        }
    }

    mutating func incident(_ incident: IncidentStatus) {
        object { json in
            json.field("check") { $0.string(incident.check) }
            json.field("state") { $0.string(incident.state.word) }
            json.field("started_at") { $0.time(incident.startedAt) }
            json.field("ended_at") { $0.time(incident.endedAt) }
            json.field("epoch") { $0.number(incident.epoch) }
            json.field("flip") { $0.string(incident.flip.hexadecimal) }
            json.field("confirmed_by") { $0.array(incident.confirmedBy) { $0.string($1) } }
        }
    }

    mutating func notification(_ notice: NotificationStatus) {
        guard let status = notice.status.word else { return }
        object { json in
            json.field("id") { $0.string(notice.id.description) }
            json.field("check") { $0.string(notice.check) }
            json.field("epoch") { $0.number(notice.epoch) }
            json.field("state") { $0.string(notice.state.word) }
            json.field("contact") { $0.string(notice.contact) }
            json.field("kind") { $0.string(notice.kind.word) }
            json.field("status") { $0.string(status) }
            json.field("node") { $0.string(notice.node) }
            json.field("at") { $0.time(notice.at) }
            json.field("attempts") { $0.number(notice.attempts) }
            json.field("error") { $0.string(notice.status.error) }
        }
    }
}

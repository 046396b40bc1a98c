import MeshChecks
import MeshCore
import MeshNotices
import MeshVerdicts

/// Checks and notices in words, for whoever looks into a failing seed.
extension World {
    func checkName(_ check: Int) -> String { check >= 0 ? watch.checks.name(of: check) : "mesh" }

    func checkName(_ id: CheckID) -> String {
        watch.checks.number(of: id).map { checkName($0) } ?? "check \(id.description.prefix(6))"
    }

    func text(_ flip: Flip) -> String {
        "\(checkName(flip.check)) \(flip.epoch) \(flip.state) (\(flip.id.description.prefix(6)))"
    }

    func text(_ event: CheckEvent) -> String {
        switch event {
        case .flipped(let flip, let state, let origin):
            let former = state.map { "\($0)" } ?? "unknown"
            return "\(text(flip)) after \(former), \(origin)"

        case .forked(let lost, let won): return "fork: \(text(won)) wins, \(text(lost)) is lost"
        case .confirmed(let flip): return "\(text(flip)) is confirmed"
        case .provisional(let check, let state):
            let seen = state.map { "provisionally \($0)" } ?? "no longer provisional"
            return "\(checkName(check)) is \(seen)"
        case .watched(let check, let isWatched):
            return "\(checkName(check)) is \(isWatched ? "" : "not ")watched"
        case .equivocated(let node, _, _):
            return "\(name(of: node)) signed two entries in one place"
        case .abstained(let check, let why): return "abstains from \(checkName(check)): \(why)"
        }
    }

    func text(_ notice: Notice) -> String {
        let isPartial = notice.isPartialView ? ", a partial view" : ""
        if notice.kind == .mesh {
            let subject = notice.subject?.kind.map { "\($0)" } ?? "something"
            return "\(notice.id.description.prefix(6)) mesh \(subject) \(notice.epoch) "
                + "\(notice.state) (\(notice.reason.text))"
        }
        return "\(notice.id.description.prefix(6)) \(notice.kind) \(checkName(notice.check)) "
            + "\(notice.epoch) \(notice.state)\(isPartial)"
    }

    func text(_ acceptance: Receivers.Acceptance) -> String {
        "\(acceptance.at.seconds) contact \(acceptance.contact) accepts \(text(acceptance.notice)) "
            + "from \(processes[acceptance.process].name)"
            + (acceptance.isRepeated ? ", not for the first time" : "")
    }
}

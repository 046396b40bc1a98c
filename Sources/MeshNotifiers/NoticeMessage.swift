package import MeshChecks
package import MeshCore
package import MeshNotices
import MeshPlatform

/// A notice as people and programs get it: everything by its name, nothing to be looked up.
package struct NoticeMessage: Sendable, Hashable {
    package var id: NoticeID
    package var incident: IncidentID
    package var kind: NoticeKind
    package var mesh: String
    package var check: String
    /// `http`, `tcp`, …; of the built-in check `mesh` its own name.
    package var type: String
    /// What is watched. It shows no secret.
    package var target: String
    package var state: TargetState
    package var previous: TargetState?
    package var since: WallTime
    package var reason: String
    package var epoch: UInt32
    package var flip: FlipID
    package var confirmedBy: [String]
    package var sentBy: String
    package var isPartialView: Bool
    /// The status page, where one is configured.
    package var url: String?

    package init(
        id: NoticeID, incident: IncidentID, kind: NoticeKind, mesh: String, check: String,
        type: String, target: String, state: TargetState, previous: TargetState?, since: WallTime,
        reason: String, epoch: UInt32, flip: FlipID, confirmedBy: [String], sentBy: String,
        isPartialView: Bool, url: String? = nil
    ) {
        self.id = id
        self.incident = incident
        self.kind = kind
        self.mesh = mesh
        self.check = check
        self.type = type
        self.target = target
        self.state = state
        self.previous = previous
        self.since = since
        self.reason = reason
        self.epoch = epoch
        self.flip = flip
        self.confirmedBy = confirmedBy
        self.sentBy = sentBy
        self.isPartialView = isPartialView
        self.url = url
    }
}

extension NoticeMessage {
    /// As a webhook carries it. Before a check's first flip nothing was certified: `previous` is
    /// `null` then.
    package var json: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("id") { $0.string(id.description) }
            json.field("incident") { $0.string(incident.description) }
            json.field("kind") { $0.string(kind.word) }
            json.field("mesh") { $0.string(mesh) }
            json.field("check") { $0.string(check) }
            json.field("type") { $0.string(type) }
            json.field("target") { $0.string(target) }
            json.field("state") { $0.string(state.word) }
            json.field("previous") { $0.string(previous.map(\.word)) }
            json.field("since") { $0.time(since) }
            json.field("reason") { $0.string(reason) }
            json.field("epoch") { $0.number(epoch) }
            json.field("flip") { $0.string(flip.description) }
            json.field("confirmed_by") { $0.array(confirmedBy) { $0.string($1) } }
            json.field("sent_by") { $0.string(sentBy) }
            json.field("partial_view") { $0.bool(isPartialView) }
            if let url { json.field("url") { $0.string(url) } }
        }
        return json.bytes
    }
}

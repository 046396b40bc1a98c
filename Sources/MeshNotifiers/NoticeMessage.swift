package import MeshChecks
package import MeshCore
package import MeshNotices

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
        var json = JSONObject()
        json.add("id", id.description)
        json.add("incident", incident.description)
        json.add("kind", kind.word)
        json.add("mesh", mesh)
        json.add("check", check)
        json.add("type", type)
        json.add("target", target)
        json.add("state", state.word)
        if let previous { json.add("previous", previous.word) } else { json.addNull("previous") }
        json.add("since", since.rfc3339)
        json.add("reason", reason)
        json.add("epoch", Int(epoch))
        json.add("flip", flip.description)
        json.add("confirmed_by", confirmedBy)
        json.add("sent_by", sentBy)
        json.add("partial_view", isPartialView)
        if let url { json.add("url", url) }
        return json.bytes
    }
}

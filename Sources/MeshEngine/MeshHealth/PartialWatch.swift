import MeshChecks
import MeshCore

/// Provisional states on this side of a cut: how long each has stood, and which are to be told as
/// partial views.
struct PartialWatch: Sendable {
    struct View: Sendable, Hashable {
        var state: TargetState
        var since: Instant
        /// Since when it is no longer seen.
        var passedAt: Instant?
    }

    private var views: [CheckID: View] = [:]

    var isEmpty: Bool { views.isEmpty }

    /// What most of a check's reachable owners see; `nil` if they no longer do.
    mutating func note(_ state: TargetState?, of check: CheckID, now: Instant) {
        guard let state else {
            if views[check]?.passedAt == nil { views[check]?.passedAt = now }
            return
        }
        if views[check]?.state == state {
            // It was gone for a moment, as for want of a packet.
            views[check]?.passedAt = nil
        } else if views[check] != nil || views.count < MeshHealthBounds.partialsMax {
            views[check] = View(state: state, since: now)
        }
    }

    /// Checks whose view has stood for `grace`, ascending.
    func due(after grace: TimeSpan, now: Instant) -> [(check: CheckID, view: View)] {
        views.filter { $0.value.passedAt == nil && now - $0.value.since >= grace }
            .map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// Takes away checks whose view has passed `grace` ago, ascending.
    mutating func takePassed(after grace: TimeSpan, now: Instant) -> [CheckID] {
        let passed = views.filter { $0.value.passedAt.map { now - $0 >= grace } ?? false }
            .keys.sorted()
        for check in passed { views[check] = nil }
        return passed
    }
}

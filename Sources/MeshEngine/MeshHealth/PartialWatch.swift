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
    /// Since when a node with the majority has known that somebody was told of a view of a check.
    private var openSince: [CheckID: Instant] = [:]

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

    /// For how long the chain has had time to confirm what was told of each of `checks`, ascending.
    mutating func ages(
        ofOpen checks: [CheckID], now: Instant
    ) -> [(check: CheckID, since: Instant)] {
        guard !checks.isEmpty || !openSince.isEmpty else { return [] }
        var ages: [CheckID: Instant] = [:]
        for check in checks { ages[check] = openSince[check] ?? now }
        openSince = ages
        return ages.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// Without the majority there is no chain to wait for.
    mutating func forgetOpen() { openSince = [:] }

    /// Takes away checks whose view has passed `grace` ago, ascending.
    mutating func takePassed(after grace: TimeSpan, now: Instant) -> [CheckID] {
        let passed = views.filter { $0.value.passedAt.map { now - $0 >= grace } ?? false }
            .keys.sorted()
        for check in passed { views[check] = nil }
        return passed
    }
}

import MeshChecks

/// The link of a check to a contact.
package struct Route: Sendable, Hashable {
    package var contact: ContactID
    package var on: Wanted
    /// Tell of degraded, too; otherwise it counts as up.
    package var tellsDegraded: Bool

    package enum Wanted: UInt8, Sendable, Hashable, CaseIterable {
        case offline, online, both
    }

    package init(contact: ContactID, on: Wanted, tellsDegraded: Bool = false) {
        self.contact = contact
        self.on = on
        self.tellsDegraded = tellsDegraded
    }

    /// What a state counts as along this route.
    func rated(_ state: TargetState) -> TargetState {
        state == .degraded && !tellsDegraded ? .up : state
    }
}

extension Route {
    /// Whether `merged` would change nothing.
    static func areMerged(_ routes: [Route]) -> Bool {
        zip(routes, routes.dropFirst()).allSatisfy { $0.contact < $1.contact }
    }

    /// One route for each contact, ascending: it wants whatever any of them wants.
    static func merged(_ routes: [Route]) -> [Route] {
        var merged: [Route] = []
        for route in routes.sorted(by: { $0.contact < $1.contact }) {
            guard let last = merged.last, last.contact == route.contact else {
                merged.append(route)
                continue
            }
            merged[merged.count - 1] = Route(
                contact: route.contact, on: last.on == route.on ? last.on : .both,
                tellsDegraded: last.tellsDegraded || route.tellsDegraded)
        }
        return merged
    }
}

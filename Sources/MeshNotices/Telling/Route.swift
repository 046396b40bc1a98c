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

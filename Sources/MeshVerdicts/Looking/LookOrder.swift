package import MeshChecks
package import MeshCore

/// Run this check once, now. Answered with an observation under the same token, once; an answer
/// that comes later than the check's timeout and a second counts as none.
package struct LookOrder: Sendable, Hashable {
    package var token: LookToken
    package var check: CheckID
    package var definition: DefinitionID
    /// When it should have begun: the time of its schedule, or that at which it was called for.
    package var due: Instant

    package init(token: LookToken, check: CheckID, definition: DefinitionID, due: Instant) {
        self.token = token
        self.check = check
        self.definition = definition
        self.due = due
    }
}

/// Which look an observation answers.
package struct LookToken: Hashable, Sendable {
    package var number: UInt64
    package init(_ number: UInt64) { self.number = number }
}

package import MeshChecks
package import MeshCore
package import MeshEngine
package import MeshNotices

/// What a world's nodes are configured to watch and whom to tell, and who is configured otherwise.
package struct WatchSetup: Sendable {
    package var checkCount = 0
    /// How checks are agreed upon, by revision of their definition: a revision beyond the last has
    /// the last one's rule and a text of its own.
    package var rules = [VotingRule(confirmations: 3, delay: 0, interval: .seconds(10))]
    /// What single checks have instead, in any revision.
    package var ruleByCheck: [Int: VotingRule] = [:]
    /// How long a look may take; below every interval.
    package var timeout = TimeSpan.seconds(2)
    package var contactCount = 0
    /// Check c is routed to contact c modulo `contactCount`, and wants this.
    package var wanted = Route.Wanted.both
    package var wantedByContact: [Int: Route.Wanted] = [:]
    /// Contacts that are told of degraded, too.
    package var contactsToldDegraded: Set<Int> = []
    /// An alert to contact 0 names the built-in check `mesh`.
    package var tellsMesh = false
    /// How long what is wrong with the mesh must last before anybody is told.
    package var meshParameters = MeshHealthParameters()
    package var skewByPlace: [Int: PlanSkew] = [:]
    /// Two flips with one parent are reported and counted, and no violation.
    package var allowsForks = false
    /// Who lies from the beginning, and how.
    package var liars: [Int: Lie] = [:]
    /// From a write until its confirmation.
    package var storeDelayMax = TimeSpan.milliseconds(2)
    /// Round trips to targets; providers take up to twice as long.
    package var roundTripMin = TimeSpan.milliseconds(1)
    package var roundTripMax = TimeSpan.milliseconds(80)

    package init() {}

    package var longestInterval: TimeSpan {
        (rules + Array(ruleByCheck.values)).map(\.interval).max() ?? .seconds(1)
    }
    package var shortestInterval: TimeSpan {
        (rules + Array(ruleByCheck.values)).map(\.interval).min() ?? .seconds(1)
    }
    package var longestDelay: Int {
        (rules + Array(ruleByCheck.values)).map(\.delay).max() ?? 0
    }
    package var confirmationsMax: Int {
        (rules + Array(ruleByCheck.values)).map(\.confirmations).max() ?? 1
    }
    package var confirmationsMin: Int {
        (rules + Array(ruleByCheck.values)).map(\.confirmations).min() ?? 1
    }
}

/// How one place's configuration differs from the others'.
package struct PlanSkew: Sendable, Hashable {
    /// Checks that it has never heard of.
    package var lacksChecks: Set<Int> = []
    package var disabledChecks: Set<Int> = []
    /// Definitions in another revision than 0.
    package var revisions: [Int: Int] = [:]
    /// Contacts that it does not know how to reach.
    package var lacksContacts: Set<Int> = []
    /// Checks whose routes it lacks.
    package var lacksRoutes: Set<Int> = []

    package init() {}
}

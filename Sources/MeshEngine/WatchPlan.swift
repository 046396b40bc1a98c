package import MeshChecks
package import MeshNotices

/// What a node is configured to watch, and whom to tell. It may change while the node runs and
/// differ from node to node.
package struct WatchPlan: Sendable {
    /// Checks that one node can be given; the configuration refuses more.
    package static let checksMax = 20_000

    package var checks: [CheckDefinition]
    /// Globs are resolved already; none of them matches the built-in check `mesh`.
    package var routes: [CheckID: [Route]]
    /// Alerts that name the built-in check `mesh`. Without one, only that the quorum is lost is
    /// told, to every contact.
    package var meshRoutes: [Route]
    /// What checks stand on: while one of these is down, nobody is told that they are, too.
    package var dependencies: [CheckID: Dependency]
    /// The contacts that this node knows how to reach.
    package var contacts: Set<ContactID>

    package init(
        checks: [CheckDefinition] = [], routes: [CheckID: [Route]] = [:],
        meshRoutes: [Route] = [], dependencies: [CheckID: Dependency] = [:],
        contacts: Set<ContactID> = []
    ) {
        self.checks = checks
        self.routes = routes
        self.meshRoutes = meshRoutes
        self.dependencies = dependencies
        self.contacts = contacts
    }
}

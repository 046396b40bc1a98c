import MeshChecks
import MeshCore

/// Who is told of each check, the built-in one among them.
///
/// What the configuration lists is kept as it is, shared with whoever read it: a copy would cost
/// more than all else that telling holds of a quiet check.
struct RouteBook: Sendable {
    private var listed: [CheckID: [Route]] = [:]
    private var meshCheck = CheckID(.zero)
    /// Beside what is listed for it.
    private var mesh: [Route] = []

    init() {}

    init(_ routes: [CheckID: [Route]], mesh: [Route], of meshCheck: CheckID) {
        listed = routes.values.allSatisfy(Route.areMerged) ? routes : routes.mapValues(Route.merged)
        self.meshCheck = meshCheck
        self.mesh = mesh.isEmpty ? [] : Route.merged(mesh + (routes[meshCheck] ?? []))
    }

    var isEmpty: Bool { listed.isEmpty && mesh.isEmpty }

    /// One for each contact, ascending; `nil` where no alert names the check.
    subscript(check: CheckID) -> [Route]? {
        check == meshCheck && !mesh.isEmpty ? mesh : listed[check]
    }
}

package import MeshCore
package import MeshMembership

/// What every process holds of every identity, as its reports tell it.
///
/// Asking a node for its member list costs a sorted copy; a thousand nodes asked every second would
/// be the whole run. This mirror costs one store per report, and an invariant compares it with the
/// list itself, a few nodes at a time.
package struct ViewTable: Sendable {
    package struct View: Sendable, Hashable {
        package var standing: Standing
        package var since: Instant
        /// Since when it has been alive or suspect without a break, if it is.
        package var reachableSince: Instant
        /// Entered as dead because a disk or a peer in the same case remembered it, on nobody's
        /// word: the member's own word of the same standing outweighs that.
        package var isHearsay: Bool
    }

    private var rows: [[View?]]

    init(processCount: Int) { rows = Array(repeating: [], count: processCount) }

    package func view(of identity: Int, by process: Int) -> View? {
        let row = rows[process]
        return identity < row.count ? row[identity] : nil
    }

    mutating func set(_ view: View?, of identity: Int, by process: Int) {
        let missing = identity + 1 - rows[process].count
        if missing > 0 {
            rows[process].append(contentsOf: repeatElement(nil, count: missing))
        }
        rows[process][identity] = view
    }

    /// A process that starts knows nobody.
    mutating func clear(_ process: Int) { rows[process] = [] }
}

import MeshChecks
import MeshEngine

extension Configuration {
    /// What is valid, and does other than whoever wrote it may expect: a watch that tells nobody, a
    /// quorum that cannot be had. Few findings, whatever the number of checks.
    package var advice: [Finding] { untold + beyondReach + tooManyZones }

    private static let namesShownMax = 3

    private var untold: [Finding] {
        let watched = checks.filter(\.definition.isEnabled)
        guard !watched.isEmpty else { return [] }
        guard !contacts.isEmpty else {
            return [Finding("contacts", "there are none: nobody will be told of anything")]
        }
        let silent = watched.filter { plan.routes[$0.definition.id]?.isEmpty ?? true }
        guard !silent.isEmpty else { return [] }
        let whose =
            silent.count == watched.count ? "any check" : Self.names(silent)
        return [Finding("alerts", "none is for \(whose): nobody will be told when that changes")]
    }

    /// A node that is named in no file but its own cannot be counted: a mesh of one is meant.
    private var beyondReach: [Finding] {
        guard !mesh.peers.isEmpty else { return [] }
        // Its own address may be among them, or not; a name of its own is taken for another's.
        let others = mesh.peers.count {
            $0.literal != node.bind && $0.literal != node.advertised.address
        }
        guard others > 0 else {
            return [
                Finding(
                    "mesh.peers",
                    "names this node alone, which then waits for the others: leave it out for a"
                        + " mesh of one")
            ]
        }
        let nodes = others + 1
        let greedy = checks.filter {
            guard case .all = $0.definition.rule.quorum else { return false }
            return $0.definition.rule.owners(known: nodes) == nodes
        }
        var found: [Finding] = []
        if nodes == 2 {
            found.append(
                Finding(
                    "mesh.peers",
                    "two nodes cannot do without each other: when one is away the other tells"
                        + " nothing but that; a third makes either of them dispensable"))
        } else if !greedy.isEmpty {
            found.append(
                Finding(
                    "checks",
                    "\(Self.names(greedy)) asks for the word of \"all\" \(nodes) nodes: nothing is"
                        + " decided about it while one is away"))
        }
        return found
    }

    /// No fault of the file's: where there are fewer zones, fewer are required. In some mesh it works as
    /// it is written, by the word of stand-ins.
    private var tooManyZones: [Finding] {
        let wide = checks.filter {
            let rule = $0.definition.rule
            return rule.zonesRequired.map { $0 > rule.confirmations } ?? false
        }
        let hopeless = wide.filter {
            let rule = $0.definition.rule
            return rule.zonesRequired ?? 0 > rule.confirmations + VotingRule.standInsMax
        }
        var found: [Finding] = []
        if !wide.isEmpty {
            found.append(
                Finding(
                    "checks",
                    "\(Self.names(wide)) requires more zones than it has confirmations: each change"
                        + " waits for stand-ins in the others; raise confirmations, or lower"
                        + " zones_required"))
        }
        if !hopeless.isEmpty {
            found.append(
                Finding(
                    "checks",
                    "\(Self.names(hopeless)) requires more zones than there can be nodes to sign it,"
                        + " confirmations and \(VotingRule.standInsMax): in a mesh of so many zones"
                        + " nothing is ever decided about it"))
        }
        return found
    }

    /// `a, b, c and 5 more`.
    private static func names(_ checks: [CheckSettings]) -> String {
        let shown = checks.prefix(namesShownMax).map { "\"\($0.definition.name)\"" }
        let rest = checks.count - shown.count
        guard rest == 0 else { return "\(shown.joined(separator: ", ")) and \(rest) more" }
        return shown.joined(separator: ", ")
    }
}

package import MeshChecks
package import MeshCore

/// Why no quorum can be found for a check, as counted when it was last looked for.
package struct WatchLack: Sendable, Hashable {
    /// Nodes named in words. Others are counted.
    package static let nodesMax = 3

    /// What a node knows of itself.
    package struct Cause: Sendable, Hashable {
        package var node: NodeID
        package var text: Reason

        package init(node: NodeID, text: Reason) {
            self.node = node
            self.text = text
        }
    }

    /// R, Q and the zones that signers must span.
    package var owners: Int
    package var quorum: Int
    package var zones: Int
    /// Members that can be reached and may look.
    package var reachable: Int
    /// Zones in which somebody looks, or could.
    package var zonesReached: Int
    /// Owners that have looked of late.
    package var looking: Int
    /// Members that can be reached and have said that they do not have the check; ascending.
    package var declining: [NodeID]
    /// Owners that can be reached and have not looked of late; in rank order.
    package var silent: [NodeID]
    /// Owners that say that they have looked in vain; in rank order.
    package var blind: [NodeID] = []
    /// Why this node could not look, if it is an owner that could not.
    package var cause: Cause?
    /// Who says so: the first owner that looks, or the first if none does. One that does not have
    /// the check does not know that it should look.
    package var speaker: NodeID?

    package init(
        owners: Int, quorum: Int, zones: Int, reachable: Int, zonesReached: Int, looking: Int,
        declining: [NodeID], silent: [NodeID], speaker: NodeID? = nil
    ) {
        self.owners = owners
        self.quorum = quorum
        self.zones = zones
        self.reachable = reachable
        self.zonesReached = zonesReached
        self.looking = looking
        self.declining = declining
        self.silent = silent
        self.speaker = speaker
    }

    /// What a person can act on. `name`: of a node.
    package func words(_ name: (NodeID) -> String) -> String {
        let told = told(name)
        return told.isEmpty ? summary(name) : "\(summary(name)); \(told)"
    }

    /// Why this node could not look; empty if it is not known.
    package func told(_ name: (NodeID) -> String) -> String {
        cause.map { "\(name($0.node)) says: \($0.text)" } ?? ""
    }

    /// What is missing, and who: the same for checks that lack the same.
    package func summary(_ name: (NodeID) -> String) -> String {
        var words: [String] = []
        if reachable < quorum {
            let nodes = reachable == 1 ? "1 node" : "\(reachable) nodes"
            words.append("\(quorum) must agree, \(nodes) can look")
        } else if looking < quorum {
            words.append("\(quorum) must agree, \(looking) of \(owners) owners look")
        } else {
            words.append("needs \(zones) zones, \(zonesReached) can look")
        }
        if !declining.isEmpty { words.append("\(Self.list(declining, name)): no such check") }
        if looking < quorum {
            if !blind.isEmpty { words.append("\(Self.list(blind, name)): could not look") }
            if !silent.isEmpty { words.append("\(Self.list(silent, name)): no look of late") }
        }
        return words.joined(separator: "; ")
    }

    private static func list(_ nodes: [NodeID], _ name: (NodeID) -> String) -> String {
        // Ranks differ from check to check.
        let names = nodes.map(name).sorted().prefix(nodesMax).joined(separator: ", ")
        return nodes.count > nodesMax ? "\(names) and \(nodes.count - nodesMax) more" : names
    }
}

/// A check at which too few look.
package struct UnwatchedCheck: Sendable, Hashable {
    package var id: CheckID
    package var name: CheckName
    package var lack: WatchLack

    package init(id: CheckID, name: CheckName, lack: WatchLack) {
        self.id = id
        self.name = name
        self.lack = lack
    }
}

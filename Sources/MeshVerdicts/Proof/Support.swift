package import MeshChecks
package import MeshCore
package import MeshPlacement

/// What counts towards a flip. Minting and verifying both ask here, so that a node mints only what
/// others will believe.
package enum Support {
    /// Whether a dissent of `dissent` supports a flip to `state` from the certified `previous`
    /// (`nil` before the first flip): what is farther from the certified state supports every
    /// state on its way, so that down + degraded + up is *degraded*.
    package static func does(
        _ dissent: TargetState, support state: TargetState, from previous: TargetState?
    ) -> Bool {
        guard let previous else { return dissent >= state }
        guard state != previous else { return false }
        return state > previous ? dissent >= state : dissent <= state
    }

    /// One who signed, with the member list behind its digest.
    package struct Signer: Hashable, Sendable {
        package var node: NodeID
        package var roll: Roll

        package init(node: NodeID, roll: Roll) {
            self.node = node
            self.roll = roll
        }
    }

    /// The first signer that is in no other signer's list. Where Q is 2 or more it must not be
    /// among the supporters: a stranger's list says what a stranger likes.
    package static func unknownToOthers(_ signers: [Signer]) -> NodeID? {
        signers.first { signer in
            !signers.contains { $0.node != signer.node && $0.roll.rank(of: signer.node) != nil }
        }?.node
    }

    /// How many zones the signers span, by the list that finds fewest: as long as one of them is
    /// honest, nobody gains by calling its own zone another. A signer that a list does not have is
    /// where its own list puts it.
    package static func zonesSpanned(by signers: [Signer]) -> Int {
        signers.map { judge in
            var zones: Set<Label> = []
            for signer in signers {
                if let zone = judge.roll.zone(of: signer.node) ?? signer.roll.zone(of: signer.node)
                {
                    zones.insert(zone)
                }
            }
            return zones.count
        }.min() ?? 0
    }
}

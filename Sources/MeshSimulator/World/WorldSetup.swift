package import MeshCore
package import MeshMembership

/// Everything a world begins with: with the seed it decides every step of the run.
package struct WorldSetup: Sendable {
    /// Places that start a process by themselves at the beginning, one after another.
    package var startingCount: Int
    /// All places; those behind the starting ones are started by faults.
    package var placeCount: Int
    package var zoneCount: Int
    package var seed: UInt64
    package var duration: TimeSpan
    /// The starting processes start within this, evenly spread.
    package var startSpread: TimeSpan
    package var parameters = MembershipParameters()
    /// What single places are configured with instead.
    package var parametersByPlace: [Int: MembershipParameters] = [:]
    /// What single places are called instead of `node-N`.
    package var nameByPlace: [Int: Label] = [:]
    package var conditions = NetworkConditions()
    package var plan = FaultPlan()
    package var outsiders: [any Outsider] = []
    package var sabotage: Sabotage?
    /// How many of the first places everybody is given as seeds.
    package var seedCount = 3
    /// How long signers take; zero answers before the next effect.
    package var signerDelay = TimeSpan.zero
    /// What is watched and who is told; no checks unless asked for.
    package var watch = WatchSetup()
    package var meshSecret = Array("the secret of the simulated mesh".utf8)

    package init(
        nodes: Int, extraPlaces: Int = 0, zones: Int, seed: UInt64, duration: TimeSpan
    ) {
        precondition(nodes >= 1 && extraPlaces >= 0, "expected at least one node")
        precondition(zones >= 1, "expected at least one zone")
        startingCount = nodes
        placeCount = nodes + extraPlaces
        zoneCount = zones
        self.seed = seed
        self.duration = duration
        startSpread = min(.milliseconds(50) * nodes, .seconds(20))
    }
}

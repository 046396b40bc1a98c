/// All scenarios by name.
package enum ScenarioCatalog {
    package static let all: [Scenario] = membership + watching

    /// What happens to nodes and networks; with checks, some targets fail besides.
    package static let membership: [Scenario] =
        everyday + restarts + cuts + sickness + attacks + [chaos]

    /// What happens to targets, providers and voters. They have checks even if none are asked for.
    package static let watching: [Scenario] = verdicts + splits + telling + lying + mesh

    /// What `checkmesh-sim` runs unless told otherwise.
    package static let standard = "steady"

    package static func scenario(named name: String) -> Scenario? {
        all.first { $0.name == name }
    }
}

/// All scenarios by name.
package enum ScenarioCatalog {
    package static let all: [Scenario] =
        everyday + restarts + cuts + sickness + attacks + [chaos]

    /// What `checkmesh-sim` runs unless told otherwise.
    package static let standard = "steady"

    package static func scenario(named name: String) -> Scenario? {
        all.first { $0.name == name }
    }
}

import MeshCore

/// Somebody on the path, without the mesh's secret.
extension ScenarioCatalog {
    static let attacks: [Scenario] = [
        Scenario("forge", "twenty forged, damaged or senseless datagrams a second") { stage in
            let seed = stage.generator.next()
            stage.setup.outsiders.append(Forger(interval: .milliseconds(50), seed: seed))
        },
        Scenario("replay", "twenty datagrams a second are sent again, near and far, soon and late")
        {
            stage in
            let seed = stage.generator.next()
            stage.setup.outsiders.append(Replayer(interval: .milliseconds(50), seed: seed))
        },
    ]
}

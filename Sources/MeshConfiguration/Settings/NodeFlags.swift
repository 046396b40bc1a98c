/// What `run` is told on the command line, as it was given: an absent flag is `nil`.
package struct RunOptions: Sendable, Hashable {
    package static let configPathDefault = "mesh.json"

    package var configPath = configPathDefault
    package var flags = NodeFlags()

    package init() {}
}

/// What differs between otherwise identical nodes. The flag wins over the environment, and that
/// over the file.
package struct NodeFlags: Sendable, Hashable {
    package var name: String?
    package var zone: String?
    package var bind: String?
    package var advertise: String?
    package var http: String?
    package var data: String?
    /// In place of the file's, if there is one.
    package var peers: [String] = []

    package init() {}
}

/// One of those settings: its key, its flag and its variable.
enum NodeSetting: String, CaseIterable {
    case name, zone, bind, advertise, http, data

    var flag: String { "--\(rawValue)" }
    var variable: String { "CHECKMESH_\(rawValue.uppercased())" }

    func given(_ flags: NodeFlags) -> String? {
        switch self {
        case .name: flags.name
        case .zone: flags.zone
        case .bind: flags.bind
        case .advertise: flags.advertise
        case .http: flags.http
        case .data: flags.data
        }
    }
}

import MeshConfiguration
import MeshCore
import MeshTestSupport

/// One machine for a configuration to be read on: its variables and its files.
struct Reading {
    var variables: [String: String] = [:]
    var files: [String: String] = [:]
    var flags = NodeFlags()
    var hostName: String? = "host-1"
    var sourceAddress: SocketAddress? = SocketAddress(numericHost: "192.0.2.7", port: 9)

    static let secret = "0123456789abcdef"
    static let mesh = #""mesh": {"name": "m", "secret": "0123456789abcdef"}"#

    func load(_ json: String) throws(ConfigurationFault) -> LoadedConfiguration {
        let sources = ConfigurationSources(
            variable: { variables[$0] }, folder: "/etc/mesh", hostName: hostName,
            readFile: { (path: String, max: Int) throws(FileFault) -> FileContents in
                guard let text = files[path] else { throw .unreadable("open \(path): absent") }
                guard text.utf8.count <= max else { throw .tooLarge(path, byteCountMax: max) }
                return FileContents(
                    bytes: Array(text.utf8), isReadableByOthers: text.hasPrefix("public"))
            }, sourceAddress: { _, _ in sourceAddress })
        return try ConfigurationReader.read(
            Array(json.utf8), flags: flags, from: sources, using: StubCryptography())
    }

    func configuration(_ json: String) throws(ConfigurationFault) -> Configuration {
        try load(json).configuration
    }

    /// With a mesh in front, and `checks` after it.
    func check(_ json: String) throws -> CheckSettings {
        let configuration = try configuration("{\(Self.mesh), \"checks\": [\(json)]}")
        guard let check = configuration.checks.first else {
            throw ConfigurationFault([Finding("checks", "expected one")])
        }
        return check
    }

    /// What is wrong with it, without the lines; empty if nothing is.
    func problems(_ json: String) -> [String] {
        do throws(ConfigurationFault) {
            _ = try load(json)
            return []
        } catch {
            return error.problems.map { Finding($0.path, $0.message).description }
        }
    }

    func warnings(_ json: String) throws(ConfigurationFault) -> [String] {
        try load(json).warnings.map { Finding($0.path, $0.message).description }
    }
}

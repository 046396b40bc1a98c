package import MeshCore

/// Reads a configuration from this machine: the file, the environment, the host's name, and the
/// address that others reach it at. A reload is a load: whole, or not at all.
package enum ConfigurationLoader {
    package static func load(
        _ options: RunOptions, using cryptography: any Cryptography
    ) throws(ConfigurationFault) -> LoadedConfiguration {
        try ConfigurationReader.read(
            bytes(of: options), flags: options.flags, from: sources(of: options),
            using: cryptography)
    }

    /// What there is to look at, of a `mesh.json` or of a `checkup.json`.
    package static func loadChecks(
        _ options: RunOptions, using cryptography: any Cryptography
    ) throws(ConfigurationFault) -> CheckList {
        try CheckList.read(
            bytes(of: options), flags: options.flags, from: sources(of: options),
            using: cryptography)
    }

    private static func sources(of options: RunOptions) -> ConfigurationSources {
        ConfigurationSources(
            variable: Machine.variable, folder: folder(of: options.configPath),
            hostName: Machine.hostName, sourceAddress: Machine.sourceAddress)
    }

    private static func bytes(of options: RunOptions) throws(ConfigurationFault) -> [UInt8] {
        do throws(FileFault) {
            return try MachineFiles.read(
                options.configPath, atMost: Configuration.fileByteCountMax
            ).bytes
        } catch {
            throw ConfigurationFault([Finding("", "\(error): name another file with --config")])
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

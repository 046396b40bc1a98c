package import MeshCore

/// Reads a configuration from this machine: the file, the environment, the host's name, and the
/// address that others reach it at. A reload is a load: whole, or not at all.
package enum ConfigurationLoader {
    package static func load(
        _ options: RunOptions, using cryptography: any Cryptography
    ) throws(ConfigurationFault) -> LoadedConfiguration {
        let sources = ConfigurationSources(
            variable: Machine.variable, folder: folder(of: options.configPath),
            hostName: Machine.hostName, sourceAddress: Machine.sourceAddress)
        let file: FileContents
        do throws(FileFault) {
            file = try MachineFiles.read(
                options.configPath, atMost: Configuration.fileByteCountMax)
        } catch {
            throw ConfigurationFault([Finding("", "\(error): name another file with --config")])
        }
        return try ConfigurationReader.read(
            file.bytes, flags: options.flags, from: sources, using: cryptography)
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

import MeshConfiguration

extension Program {
    /// Runs a node in the foreground.
    func runNode(_ options: RunOptions) throws -> ExitCode {
        // The configuration is refused whole before anything of a node exists.
        _ = try ConfigurationLoader.load(options, using: cryptography)
        throw UsageError("this build has no node in it yet")
    }
}

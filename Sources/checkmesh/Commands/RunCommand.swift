import MeshConfiguration
import MeshDaemon
import MeshPlatform

extension Program {
    /// Runs a node in the foreground. Exit 1 if it stopped because a copy of it is alive.
    func runNode(_ options: RunOptions) throws -> ExitCode {
        // Before any thread: one keeps the signal mask that it was born with.
        SignalSource.takeOver()
        let ending = try DaemonProcess.run(
            { () throws(ConfigurationFault) in
                try ConfigurationLoader.load(options, using: cryptography)
            }, log: Log())
        switch ending {
        case .left: return .fine
        case .clone: return .failed
        }
    }
}

import Glibc
import MeshPlatform

/// A folder of a server's own, where a shell makes what it needs and starts it. It goes with
/// whatever is in it, folders too.
package final class ServerFolder {
    private let directory: TemporaryDirectory

    package var path: String { directory.path }

    package init() throws { directory = try TemporaryDirectory() }

    deinit { _ = Self.runs("rm -rf \(path)") }

    /// Runs a shell script in it; throws if its last command fails.
    package func run(_ script: String) throws {
        guard Self.runs("cd \(path) && { \(script)\n}") else {
            throw SystemError(EIO, "run in \(path): \(script)")
        }
    }

    /// Ends the server that has written its number to the file `pid`.
    package func endServer() { try? run("kill $(cat pid)") }

    private static func runs(_ script: String) -> Bool {
        // Reads a text of our own; a shell runs it to its end.
        unsafe system("{ \(script)\n} >/dev/null 2>&1") == 0
    }
}

import Glibc
import MeshPlatform

/// A program that a test has started: what it says goes to a file, and it goes with the test.
package final class ChildProcess {
    package enum Ending: Hashable {
        case exit(Int32)
        case signal(Int32)
    }

    /// What it has written to standard output and standard error.
    package let outputPath: String
    private let number: pid_t
    private var ending: Ending?

    /// Starts `program`, a path. Of the test's environment it gets only where programs are.
    package init(_ program: String, _ arguments: [String], output: String) throws {
        outputPath = output
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        // Both are made here, lent to one call, and destroyed.
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        let flags = O_WRONLY | O_CREAT | O_APPEND
        // The paths are copied by the calls.
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // A test in this process may have blocked signals, which a child would inherit.
        var none = sigset_t()
        // Both write our own variables.
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let words = unsafe Self.copies([program] + arguments)
        var variables: [String] = []
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            // A text that ends with a zero, copied at once.
            if let value = unsafe getenv(name) {
                unsafe variables.append("\(name)=\(String(cString: value))")
            }
        }
        let environment = unsafe Self.copies(variables)
        // Copied above, each once.
        defer { unsafe (words + environment).forEach { unsafe free($0) } }
        var made = pid_t()
        // Both lists end with nil, and live until the call is over.
        let failure = unsafe posix_spawn(
            &made, program, &actions, &attributes, words, environment)
        guard failure == 0 else { throw SystemError(failure, "start \(program)") }
        number = made
    }

    deinit {
        guard ending == nil else { return }
        kill(number, SIGKILL)
        _ = waitpid(number, nil, 0)
    }

    private static func copies(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0) } + [nil]
    }

    /// Its number, for paths under /proc.
    package var id: Int { Int(number) }

    package func send(_ signal: Int32) {
        if end() == nil { kill(number, signal) }
    }

    /// How it has ended, or `nil` while it runs.
    package func end() -> Ending? {
        if let ending { return ending }
        var status: CInt = 0
        // Writes our own variable.
        guard unsafe waitpid(number, &status, WNOHANG) == number else { return nil }
        let signal = status & 0x7F
        ending = signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
        return ending
    }

    /// Ends it as a crash would, and waits until it is gone.
    package func crash() {
        guard end() == nil else { return }
        kill(number, SIGKILL)
        _ = waitpid(number, nil, 0)
        ending = .signal(SIGKILL)
    }

    /// What it has said so far.
    package var output: String {
        guard let file = try? AtomicFile.read(outputPath, byteCountMax: 16 << 20) else { return "" }
        return String(decoding: file.bytes, as: UTF8.self)
    }

    /// A program of this package: it was built beside the tests.
    package static func sibling(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        // Writes at most the buffer, whose last byte stays zero.
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let bytes = buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }
        let folder = String(decoding: bytes, as: UTF8.self)
            .split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return folder.joined(separator: "/") + "/" + name
    }
}

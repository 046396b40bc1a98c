import CLinux
import Glibc

/// What this process was given as its environment, which it never changes.
package enum ProcessEnvironment {
    /// `NAME=value`, in their order; without those that are no UTF-8.
    package static var all: [String] {
        var variables: [String] = []
        var index = 0
        // Answers texts that live as long as the process, and nil after the last; each is copied.
        while let text = unsafe clinux_environment_variable(CInt(index)) {
            if let variable = unsafe String(validatingCString: text) { variables.append(variable) }
            index += 1
        }
        return variables
    }
}

/// What signals are called.
package enum SignalName {
    private static let names: [CInt: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL",
        SIGTRAP: "SIGTRAP", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE",
        SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1", SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2",
        SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU",
        SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
    ]

    package static func of(_ number: CInt) -> String { names[number] ?? "signal \(number)" }
}

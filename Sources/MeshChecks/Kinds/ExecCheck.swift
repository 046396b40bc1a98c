import MeshCore

/// A program that is run, and what its exit status and its output must be. No shell takes part: the
/// arguments arrive as they are written.
package struct ExecCheck: Sendable, Hashable {
    package static let argumentsMax = 64
    /// Of the command, of the directory, or of one argument, in bytes.
    package static let argumentByteCountMax = 4 * 1_024
    package static let variablesMax = 64
    /// Of a variable's name and value together.
    package static let variableByteCountMax = 4 * 1_024

    /// A path, or a name that is looked for in `PATH`.
    package var command: String
    package var arguments: [String] = []
    /// In the order of their names; they come before what is inherited.
    package var environment: [EnvironmentVariable] = []
    package var inheritance = Inheritance.usual
    /// `nil`: the node's own.
    package var directory: String?
    /// Looked for in what is kept of standard output and standard error, together as they came.
    package var output = TextRules()
    package var statuses = Statuses.zeroIsUp
    /// What a failure is: *down*, or *degraded* with Checkup's `"raise": "warn"`.
    package var failure = TargetState.down
    /// What variables of its configuration stand for: nobody must read it in a reason.
    package var redaction = Redaction()
    package var attempts = AttemptPlan()

    /// The command with its arguments as they were written, without what variables stand for.
    package var shown: String?

    package static let shownCountMax = 120
    /// Characters of the output's beginning that a reason has room for.
    private static let beginningCountMax = 80

    package init(command: String) { self.command = command }

    package var target: String {
        guard let shown else { return command }
        return shown.count > Self.shownCountMax
            ? shown.prefix(Self.shownCountMax - 1) + "…" : shown
    }

    /// What of the node's own environment the program gets. A node's settings (`CHECKMESH_…`), the
    /// mesh's secret among them, are never part of it.
    package enum Inheritance: Sendable, Hashable {
        /// `usualNames` and whatever begins with `LC_`: what programs need to find their way and
        /// to speak the operator's language, and no secret.
        case usual
        case all

        package static let usualNames: Set<String> = [
            "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR",
        ]
        package static let pathDefault =
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

        func passes(_ name: String) -> Bool {
            guard !name.hasPrefix("CHECKMESH_") else { return false }
            switch self {
            case .all: return true
            case .usual: return Self.usualNames.contains(name) || name.hasPrefix("LC_")
            }
        }
    }

    /// What exit statuses mean.
    package enum Statuses: Sendable, Hashable {
        /// 0 is up, and anything else a failure.
        case zeroIsUp
        /// As the plugins of Nagios have them: 0 up, 1 *degraded*, 2 a failure, and 3 (*unknown*)
        /// no word about the target: with it a plugin says that it could not look. What is beyond
        /// is a failure.
        case nagios
    }

    /// How a run of the program has ended.
    package enum Ending: Sendable, Hashable {
        case exited(Int)
        /// With the signal's name.
        case killed(String)
        /// It was ended, for it took longer than its timeout.
        case timedOut
        /// It was ended, for it wrote more than so many bytes.
        case wroteTooMuch(Int)
    }

    /// Judges one run by its end and by what is kept of its output, `isCut` if there was more.
    package func judge(
        _ ending: Ending, output: [UInt8], isCut: Bool, _ patterns: some PatternSearch
    ) -> Attempt.Outcome {
        switch ending {
        case .timedOut: return fail("did not end within \(DurationText(attempts.timeout))")
        case .wroteTooMuch(let count):
            return fail("wrote more than \(count / 1_024 / 1_024) MiB: \(firstLine(of: output))")
        case .killed(let signal): return fail("ended by \(signal)" + saying(output))
        case .exited(0): return judge(output, isCut, patterns)
        case .exited(let status):
            let words = "exit status \(status)" + saying(output)
            guard statuses == .nagios else { return fail(words) }
            switch status {
            case 1: return .degraded(reason(words))
            case 3: return .impossible(.undetermined)
            default: return fail(words)
            }
        }
    }

    private func judge(
        _ bytes: [UInt8], _ isCut: Bool, _ patterns: some PatternSearch
    ) -> Attempt.Outcome {
        let extent = isCut ? "the first \(bytes.count / 1_024) KiB of the output" : nil
        let fault = output.judge(bytes, called: "output", extent: extent, patterns) {
            let line = redacted(firstLine(of: bytes)).prefix(Self.beginningCountMax)
            return line.isEmpty ? "" : "; it begins '\(line)'"
        }
        return fault.map { fail($0.text) } ?? .answered
    }

    private func fail(_ words: String) -> Attempt.Outcome {
        switch failure {
        case .down: .failed(reason(words))
        case .up, .degraded: .degraded(reason(words))
        }
    }

    /// What the program says of why it could not look, for people.
    package func remark(_ output: [UInt8]) -> Reason { reason(firstLine(of: output)) }

    /// Redacted before it is cut.
    private func reason(_ words: String) -> Reason { Reason(redacted(words)) }

    private func redacted(_ words: String) -> String {
        redaction.adding(ownSecrets).redact(words)
    }

    /// The values of environment variables whose names sound like credentials.
    var ownSecrets: [Secret] { environment.filter(\.isConfidential).map(\.value) }

    private func saying(_ output: [UInt8]) -> String {
        let line = firstLine(of: output)
        return line.isEmpty ? ", without output" : ": \(line)"
    }

    /// The first line that says anything; of a plugin's without the figures that follow a `|`.
    private func firstLine(of output: [UInt8]) -> String {
        let lines = output.split(separator: 0x0A)
        let line = lines.first { $0.contains { $0 > 0x20 } } ?? []
        let words = statuses == .nagios ? line.prefix { $0 != UInt8(ascii: "|") } : line
        let start = words.drop { $0 <= 0x20 }
        let end = start.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? start.startIndex
        return String(decoding: start[..<end], as: UTF8.self)
    }

    /// `NAME=value` of everything that the program gets, where `own` is the node's environment.
    package func environment(from own: [String]) -> [String] {
        let set = Set(environment.map(\.name))
        var inherited = own.filter { variable in
            let name = String(variable.prefix { $0 != "=" })
            return !set.contains(name) && inheritance.passes(name)
        }
        if !set.contains("PATH"), !inherited.contains(where: { $0.hasPrefix("PATH=") }) {
            inherited.append("PATH=\(Inheritance.pathDefault)")
        }
        return environment.map { "\($0.name)=\($0.value.revealed)" } + inherited
    }

    func write(to text: inout DefinitionText) {
        text.add("command", .text(command))
        text.add("arguments", .list(arguments.map { .text($0) }), unless: .list([]))
        text.add("environment", environment)
        text.add("inherit_environment", .flag(inheritance == .all), unless: .flag(false))
        if let directory { text.add("directory", .text(directory)) }
        output.write(to: &text)
        text.add("nagios", .flag(statuses == .nagios), unless: .flag(false))
        if failure != .down { text.add("raise", .text("warn")) }
    }
}

/// One variable of a program's environment.
package struct EnvironmentVariable: Sendable, Hashable {
    package let name: String
    package let value: Secret

    /// `nil` if the name is empty or holds a `=`, either holds a zero, or both are too long.
    package init?(name: String, value: Secret) {
        let text = name + value.revealed
        guard !name.isEmpty, !name.utf8.contains(0x3D), !text.utf8.contains(0),
            text.utf8.count <= ExecCheck.variableByteCountMax
        else { return nil }
        self.name = name
        self.value = value
    }

    /// Whether the value is one to keep to oneself, judged by the name.
    package var isConfidential: Bool { ConfidentialName.matches(name) }
}

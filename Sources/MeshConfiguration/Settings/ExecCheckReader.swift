import MeshChecks
import MeshCore

extension Section {
    /// What an `exec` check has besides what all checks have.
    func execCheck(_ attempts: AttemptPlan) -> ExecCheck? {
        let command = execPath("command", isProgram: true)
        if !has("command") {
            complain("command", "is missing: write a program's path, or its name in PATH")
        }
        let arguments = execArguments()
        let environment = execEnvironment()
        let inheritance: ExecCheck.Inheritance =
            flag("inherit_environment") ?? false ? .all : .usual
        let directory = execPath("directory", isProgram: false)
        let output = textRules()
        let isNagios = flag("nagios") ?? false
        let failure = value("raise") { text throws(Complaint) in
            // Checkup's words.
            switch text {
            case "warn", "warning": return TargetState.degraded
            case "error": return .down
            default: throw Complaint("\"\(text)\" is neither \"error\" nor \"warn\"")
            }
        }
        guard let command else { return nil }
        warnIfMissing(command, environment)
        var check = ExecCheck(command: command)
        check.arguments = arguments
        let words = (node("arguments")?.elements ?? []).compactMap(\.text)
        check.shown = ([node("command")?.text ?? command] + words).joined(separator: " ")
        check.environment = environment
        check.inheritance = inheritance
        check.directory = directory
        check.output = output
        check.statuses = isNagios ? .nagios : .zeroIsUp
        check.failure = failure ?? .down
        check.attempts = attempts
        return check
    }

    /// A path is relative to the file; a program without a slash is looked for in PATH.
    private func execPath(_ key: String, isProgram: Bool) -> String? {
        guard let path = boundedText(key, atMost: ExecCheck.argumentByteCountMax) else {
            return nil
        }
        guard !path.utf8.contains(0) else {
            complain(key, "holds a zero byte, which ends a path")
            return nil
        }
        guard !isProgram || path.utf8.contains(UInt8(ascii: "/")) else { return path }
        // Where the file's folder is on this node is no part of the definition.
        if written[key] == nil { note(.text(path), under: key) }
        return context.sources.resolved(path)
    }

    private func execArguments() -> [String] {
        let key = "arguments"
        let elements = node(key)?.elements ?? []
        let texts = texts(key, max: ExecCheck.argumentsMax)
        for text in texts {
            let isTooLong = text.text.utf8.count > ExecCheck.argumentByteCountMax
            guard isTooLong || text.text.utf8.contains(0) else { continue }
            context.complain(
                text.path,
                isTooLong
                    ? "is longer than \(ExecCheck.argumentByteCountMax) bytes"
                    : "holds a zero byte, which ends an argument", at: text.offset)
        }
        let raws = elements.map { $0.text ?? "" }
        if raws.contains(where: \.hasDollar) {
            note(.list(raws.map { .text($0) }), under: key)
        }
        return texts.map(\.text)
    }

    /// `{"NAME": "value"}`, in the order of the names: that of the file says nothing.
    private func execEnvironment() -> [EnvironmentVariable] {
        var variables: [EnvironmentVariable] = []
        let entries = entries("environment")
        if entries.count > ExecCheck.variablesMax {
            complain(
                "environment",
                "\(entries.count) variables are above the maximum of \(ExecCheck.variablesMax)")
        }
        for entry in entries {
            let place = "\(path("environment")).\(entry.key)"
            guard let raw = context.text(of: entry.node, at: place) else { continue }
            do throws(Complaint) {
                let value = Secret(try context.expand(raw))
                guard let variable = EnvironmentVariable(name: entry.key, value: value) else {
                    throw Complaint(
                        "is no variable: a name without \"=\", and both together at most"
                            + " \(ExecCheck.variableByteCountMax) bytes without a zero")
                }
                variables.append(variable)
                if raw.hasDollar { note(.text(raw), under: "environment.\(entry.key)") }
            } catch {
                context.complain(place, error.message, at: entry.node.offset)
            }
        }
        variables.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return variables
    }

    /// On another node it may be there: no problem of the file's.
    private func warnIfMissing(_ command: String, _ variables: [EnvironmentVariable]) {
        var candidates = [command]
        if !command.utf8.contains(UInt8(ascii: "/")) {
            let own = variables.first { $0.name == "PATH" }?.value.revealed
            let path =
                own ?? context.sources.variable("PATH") ?? ExecCheck.Inheritance.pathDefault
            candidates = path.split(separator: ":").map { "\($0)/\(command)" }
        }
        guard !candidates.contains(where: context.sources.isProgram) else { return }
        warn(
            "command",
            "\"\(command)\" is no program that can be run on this machine: from here the check"
                + " says nothing")
    }
}

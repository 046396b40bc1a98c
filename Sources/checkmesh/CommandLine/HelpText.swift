import MeshDaemon

/// What `--help` prints.
enum HelpText {
    static var program: String {
        let commands = CommandName.allCases.map { ($0.rawValue, $0.summary) }
        return """
            checkmesh watches websites, hosts and services from many places and tells people, once.

            usage: checkmesh [-c FILE] [COMMAND] [FLAGS]

            commands (without one: check)
            \(columns(commands))

            flags of every command
            \(columns(Flag.everywhere.map { ($0.usage, $0.help) }))

            Exits 0 if all is well, 1 if a check is not up or a request failed, 2 if the usage or the
            configuration is wrong. "checkmesh COMMAND --help" says more.
            """
    }

    static func command(_ command: CommandName) -> String {
        let operands = command.operands.isEmpty ? "" : " \(command.operands)"
        var text = "usage: checkmesh \(command.rawValue)\(operands) [FLAGS]\n\n\(command.summary)\n"
        if !command.details.isEmpty { text += "\n\(command.details)\n" }
        let flags = command.flags + Flag.everywhere
        return text + "\nflags\n" + columns(flags.map { ($0.usage, $0.help) })
    }

    private static func columns(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { left, right in
            "  \(left)\(String(repeating: " ", count: width - left.count + 2))\(right)"
        }.joined(separator: "\n")
    }
}

import MeshConfiguration

/// What the command line says, taken apart and held against what its command takes.
struct Arguments: Sendable {
    var command: CommandName
    /// Whether it was written; the bare program is `check`.
    var isCommandGiven: Bool
    var operands: [String] = []
    var wantsHelp = false
    var wantsVersion = false
    private var values: [String: [String]] = [:]

    init(_ command: CommandName, isGiven: Bool) {
        self.command = command
        isCommandGiven = isGiven
    }

    func has(_ flag: Flag) -> Bool { values[flag.name] != nil }
    func value(_ flag: Flag) -> String? { values[flag.name]?.last }
    func values(_ flag: Flag) -> [String] { values[flag.name] ?? [] }

    fileprivate mutating func add(_ flag: Flag, _ value: String) {
        values[flag.name, default: []].append(value)
    }
}

/// Wrong usage: what is wrong and what to type instead. Exit 2.
struct UsageError: Error, Hashable {
    let message: String
    init(_ message: String) { self.message = message }
}

/// Takes a command line apart: flags of every command before its name or after it, `--flag=value`,
/// `-cFILE`, and `--`, after which nothing is a flag.
struct ArgumentParser {
    static let argumentsMax = 4_096
    static let argumentByteCountMax = 64 * 1_024

    private var rest: ArraySlice<String>
    private var command: CommandName?
    private var operands: [String] = []
    private var given: [(flag: String, value: String?)] = []

    static func parse(_ arguments: [String]) throws(UsageError) -> Arguments {
        guard arguments.count <= argumentsMax,
            arguments.allSatisfy({ $0.utf8.count <= argumentByteCountMax })
        else {
            throw UsageError(
                "more than \(argumentsMax) arguments, or one of more than"
                    + " \(argumentByteCountMax) bytes")
        }
        var parser = ArgumentParser(rest: arguments[...])
        let command = try parser.findCommand()
        return try parser.parse(for: command)
    }

    private init(rest: ArraySlice<String>) { self.rest = rest }

    /// The first argument that is neither a flag nor a flag's value. It says which flags the others
    /// may be, so it is looked for first.
    private mutating func findCommand() throws(UsageError) -> CommandName? {
        var index = rest.startIndex
        while index < rest.endIndex {
            let argument = rest[index]
            guard argument.hasPrefix("-"), argument != "-", argument != "--" else { break }
            let takesNext = Flag.everywhere.contains { flag in
                flag.value != nil && (argument == flag.name || argument == flag.short)
            }
            index += takesNext ? 2 : 1
        }
        guard index < rest.endIndex, rest[index] != "--" else { return nil }
        let word = rest[index]
        guard let command = CommandName(rawValue: word) else {
            throw Self.unknownCommand(word)
        }
        rest = rest[..<index] + rest[(index + 1)...]
        return command
    }

    private static func unknownCommand(_ word: String) -> UsageError {
        if word == "reload" {
            return UsageError(
                "there is no command \"reload\": a node reads its configuration anew at SIGHUP"
                    + " (kill -HUP PID)")
        }
        if CommandName.later.contains(word) {
            return UsageError("\"\(word)\" is not supported yet by this version")
        }
        let names = CommandName.allCases.map(\.rawValue)
        let nearest = NearestWord.to(word, among: names)
        let hint = nearest.map { ": the nearest one is \"\($0)\"" } ?? ""
        return UsageError("unknown command \"\(word)\"\(hint)")
    }

    private mutating func parse(for command: CommandName?) throws(UsageError) -> Arguments {
        var arguments = Arguments(command ?? .check, isGiven: command != nil)
        let flags = Flag.everywhere + arguments.command.flags
        while let argument = rest.popFirst() {
            if argument == "--" {
                arguments.operands += rest
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                arguments.operands.append(argument)
                continue
            }
            try take(argument, flags, &arguments)
        }
        guard !arguments.wantsHelp, !arguments.wantsVersion else { return arguments }
        let count = arguments.command.operandCount
        if arguments.operands.count < count.lowerBound {
            throw UsageError(
                "\"\(arguments.command.rawValue)\" needs \(arguments.command.operands)")
        }
        if arguments.operands.count > count.upperBound {
            let extra = arguments.operands[count.upperBound]
            throw UsageError(
                "\"\(arguments.command.rawValue)\" takes no \"\(extra)\""
                    + (arguments.command.operands.isEmpty
                        ? "" : ": it takes \(arguments.command.operands)"))
        }
        return arguments
    }

    private mutating func take(
        _ argument: String, _ flags: [Flag], _ arguments: inout Arguments
    ) throws(UsageError) {
        var name = argument
        var attached: String?
        if argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") {
            name = String(argument[..<equals])
            attached = String(argument[argument.index(after: equals)...])
        } else if !argument.hasPrefix("--"), argument.count > 2 {
            name = String(argument.prefix(2))
            attached = String(argument.dropFirst(2))
        }
        guard let flag = flags.first(where: { $0.name == name || $0.short == name }) else {
            throw Self.unknownFlag(argument, name, flags, arguments.command)
        }
        guard flag.value != nil else {
            guard attached == nil else { throw UsageError("\(flag.name) takes no value") }
            if flag == .help { arguments.wantsHelp = true }
            if flag == .version { arguments.wantsVersion = true }
            arguments.add(flag, "")
            return
        }
        if arguments.has(flag), !flag.mayRepeat {
            throw UsageError("\(flag.name) a second time: keep one of them")
        }
        if let attached {
            arguments.add(flag, attached)
            return
        }
        guard let value = rest.popFirst() else {
            throw UsageError("\(flag.name) needs a value: \(flag.usage)")
        }
        guard !value.hasPrefix("-") || value == "-" else {
            throw UsageError(
                "\(flag.name) needs a value; one that begins with \"-\" is written"
                    + " \(flag.name)=\(value)")
        }
        arguments.add(flag, value)
    }

    private static func unknownFlag(
        _ argument: String, _ name: String, _ flags: [Flag], _ command: CommandName
    ) -> UsageError {
        if name == "--listen", flags.contains(.bind) {
            return UsageError(
                "\"\(command.rawValue)\" has no flag --listen: --bind says where it listens for"
                    + " other nodes, --http where for requests")
        }
        if Flag.later.contains(name) {
            return UsageError("\(name) is not supported yet by this version")
        }
        // Of one letter every other is as near.
        let nearest =
            name.hasPrefix("--") ? NearestWord.to(name, among: flags.map(\.name)) : nil
        let hint =
            nearest.map { "the nearest one is \($0)" } ?? "\(Flag.help.name) lists what it has"
        return UsageError("\"\(command.rawValue)\" has no flag \(name): \(hint)")
    }
}

import MeshConfiguration

extension Arguments {
    static let limitRange = 1...1_000

    func format() throws(UsageError) -> OutputFormat {
        guard let text = value(.output) else { return .table }
        guard let format = OutputFormat(rawValue: text) else {
            throw UsageError("--output: \"\(text)\" is neither \"json\" nor \"table\"")
        }
        return format
    }

    func limit() throws(UsageError) -> Int? {
        guard let text = value(.limit) else { return nil }
        guard let limit = Int(text), Self.limitRange.contains(limit) else {
            throw UsageError(
                "--limit: \"\(text)\" is no number from 1 to \(Self.limitRange.upperBound)")
        }
        return limit
    }

    /// What `run` is told. The configuration says what is wrong with it, with everything else.
    var runOptions: RunOptions {
        var options = RunOptions()
        options.configPath = value(.config) ?? RunOptions.configPathDefault
        options.flags.name = value(.name)
        options.flags.zone = value(.zone)
        options.flags.bind = value(.bind)
        options.flags.advertise = value(.advertise)
        options.flags.http = value(.http)
        options.flags.data = value(.data)
        options.flags.peers = values(.peer)
        return options
    }
}

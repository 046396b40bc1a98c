import MeshConfiguration
import MeshCore

/// Reads the configuration and tells what is wrong with it. Exits 2 if anything is.
struct ValidateCommand {
    let options: RunOptions
    let console: Console
    let format: OutputFormat
    let cryptography: any Cryptography

    func run() -> ExitCode {
        do throws(ConfigurationFault) {
            let loaded = try ConfigurationLoader.load(options, using: cryptography)
            tell(loaded)
            return .fine
        } catch {
            tell(error)
            return .wrongUsage
        }
    }

    private func tell(_ loaded: LoadedConfiguration) {
        let configuration = loaded.configuration
        let warnings =
            loaded.warnings + configuration.advice + MachineWarnings.of(configuration)
        if format == .json {
            console.print(
                JSONText.table([
                    ("valid", .flag(true)), ("checks", .number(configuration.checks.count)),
                    ("contacts", .number(configuration.contacts.count)), ("problems", .list([])),
                    ("warnings", .list(warnings.map(Self.json))),
                ]).line)
            return
        }
        for warning in warnings { console.complain("warning: \(warning)") }
        if loaded.warningsUnlisted > 0 {
            console.complain("warning: and \(loaded.warningsUnlisted) more")
        }
        let node = configuration.node
        console.print(
            "\(options.configPath) is valid: \(Self.count(configuration.checks.count, "check")),"
                + " \(Self.count(configuration.contacts.count, "contact")),"
                + " \(Self.count(configuration.mesh.peers.count, "peer"))")
        let chosen =
            switch node.advertised {
            case .address: ""
            case .chosen: ", chosen for its route; --advertise says another"
            }
        console.print(
            "this node would be \(node.name) in zone \(node.zone), bound to \(node.bind),"
                + " reached at \(node.advertised.address)\(chosen)")
    }

    private func tell(_ fault: ConfigurationFault) {
        guard format == .json else {
            for line in fault.lines { console.complain(line) }
            return
        }
        console.print(
            JSONText.table([
                ("valid", .flag(false)), ("problems", .list(fault.problems.map(Self.json))),
                ("problems_unlisted", .number(fault.unlistedCount)), ("warnings", .list([])),
            ]).line)
    }

    private static func json(_ finding: Finding) -> JSONText {
        .table([
            ("path", .text(finding.path)), ("message", .text(finding.message)),
            ("line", finding.place.map { .number($0.line) } ?? .null),
            ("column", finding.place.map { .number($0.column) } ?? .null),
        ])
    }

    static func count(_ count: Int, _ word: String) -> String {
        "\(count) \(word)\(count == 1 ? "" : "s")"
    }
}

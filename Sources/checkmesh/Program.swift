import Glibc
import MeshChecks
import MeshConfiguration
import MeshCore
import MeshCrypto
import MeshDaemon
import MeshPlatform
import MeshVerdicts

/// How the program ends.
enum ExitCode: Int32, Sendable {
    case fine = 0
    /// A check is not up, or a request failed.
    case failed = 1
    /// Wrong usage, or a wrong configuration.
    case wrongUsage = 2
}

/// `checkmesh`: takes the command line apart and does what it says.
@main
struct Program {
    let console: Console
    let cryptography: any Cryptography
    let looker: any Looker
    /// Waits between two answers of `--watch`; false ends it.
    var pause: () -> Bool = {
        sleep(2)
        return true
    }

    static func main() {
        let program = Program(
            console: StandardConsole(), cryptography: OpenSSLCryptography(),
            looker: MachineLooker())
        exit(program.run(Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    func run(_ words: [String]) -> ExitCode {
        do {
            let arguments = try ArgumentParser.parse(words)
            if arguments.wantsVersion {
                console.print("checkmesh \(Version.text)")
                return .fine
            }
            if arguments.wantsHelp {
                console.print(
                    arguments.isCommandGiven
                        ? HelpText.command(arguments.command) : HelpText.program)
                return .fine
            }
            return try run(arguments)
        } catch let error as UsageError {
            console.complain("checkmesh: \(error.message)")
            console.complain("\"checkmesh --help\" says what there is")
            return .wrongUsage
        } catch let error as ConfigurationFault {
            for line in error.lines { console.complain(line) }
            // Whoever types the bare name for the first time wants to know what there is.
            if words.isEmpty { console.complain("\"checkmesh --help\" says what there is") }
            // As Checkup ended.
            return error.isOfCheckup ? .failed : .wrongUsage
        } catch let error as APIFailure {
            console.complain("checkmesh: \(error.message)")
            return .failed
        } catch {
            console.complain("checkmesh: \(error)")
            return .failed
        }
    }

    private func run(_ arguments: Arguments) throws -> ExitCode {
        let format = try arguments.format()
        switch arguments.command {
        case .help:
            return try help(arguments.operands.first)
        case .run:
            return try runNode(arguments.runOptions)
        case .validate:
            return ValidateCommand(
                options: arguments.runOptions, console: console, format: format,
                cryptography: cryptography
            ).run()
        case .check:
            return try check(arguments, format)
        case .keygen:
            return try keygen(arguments, format)
        case .verify:
            return try verify(arguments, format)
        case .status, .members, .checks, .incidents, .notifications, .forget:
            try ask(arguments, format)
            return .fine
        }
    }

    private func check(_ arguments: Arguments, _ format: OutputFormat) throws -> ExitCode {
        let list = try ConfigurationLoader.loadChecks(arguments.runOptions, using: cryptography)
        let entries = try CheckCommand.chosen(
            arguments.operands, tags: arguments.values(Flag.tag), of: list)
        for warning in list.warnings where list.isOfCheckup {
            console.complain("warning: \(warning)")
        }
        return try CheckCommand(console: console, format: format, looker: looker)
            .run(entries, of: list)
    }

    private func help(_ word: String?) throws(UsageError) -> ExitCode {
        guard let word else {
            console.print(HelpText.program)
            return .fine
        }
        let command = try ArgumentParser.parse([word, "--help"]).command
        console.print(HelpText.command(command))
        return .fine
    }

    // MARK: keygen

    private func keygen(_ arguments: Arguments, _ format: OutputFormat) throws -> ExitCode {
        let command = KeygenCommand(
            console: console, format: format, cryptography: cryptography)
        let folder = arguments.value(Flag.folder)
        if arguments.has(Flag.token) {
            guard folder == nil else { throw UsageError("keygen makes one thing at a time") }
            command.printToken()
        } else if let folder {
            try command.printNodeKey(in: folder)
        } else {
            command.printSecret()
        }
        return .fine
    }

    // MARK: verify

    private func verify(_ arguments: Arguments, _ format: OutputFormat) throws -> ExitCode {
        if arguments.has(Flag.roster), arguments.has(Flag.node) {
            throw UsageError("--roster and --node both say whose keys to believe: keep one")
        }
        let path = arguments.operands[0]
        let command = VerifyCommand(
            console: console, format: format, cryptography: cryptography)
        let bytes = try read(path, atMost: CertificateFile.byteCountMax)
        let file: CertificateFile
        do throws(CertificateFile.Fault) {
            file = try CertificateFile(bytes)
        } catch {
            command.refuse(error.message)
            return .failed
        }
        let node = try arguments.value(Flag.node).map { url in
            ClientCommands(
                client: HTTPAPIClient(base: try Self.base(url)), console: console, format: format)
        }
        let glance = try? ConfigurationGlance.load(arguments.value(Flag.config))
        let mesh = try mesh(arguments, glance, file, node)
        let roster = try arguments.value(Flag.roster).map { path in
            let bytes = try read(path, atMost: Roster.byteCountMax)
            do throws(Roster.Fault) {
                return try Roster.read(bytes)
            } catch {
                throw UsageError("\(path): \(error.message)")
            }
        }
        let members = try node.map { node throws(APIFailure) in try node.memberIDs() }
        return command.run(file, mesh: mesh) { certificate in
            let names =
                (glance?.checkNames ?? [])
                + [node?.name(ofCheck: certificate.flip.check.description)].compactMap(\.self)
            if let roster {
                return .init(
                    trusted: .keys(roster), words: "those of the roster", checkNames: names)
            }
            guard let members else {
                return .init(
                    trusted: .any,
                    words: "whose they are was not asked (--roster FILE or --node URL)",
                    checkNames: names)
            }
            // A node's id is the hash of its key, which the verifier holds it to.
            let keys = certificate.supporters.filter { members.contains($0.node.description) }
            return .init(
                trusted: .keys(Set(keys.map(\.key))), words: "those of members that the node knows",
                checkNames: names)
        }
    }

    /// Its name is hashed into everything signed.
    private func mesh(
        _ arguments: Arguments, _ glance: ConfigurationGlance?, _ file: CertificateFile,
        _ node: ClientCommands?
    ) throws -> Label {
        if let name = arguments.value(Flag.mesh) {
            guard let label = Label(name) else { throw UsageError("\"\(name)\" is no mesh's name") }
            return label
        }
        if let node { return try node.meshName() }
        let known = glance?.mesh ?? file.mesh.flatMap { Label($0) }
        guard let known else {
            throw UsageError(
                "verify needs the mesh's name: --mesh NAME, --node URL, or a configuration")
        }
        return known
    }

    /// `-` is standard input.
    private func read(_ path: String, atMost byteCountMax: Int) throws(UsageError) -> [UInt8] {
        do throws(FileFault) {
            return try MachineFiles.read(
                path == "-" ? "/dev/stdin" : path, atMost: byteCountMax
            ).bytes
        } catch {
            throw UsageError("\(error)")
        }
    }

    // MARK: Clients

    private func ask(_ arguments: Arguments, _ format: OutputFormat) throws {
        let url: String
        if let given = arguments.value(Flag.node) {
            url = try Self.base(given)
        } else {
            url = "http://\(try ConfigurationGlance.load(arguments.value(Flag.config)).http)"
        }
        let commands = ClientCommands(
            client: HTTPAPIClient(base: url), console: console, format: format)
        guard arguments.has(Flag.watch) else { return try ask(commands, arguments) }
        repeat {
            if format == .table { console.beginAnew() }
            do {
                try ask(commands, arguments)
            } catch let error as APIFailure {
                // The node may be back at the next time.
                console.complain("checkmesh: \(error.message)")
            }
        } while pause()
    }

    private func ask(_ commands: ClientCommands, _ arguments: Arguments) throws {
        let check = arguments.value(Flag.check)
        switch arguments.command {
        case .status: try commands.status()
        case .members: try commands.members()
        case .checks:
            try commands.checks(
                named: arguments.operands, tag: arguments.value(Flag.onlyTag))
        case .incidents: try commands.incidents(check: check, limit: try arguments.limit())
        case .notifications:
            try commands.notifications(check: check, limit: try arguments.limit())
        case .forget:
            try commands.forget(arguments.operands[0], token: try token(arguments))
        case .run, .check, .validate, .verify, .keygen, .help:
            preconditionFailure("expected a command that asks a node")
        }
    }

    /// `host:port` will do for a URL.
    private static func base(_ text: String) throws(UsageError) -> String {
        let url = text.contains("://") ? text : "http://\(text)"
        let trimmed = url.hasSuffix("/") ? String(url.dropLast()) : url
        do throws(WebAddress.Fault) {
            return try WebAddress(trimmed).text
        } catch {
            throw UsageError("--node: \"\(text)\" \(error)")
        }
    }

    /// Not a flag of its own: everybody on the machine can read a command line.
    private func token(_ arguments: Arguments) throws(UsageError) -> String? {
        guard let path = arguments.value(Flag.tokenFile) else {
            return Machine.variable("CHECKMESH_TOKEN")
        }
        let bytes = try read(path, atMost: 4_096)
        return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
    }
}

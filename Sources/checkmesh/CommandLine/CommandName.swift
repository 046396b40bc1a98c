/// The commands, with what help says about each and what the parser lets through.
enum CommandName: String, CaseIterable, Sendable {
    case run, check, validate, status, members, checks, incidents, notifications, forget, verify,
        keygen, help

    /// Commands of the contract that this version does not have.
    static let later = [
        "init", "every", "doctor", "why", "message", "silence", "unsilence", "ack", "test-alert",
        "import", "export", "backup", "restore", "provision", "serve",
    ]

    /// What stands after the name.
    var operands: String {
        switch self {
        case .run, .validate, .status, .members, .incidents, .notifications, .keygen: ""
        case .check, .checks: "[NAME…]"
        case .forget: "NODE"
        case .verify: "FILE"
        case .help: "[COMMAND]"
        }
    }

    var operandCount: ClosedRange<Int> {
        switch self {
        case .run, .validate, .status, .members, .incidents, .notifications, .keygen: 0...0
        case .check, .checks: 0...ArgumentParser.argumentsMax
        case .forget, .verify: 1...1
        case .help: 0...1
        }
    }

    var flags: [Flag] {
        switch self {
        case .run, .validate: Flag.ofNodes
        case .check: [.tag]
        case .help: []
        case .status, .members: [.node, .watch]
        case .checks: [.node, .onlyTag, .watch]
        case .incidents, .notifications: [.node, .check, .limit, .watch]
        case .forget: [.node, .tokenFile]
        case .verify: [.roster, .believedNode, .mesh]
        case .keygen: [.folder, .token]
        }
    }

    /// One line in the list of commands.
    var summary: String {
        switch self {
        case .run: "runs a node in the foreground"
        case .check: "runs every check once here, or those named; exits 1 unless all are up"
        case .validate: "reads the configuration and tells every problem in it"
        case .status: "asks a node how the mesh and its checks are"
        case .members: "lists the nodes of the mesh"
        case .checks: "lists the checks with their states, or those named"
        case .incidents: "lists outages, the newest first"
        case .notifications: "lists what was told to whom, the newest first"
        case .forget: "drops a dead member before its retention ends"
        case .verify: "proves a flip certificate offline"
        case .keygen: "prints a fresh mesh secret, or makes a node's key, or an API token"
        case .help: "says this, or what a command does"
        }
    }

    /// What its help says besides.
    var details: String {
        switch self {
        case .run:
            "A flag wins over its variable, and that over the file. SIGHUP reads the configuration"
                + " anew, whole\nor not at all; SIGTERM leaves the mesh and ends the node."
        case .check:
            "The gate for a CI job: exits 0 if all are up, 1 if one is not, 2 if the configuration"
                + " is wrong.\nNo mesh takes part, and nobody is told. A check that is switched off"
                + " runs if it is named.\nFILE may be a Checkup's checkup.json: then a wrong one is"
                + " exit 1, too."
        case .validate:
            "Takes run's flags, to judge what run would be told. Exits 2 if there is a problem;"
                + " warnings\nare no problems."
        case .verify:
            "FILE is what a node answers at /api/v1/flips/ID, where ID is a flip's, as \"incidents\""
                + " lists them;\n\"-\" is standard input. Without --roster or --node it proves what"
                + " the signers agreed upon, not\nwhose keys theirs are. A roster has one public key"
                + " on each line, or is a mesh.json with one."
        case .forget:
            "NODE is a name or an id. A node counts towards the majority for 24 hours after its"
                + " death;\nforgotten, it does not. Needs an API token whose hash is in the asked"
                + " node's http.tokens:\n\"checkmesh keygen --token\" makes both."
        case .keygen:
            "Keep the secret where only the nodes read it, and name that file as"
                + " mesh.secret_file."
        case .status, .members, .checks, .incidents, .notifications, .help: ""
        }
    }
}

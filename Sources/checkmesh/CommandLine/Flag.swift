/// A flag of the command line, as help and the parser know it.
struct Flag: Sendable, Hashable {
    /// With its dashes: `--config`.
    let name: String
    /// `-c`.
    var short: String?
    /// What its value is called in help; `nil`: it has none.
    var value: String?
    var mayRepeat = false
    let help: String

    init(
        _ name: String, short: String? = nil, value: String? = nil, mayRepeat: Bool = false,
        _ help: String
    ) {
        self.name = name
        self.short = short
        self.value = value
        self.mayRepeat = mayRepeat
        self.help = help
    }

    /// `-c, --config FILE`.
    var usage: String {
        let names = [short, name].compactMap(\.self).joined(separator: ", ")
        return value.map { "\(names) \($0)" } ?? names
    }
}

extension Flag {
    // What every command takes, before its name or after it.
    static let config = Flag(
        "--config", short: "-c", value: "FILE", "the configuration (default mesh.json)")
    static let output = Flag(
        "--output", short: "-o", value: "FORMAT", "json, or table (default) for people")
    static let help = Flag("--help", short: "-h", "says this")
    static let version = Flag("--version", "says which version this is")
    static let everywhere = [config, output, help, version]
    /// Flags of the contract that this version does not have.
    static let later = ["--store", "--at", "--about", "--for", "--listen"]

    // What a node is told that differs from others.
    static let name = Flag(
        "--name", value: "NAME", "this node's name (CHECKMESH_NAME; default the host's)")
    static let zone = Flag(
        "--zone", value: "ZONE", "the region, provider or rack it runs in (CHECKMESH_ZONE)")
    static let bind = Flag(
        "--bind", value: "ADDRESS", "where it listens, UDP and TCP (CHECKMESH_BIND)")
    static let advertise = Flag(
        "--advertise", value: "ADDRESS", "where others reach it (CHECKMESH_ADVERTISE)")
    static let http = Flag(
        "--http", value: "ADDRESS", "where its endpoint listens (CHECKMESH_HTTP)")
    static let data = Flag(
        "--data", value: "DIR", "the folder of its key and history (CHECKMESH_DATA)")
    static let peer = Flag(
        "--peer", value: "HOST:PORT", mayRepeat: true,
        "a node of the mesh to join, repeatable (CHECKMESH_PEERS, with commas)")
    static let ofNodes = [name, zone, bind, advertise, http, data, peer]

    // Which checks.
    static let tag = Flag(
        "--tag", value: "TAG", mayRepeat: true, "only checks with this tag, or another one given")
    static let onlyTag = Flag("--tag", value: "TAG", "only checks with this tag")

    // Whom a client asks.
    static let node = Flag(
        "--node", value: "URL", "the node to ask (default the configured http address)")
    static let check = Flag("--check", value: "NAME", "only this check")
    static let limit = Flag("--limit", value: "COUNT", "at most so many, up to 1000")
    static let watch = Flag("--watch", "ask again every two seconds, until stopped")
    static let tokenFile = Flag(
        "--token-file", value: "FILE", "holds the API token (default CHECKMESH_TOKEN's value)")

    // Whose keys `verify` believes, and in which mesh.
    static let roster = Flag(
        "--roster", value: "FILE", "believe only the public keys in this file")
    static let believedNode = Flag(
        "--node", value: "URL", "believe only the members that this node knows")
    static let mesh = Flag("--mesh", value: "NAME", "the mesh's name (default the configured one)")

    // What `keygen` makes.
    static let folder = Flag(
        "--node", value: "DIR", "make a node's key in DIR and print its public half")
    static let token = Flag("--token", "make an API token, and its hash for http.tokens")
}

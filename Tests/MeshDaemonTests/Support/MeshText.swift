import MeshConfiguration
import MeshCrypto
import MeshPlatform

/// `mesh.json` as tests want it: quick checks, one contact who is told of everything.
struct MeshText {
    var name = "lab"
    var secret = "0123456789abcdef0123456789abcdef"
    var previousSecrets: [String] = []
    /// Public keys; with any, only they count.
    var roster: [String] = []
    /// Names of checks, all of one target.
    var checks: [String] = []
    /// Checks besides, as they are.
    var more: [String] = []
    var target = ""
    var hook = ""
    /// What stands at the end of the file, for one that is wrong.
    var tail = ""

    var text: String {
        let quoted = { (texts: [String]) in texts.map { "\"\($0)\"" }.joined(separator: ", ") }
        let checks = checks.map { name in
            """
            {"name": "\(name)", "type": "http", "url": "\(target)", "interval": "1s",
             "timeout": "900ms", "confirmations": 2, "delay": 0}
            """
        }
        let told =
            hook.isEmpty
            ? ""
            : """
            , "contacts": [{"name": "hook", "type": "webhook", "url": "\(hook)"}],
            "alerts": [{"check": "*", "contact": "hook", "on": "both"}]
            """
        return """
            {"mesh": {"name": "\(name)", "secret": "\(secret)",
              "previous_secrets": [\(quoted(previousSecrets))],
              "trust": "\(roster.isEmpty ? "secret" : "roster")", "roster": [\(quoted(roster))]},
            "checks": [\((checks + more).joined(separator: ",\n"))]\(told)}\(tail)
            """
    }

    /// As the program reads it, with nothing of this machine's environment.
    func load(_ flags: NodeFlags) throws(ConfigurationFault) -> LoadedConfiguration {
        try ConfigurationReader.read(
            Array(text.utf8), flags: flags,
            from: ConfigurationSources(
                hostName: "test", sourceAddress: Machine.sourceAddress),
            using: OpenSSLCryptography())
    }
}

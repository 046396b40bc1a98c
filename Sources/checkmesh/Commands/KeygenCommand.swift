import MeshConfiguration
import MeshCore
import MeshCrypto
import MeshPlatform

/// Makes what only chance can make: a mesh secret, an API token, a node's key.
struct KeygenCommand {
    let console: Console
    let format: OutputFormat
    let cryptography: any Cryptography

    /// 32 bytes from the machine's randomness, in hexadecimal: the seed of a key is just that.
    private static var freshSecret: String { Ed25519SigningKey.generate().seed.hexadecimal }

    func printSecret() {
        let secret = Self.freshSecret
        show([("secret", secret)], plain: secret)
    }

    /// The token goes to whoever may change things, its hash into the configuration.
    func printToken() {
        let token = Self.freshSecret
        let hash = "sha256:\(cryptography.sha256(Array(token.utf8)).hexadecimal)"
        show([("token", token), ("hash", hash)], plain: "token  \(token)\nhash   \(hash)")
    }

    /// Makes the key of a node whose data is to be in `folder`, unless it has one, and prints its
    /// public half: what a roster lists. The key itself stays there, where the node finds it.
    func printNodeKey(in folder: String) throws {
        let path = "\(folder)/node.key"
        var file = try NodeKeyFile.read(path)
        if file == nil {
            // Not while a node is making its own.
            let lock = try DirectoryLock(folder)
            file = try NodeKeyFile.readOrMake(path, now: SystemClock.wallTime) {
                Ed25519SigningKey.generate().seed
            }
            withExtendedLifetime(lock) {}
            console.complain("made \(path)")
        }
        guard let file else { return }
        let key = Ed25519SigningKey(seed: file.seed).publicKey
        let id = NodeID(of: key, using: cryptography)
        show(
            [("key", key.bytes.hexadecimal), ("id", id.description)],
            plain: key.bytes.hexadecimal)
    }

    private func show(_ values: [(String, String)], plain: String) {
        switch format {
        case .table: console.print(plain)
        case .json: console.print(JSONText.table(values.map { ($0, .text($1)) }).line)
        }
    }
}

import MeshConfiguration
import MeshCore
import MeshCrypto

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

    /// The key stays in `folder`, where the node finds it at its first start.
    func printNodeKey(in folder: String) throws {
        throw UsageError("keygen --node: not in this build: \(folder)")
    }

    private func show(_ values: [(String, String)], plain: String) {
        switch format {
        case .table: console.print(plain)
        case .json: console.print(JSONText.table(values.map { ($0, .text($1)) }).line)
        }
    }
}

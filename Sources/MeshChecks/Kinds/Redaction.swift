/// Takes secrets out of what a target or a program has said, before anybody reads it.
package struct Redaction: Sendable, Hashable {
    /// Shorter ones are left: a `1` or a `no` would mask half of every text, and is no secret.
    package static let byteCountMin = 4

    /// The longest first, so that one which holds another is masked whole.
    private let secrets: [Secret]

    package init(_ secrets: [Secret] = []) {
        self.secrets = Set(secrets).filter { $0.revealed.utf8.count >= Self.byteCountMin }
            .sorted {
                ($1.revealed.utf8.count, $0.revealed) < ($0.revealed.utf8.count, $1.revealed)
            }
    }

    package func redact(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1.revealed, with: Secret.mask) }
    }
}

/// Names (of headers, of variables) whose values are kept to oneself.
enum ConfidentialName {
    private static let words = [
        "auth", "cookie", "token", "key", "secret", "passw", "session", "signature", "credential",
        "passphrase",
    ].map(ByteSearch.init)

    static func matches(_ name: String) -> Bool {
        let lowered = name.lowercased().utf8
        return words.contains { $0.isFound(in: lowered) }
    }
}

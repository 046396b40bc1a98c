import MeshCore
import MeshVerdicts

/// A signed entry of a node's log, and a birth: whoever reads one must be able to write it again,
/// or one signature would fit two encodings.
enum Target: FuzzTarget {
    static let seeds =
        Seeds.logEntries.map { [0] + $0.update().body } + [[1] + Seeds.signedBirth.update().body]

    static func run(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let body = Array(bytes.dropFirst())
        let encoded: [UInt8]
        if kind & 1 == 0 {
            guard let signed = try? SignedEntry.decode(body) else { return }
            precondition(signed.entry.isInBounds, "expected an entry within its bounds")
            encoded = signed.update().body
        } else {
            guard let birth = try? SignedBirth.decode(body, using: Seeds.cryptography) else {
                return
            }
            encoded = birth.update().body
        }
        precondition(encoded == body, "expected the one encoding")
    }
}

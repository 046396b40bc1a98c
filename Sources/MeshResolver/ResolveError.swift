package import MeshPlatform

/// Why a name has no addresses here.
package struct ResolveError: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: Kind
    package let blame: Blame
    /// `the name example.invalid does not exist`, …
    package let description: String

    package enum Kind: Sendable, Hashable {
        /// The name servers say that there is no such name.
        case noSuchName
        /// There is, but without an address of the family that is wanted.
        case noAddress
        /// The name servers answer that they cannot say.
        case serversFailed
        /// Nobody has answered in time.
        case timedOut
        /// Too many names are being looked up already, or the machine has nothing left.
        case exhausted
    }

    init(_ kind: Kind, blame: Blame, _ description: String) {
        self.kind = kind
        self.blame = blame
        self.description = description
    }
}

/// Whose certificates a TLS client accepts.
package enum TLSTrust: Sendable, Hashable {
    /// Those that the machine's own roots vouch for, for this host's name.
    case system
    /// Those that the roots in this PEM file vouch for, in place of the machine's.
    case file(String)
    /// Any: what is behind the address may be anybody.
    case anything
}

/// A client's own certificate, with those that lead to a root behind it, and its key without a
/// passphrase: PEM files. It is shown to a server that asks.
package struct TLSIdentity: Sendable, Hashable {
    package var certificateFile: String
    package var keyFile: String

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// Versions of TLS, by the names that people give them. 1.0 and 1.1 are for what can't be replaced.
package enum TLSVersion: String, Sendable, Hashable, CaseIterable {
    case tls10 = "1.0"
    case tls11 = "1.1"
    case tls12 = "1.2"
    case tls13 = "1.3"
}

/// How a TLS client behaves: whom it believes, whom it asks for, what it shows of itself.
package struct TLSOptions: Sendable, Hashable {
    package var trust = TLSTrust.system
    /// The name that is asked for (SNI) and that the certificate must be for; `nil`: the host's.
    package var serverName: String?
    package var identity: TLSIdentity?
    package var minimumVersion = TLSVersion.tls12

    package init(_ trust: TLSTrust = .system) { self.trust = trust }

    /// Whom a server at `host` must prove to be.
    package func name(at host: String) -> String { serverName ?? host }

    func write(to text: inout DefinitionText, serverNameKey: String) {
        trust.write(to: &text)
        if let serverName { text.add(serverNameKey, .text(serverName)) }
        identity?.write(to: &text)
        text.add(
            "tls_min_version", .text(minimumVersion.rawValue),
            unless: .text(TLSVersion.tls12.rawValue))
    }
}

/// Whose certificates a TLS client accepts.
package enum TLSTrust: Sendable, Hashable {
    /// Those that the machine's own roots vouch for, for this host's name.
    case system
    /// Those that the roots in this PEM file vouch for, in place of the machine's.
    case file(String)
    /// Any: what is behind the address may be anybody.
    case anything

    func write(to text: inout DefinitionText) {
        switch self {
        case .system: break
        case .file(let path): text.add("tls_ca_file", .text(path))
        case .anything: text.add("tls_skip_verify", .flag(true))
        }
    }
}

/// A client's own certificate, with those that lead to a root behind it, and its key: PEM files.
package struct TLSIdentity: Sendable, Hashable {
    package var certificateFile: String
    package var keyFile: String

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    func write(to text: inout DefinitionText) {
        text.add("tls_cert_file", .text(certificateFile))
        text.add("tls_key_file", .text(keyFile))
    }
}

/// Versions of TLS, by the names that people give them. 1.0 and 1.1 are for what can't be replaced.
package enum TLSVersion: String, Sendable, Hashable, CaseIterable {
    case tls10 = "1.0"
    case tls11 = "1.1"
    case tls12 = "1.2"
    case tls13 = "1.3"
}

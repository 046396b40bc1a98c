package import MeshCore

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

extension TLSTrust {
    func write(to text: inout DefinitionText) {
        switch self {
        case .system: break
        case .file(let path): text.add("tls_ca_file", .text(path))
        case .anything: text.add("tls_skip_verify", .flag(true))
        }
    }
}

extension TLSIdentity {
    func write(to text: inout DefinitionText) {
        text.add("tls_cert_file", .text(certificateFile))
        text.add("tls_key_file", .text(keyFile))
    }
}

import MeshChecks

extension Section {
    /// What is said about TLS: whom to believe, whom to ask for, what to show, what is too old.
    func tlsOptions(serverName key: String) -> TLSOptions {
        var options = TLSOptions(tlsTrust())
        options.serverName = value(key) { text throws(Complaint) in
            guard HostPort.isHost(text) else {
                throw Complaint("\"\(text)\" is no name: write the one that the certificate is for")
            }
            return text
        }
        options.identity = tlsIdentity()
        options.minimumVersion =
            value("tls_min_version") { text throws(Complaint) in
                guard let version = TLSVersion(rawValue: text) else {
                    throw Complaint(
                        "\"\(text)\" is no version of TLS: write one of"
                            + " \(TLSVersion.allCases.map(\.rawValue).quoted)")
                }
                return version
            } ?? .tls12
        return options
    }

    /// `tls_cert_file` and `tls_key_file`.
    private func tlsIdentity() -> TLSIdentity? {
        let certificate = identityFile("tls_cert_file", "-----BEGIN ", "certificate")
        let key = identityFile("tls_key_file", "PRIVATE KEY-----", "private key")
        for (one, other) in [("tls_cert_file", "tls_key_file"), ("tls_key_file", "tls_cert_file")]
        where has(one) && !has(other) {
            complain(one, "has no \(other) beside it")
        }
        guard let certificate, let key else { return nil }
        return TLSIdentity(certificateFile: certificate, keyFile: key)
    }

    private func identityFile(_ key: String, _ mark: String, _ what: String) -> String? {
        guard has(key), let file = readFile(key, atMost: 256 * 1_024), let path = text(key) else {
            return nil
        }
        guard file.bytes.contains(Array(mark.utf8)) else {
            complain(key, "holds no \(what) in PEM form")
            return nil
        }
        if key == "tls_key_file" {
            guard !file.bytes.contains(Array("ENCRYPTED".utf8)) else {
                complain(key, "needs a passphrase, which nobody could enter: decrypt it")
                return nil
            }
            if file.isReadableByOthers {
                warn(key, "everybody on this machine may read it: chmod o-rwx")
            }
        }
        // Where the file's folder is on this node is no part of the definition.
        if written[key] == nil { note(.text(path), under: key) }
        return context.sources.resolved(path)
    }
}

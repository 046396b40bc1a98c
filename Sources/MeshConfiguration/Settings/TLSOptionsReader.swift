import MeshChecks
import MeshCore

extension Section {
    /// What is said about TLS: whom to believe, whom to ask for, what to show, what is too old.
    func tlsOptions(serverName key: String) -> TLSOptions {
        var options = TLSOptions(tlsTrust())
        options.serverName = serverName(key)
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
}

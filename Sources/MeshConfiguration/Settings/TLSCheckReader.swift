import MeshChecks

extension Section {
    /// What a `tls` check has besides what all checks have.
    func tlsCheck(_ attempts: AttemptPlan) -> TLSCheck? {
        let address = hostPort("address")
        let startTLS: StartTLS? = value("starttls") { text throws(Complaint) in
            guard let kind = StartTLS(rawValue: text) else {
                throw Complaint(
                    "\"\(text)\" is unknown: write one of \(StartTLS.allCases.map(\.rawValue).quoted)"
                )
            }
            return kind
        }
        let options = tlsOptions(serverName: "server_name")
        let expiresWithin = span("expires_within", in: TLSCheck.expiresWithinRange)
        let version = ipVersion()
        guard let address else { return nil }
        refuse(version, for: address.host, "address")
        var check = TLSCheck(address: address)
        check.startTLS = startTLS
        check.tls = options
        check.expiresWithin = expiresWithin ?? TLSCheck.expiresWithinDefault
        check.version = version
        check.attempts = attempts
        return check
    }
}

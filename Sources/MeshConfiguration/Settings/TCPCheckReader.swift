import MeshChecks

extension Section {
    /// What a `tcp` check has besides what all checks have.
    func tcpCheck(_ attempts: AttemptPlan) -> TCPCheck? {
        let address = hostPort("address")
        let send = boundedText("send", atMost: TCPCheck.sendByteCountMax).map(Secret.init)
        let expect = textRule(contains: "expect", matches: "expect_match")
        let lines = integer("expect_lines", in: TCPCheck.linesRange)
        if lines != nil, !has("expect"), !has("expect_match") {
            complain("expect_lines", "means nothing without \"expect\" or \"expect_match\"")
        }
        if case .contains? = expect?.way, expect?.text.utf8.contains(0x0A) == true,
            lines ?? 1 == 1
        {
            complain(
                "expect",
                "has a line end, and one line is read: write a part of it, or \"expect_lines\"")
        }
        let version = ipVersion()
        let usesTLS = flag("tls") ?? false
        let options = tlsOptions(serverName: "tls_server_name")
        if !usesTLS {
            for key in Self.tlsKeys where has(key) {
                complain(key, "means nothing without \"tls\": true")
            }
        }
        guard let address else { return nil }
        refuse(version, for: address.host, "address")
        var check = TCPCheck(address: address)
        check.send = send
        check.expect = expect
        check.lines = lines ?? 1
        check.version = version
        check.tls = usesTLS ? options : nil
        check.attempts = attempts
        return check
    }

    func hostPort(_ key: String) -> HostPort? {
        required(key, "write HOST:PORT") { text throws(Complaint) in
            do throws(HostPort.Fault) {
                return try HostPort(text)
            } catch {
                throw Complaint("\(error)")
            }
        }
    }

    private static let tlsKeys = [
        "tls_ca_file", "tls_skip_verify", "tls_server_name", "tls_cert_file", "tls_key_file",
        "tls_min_version",
    ]
}

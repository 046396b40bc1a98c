import MeshChecks

extension Section {
    /// What a `tcp` check has besides what all checks have.
    func tcpCheck(_ attempts: AttemptPlan) -> TCPCheck? {
        let address: HostPort? = required("address", "write HOST:PORT") { text throws(Complaint) in
            do throws(HostPort.Fault) {
                return try HostPort(text)
            } catch {
                throw Complaint("\(error)")
            }
        }
        let send = boundedText("send", atMost: TCPCheck.sendByteCountMax).map(Secret.init)
        let expect = boundedText("expect", atMost: TCPCheck.expectByteCountMax)
        if let expect, expect.utf8.contains(0x0A) {
            complain("expect", "has a line end: write a part of the reply's first line")
        }
        let usesTLS = flag("tls") ?? false
        let trust = tlsTrust()
        if !usesTLS, trust != .system {
            complain(
                has("tls_ca_file") ? "tls_ca_file" : "tls_skip_verify",
                "means nothing without \"tls\": true")
        }
        guard let address else { return nil }
        var check = TCPCheck(address: address)
        check.send = send
        check.expect = expect
        check.tls = usesTLS ? trust : nil
        check.attempts = attempts
        return check
    }
}

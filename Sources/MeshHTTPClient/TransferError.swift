package import MeshPlatform

/// Why no response came, in words for people and with whose fault it is.
package struct TransferError: Error, Hashable, Sendable, CustomStringConvertible {
    package let kind: Kind
    package let blame: Blame
    /// `connection refused`, `timed out after 10 s while connecting`, …
    package let description: String
    /// As far as it came.
    package var timings = HTTPTimings()

    package enum Kind: Sendable, Hashable {
        case malformedURL
        case cannotResolve
        case cannotConnect
        case timedOut(Phase)
        /// The certificate is not believed.
        case untrusted
        case tlsFailed
        /// A file of roots, a certificate or a key is not what it should be.
        case unusableFile
        /// The connection ended early.
        case broken
        /// What came is not HTTP, or too much of it.
        case notHTTP
        case badRedirect
        /// Nothing left: this client is full, or the machine is.
        case exhausted
        case cancelled
    }

    package enum Phase: String, Sendable, Hashable {
        case lookingUp = "while looking up the name"
        case connecting = "while connecting"
        case tls = "during the TLS handshake"
        case waiting = "while waiting for the answer"
        case reading = "while reading the answer"
    }

    /// The same, of another place than the one that was asked for.
    func redirected(to url: HTTPURL) -> TransferError {
        var error = TransferError(
            kind, blame: blame, "redirected to \(url.authority): \(description)")
        error.timings = timings
        return error
    }

    package init(_ kind: Kind, blame: Blame, _ description: String) {
        self.kind = kind
        self.blame = blame
        self.description = description
    }
}

import MeshChecks
import MeshCore
import MeshCrypto
import MeshPlatform

/// What a call is to do: whom to reach, over what, what to say and what to hear.
struct CallPlan {
    /// TLS on the connection, and what goes before it.
    struct Security {
        var options: TLSOptions
        var startTLS: StartTLS?
    }

    var address: HostPort
    var version: IPVersion?
    /// Over all of it, from the name to the last byte.
    var timeout: TimeSpan
    var security: Security?
    /// Said as soon as that may be.
    var send: [UInt8] = []
    /// What has been heard, and whether that is all: judged whenever more has come. `nil`: nothing
    /// is to be heard.
    var judge: (([UInt8], _ hasEnded: Bool) -> TCPCheck.Judgement)?
}

/// What came of a call.
struct CallReport {
    enum Ending {
        /// Connected, secured and, if anything was to be heard, content with it.
        case good
        /// What was heard is not as it should be.
        case bad(Reason)
        case failed(words: String, Blame)
        /// A file of the check's on this machine is not what it should be.
        case unusable(CertificateContext.Fault)
        /// The certificates are not believed, most telling first.
        case untrusted([CertificateFault])
    }

    var ending: Ending
    /// From the beginning until all was known.
    var span: TimeSpan
    var measurements: Measurements
    /// What the server has shown.
    var chain: CertificateChain?
}

extension CallReport {
    /// As an attempt, with words about the certificates of `host`.
    func attempt(at host: String) -> Attempt {
        let attempt: Attempt =
            switch ending {
            case .good: .answered(span)
            case .bad(let reason): .failed(reason, after: span)
            case .failed(let words, let blame):
                Attempt(failed: words, blame: blame, after: span)
            case .unusable(let fault): .unusable(fault)
            case .untrusted(let faults):
                .failed(
                    Reason(CertificateWords.of(faults, host, SystemClock.wallTime)), after: span)
            }
        if case .unusable = ending { return attempt }
        return attempt.measuring(measurements)
    }
}

extension Attempt {
    /// One that a file of this machine's has prevented: which, and what is wrong with it.
    static func unusable(_ fault: CertificateContext.Fault) -> Attempt {
        var measurements = Measurements()
        let code = SystemError.reading(fault.path)
        measurements.remark = Reason(
            code.map { "\(fault.path): \(SystemError.words(of: $0))" } ?? "\(fault)")
        return .impossible(.unusableFile).measuring(measurements)
    }
}

/// What is wrong with certificates, for people.
enum CertificateWords {
    private static let hostsShownMax = 3
    /// Of a text that whoever made the certificate has chosen.
    private static let textByteCountMax = 64

    /// The most telling two.
    static func of(_ faults: [CertificateFault], _ host: String, _ now: WallTime) -> String {
        var words: [String] = []
        for fault in faults where words.count < 2 {
            let next = self.words(fault, host, now)
            if !words.contains(next) { words.append(next) }
        }
        return words.isEmpty ? "certificate is not trusted" : words.joined(separator: "; ")
    }

    private static func words(
        _ fault: CertificateFault, _ host: String, _ now: WallTime
    ) -> String {
        switch fault {
        case .expired(let subject, let isOwn, let end):
            let end = CertificateEnd(end, of: host, issuer: isOwn ? nil : cut(subject))
            return switch end.judge(at: now, within: .zero) {
            case .ended(let reason), .ending(let reason): reason.text
            case nil: "certificate of \(host) has expired"
            }
        case .notYetValid(let subject, let isOwn, let beginning):
            let whose = isOwn ? "certificate of \(host)" : "issuer certificate '\(cut(subject))'"
            return "\(whose) is valid only from \(beginning.rfc3339.prefix(19))Z on"
        case .otherHosts(let hosts, let commonName):
            return "certificate is for \(list(hosts, commonName)), not for \(host)"
        case .selfSigned: return "certificate is self-signed: its issuer is not trusted"
        case .untrustedIssuer(let issuer):
            return issuer.isEmpty
                ? "issuer is not trusted" : "issuer is not trusted: '\(cut(issuer))'"
        case .other(let words): return "certificate is not trusted: \(words)"
        }
    }

    private static func list(_ hosts: [String], _ commonName: String) -> String {
        guard !hosts.isEmpty else {
            return commonName.isEmpty
                ? "no host" : "no host (only its common name is '\(cut(commonName))')"
        }
        let shown = hosts.prefix(hostsShownMax).map(cut).joined(separator: ", ")
        let more = hosts.count - hostsShownMax
        return more > 0 ? "\(shown) and \(more) more" : shown
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= textByteCountMax
            ? text : String(decoding: text.utf8.prefix(textByteCountMax), as: UTF8.self) + "…"
    }
}

package import MeshCore

/// What a look does: one case for each kind of check. Another kind is one file beside this one and
/// one case here; the compiler then finds every place that must know it.
///
/// Finished values: whoever holds one needs to check nothing. They hold secrets where the check
/// does; what may be shown of one is its `type` and its `target`.
package enum CheckKind: Sendable, Hashable {
    case dns(DNSCheck)
    case exec(ExecCheck)
    case http(HTTPCheck)
    case icmp(ICMPCheck)
    case tcp(TCPCheck)
    case tls(TLSCheck)

    /// The word for it in `mesh.json`, in the API and in notifications.
    package var type: String {
        switch self {
        case .dns: "dns"
        case .exec: "exec"
        case .http: "http"
        case .icmp: "icmp"
        case .tcp: "tcp"
        case .tls: "tls"
        }
    }

    /// What is watched, in words for people. It shows no secret.
    package var target: String {
        switch self {
        case .dns(let check): check.target
        case .exec(let check): check.target
        case .http(let check): check.url.shown
        case .icmp(let check): check.target
        case .tcp(let check): check.address.description
        case .tls(let check): check.address.description
        }
    }

    /// How often it is tried within one look, how long each may take, what is too slow.
    package var attempts: AttemptPlan {
        switch self {
        case .dns(let check): check.attempts
        case .exec(let check): check.attempts
        case .http(let check): check.attempts
        case .icmp(let check): check.attempts
        case .tcp(let check): check.attempts
        case .tls(let check): check.attempts
        }
    }

    /// What nobody must read in a reason: what variables stand for, and what is a secret by itself.
    package var redaction: Redaction {
        switch self {
        case .dns(let check): check.redaction
        case .exec(let check): check.redaction.adding(check.ownSecrets)
        case .http(let check): check.redaction.adding(check.ownSecrets)
        case .icmp(let check): check.redaction
        case .tcp(let check): check.redaction.adding([check.send].compactMap(\.self))
        case .tls(let check): check.redaction
        }
    }

    /// The same, which keeps `redaction` to itself as well.
    package func hiding(_ redaction: Redaction) -> CheckKind {
        func hiding<Check>(
            _ check: Check, _ field: WritableKeyPath<Check, Redaction>
        ) -> Check {
            var check = check
            check[keyPath: field] = redaction
            return check
        }
        return switch self {
        case .dns(let check): .dns(hiding(check, \.redaction))
        case .exec(let check): .exec(hiding(check, \.redaction))
        case .http(let check): .http(hiding(check, \.redaction))
        case .icmp(let check): .icmp(hiding(check, \.redaction))
        case .tcp(let check): .tcp(hiding(check, \.redaction))
        case .tls(let check): .tls(hiding(check, \.redaction))
        }
    }

    /// The canonical text of this check: what is not default, in the order of its keys. `written`
    /// holds the fields of the configuration whose text a variable is part of, as they were
    /// written.
    package func definitionText(
        written: [String: DefinitionText.Value] = [:], using cryptography: any Cryptography
    ) -> [UInt8] {
        var text = DefinitionText(written: written, using: cryptography)
        text.add("type", .text(type))
        attempts.write(to: &text)
        switch self {
        case .dns(let check): check.write(to: &text)
        case .exec(let check): check.write(to: &text)
        case .http(let check): check.write(to: &text)
        case .icmp(let check): check.write(to: &text)
        case .tcp(let check): check.write(to: &text)
        case .tls(let check): check.write(to: &text)
        }
        return text.bytes
    }
}

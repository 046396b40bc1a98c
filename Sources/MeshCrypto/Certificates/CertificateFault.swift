import COpenSSL
package import MeshCore

/// What is wrong with a certificate, or with the path from it to a root.
package enum CertificateFault: Sendable, Hashable {
    /// It ended then.
    case expired(subject: String, isOwn: Bool, at: WallTime)
    /// It begins then.
    case notYetValid(subject: String, isOwn: Bool, from: WallTime)
    /// It is for these hosts, and not for the one that was asked for. None: it names no host at all;
    /// `commonName` is then what it calls itself, which says nothing about hosts (RFC 9525, 2).
    case otherHosts([String], commonName: String)
    /// Signed by itself and not one of the roots.
    case selfSigned
    /// The path ends at an issuer that is none of the roots, or that was not shown.
    case untrustedIssuer(String)
    /// Anything else that OpenSSL finds, in its words.
    case other(String)
}

extension CertificateFault {
    /// What OpenSSL's complaint about the certificate at `place` of the path means.
    init(code: CInt, place: Int, _ chain: CertificateChain) {
        let known = min(max(place, 0), chain.count - 1)
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            self = .expired(
                subject: chain.name(of: known), isOwn: place == 0,
                at: chain.end(of: known) ?? WallTime(milliseconds: 0))
        case X509_V_ERR_CERT_NOT_YET_VALID:
            self = .notYetValid(
                subject: chain.name(of: known), isOwn: place == 0,
                from: chain.beginning(of: known) ?? WallTime(milliseconds: 0))
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            self = .otherHosts(chain.hosts, commonName: chain.name(of: 0))
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: self = .selfSigned
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            self = .untrustedIssuer(chain.name(of: chain.count - 1))
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_UNTRUSTED:
            self = .untrustedIssuer(chain.issuer(of: chain.count - 1))
        default:
            // A text of the library's own.
            let text = unsafe X509_verify_cert_error_string(Int(code)).map {
                unsafe String(cString: $0)
            }
            self = .other(text ?? "error \(code)")
        }
    }

    /// How much it says to who reads it: the lower, the sooner it is told.
    package var rank: Int {
        switch self {
        case .expired: 0
        case .notYetValid: 1
        case .otherHosts: 2
        case .selfSigned, .untrustedIssuer: 3
        case .other: 4
        }
    }
}

/// Why a handshake, or what followed, has failed; nothing can be done with the session afterwards.
package enum CertificateTLSError: Error, Sendable, Hashable {
    /// The peer's certificate is not believed, for these reasons: the most telling first.
    case untrusted([CertificateFault])
    /// The peer answers something else than TLS.
    case notTLS
    /// The peer speaks no version as new as is demanded.
    case tooOld
    /// The peer sent this alert (RFC 8446, 6).
    case refused(alert: UInt8)
    /// The peer's bytes end in the middle.
    case truncated
    /// A handshake of more bytes than we go along with.
    case tooLong
    /// Anything else that OpenSSL finds wrong, in its words.
    case violation(String)
}

extension CertificateTLSError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .untrusted: "the certificate is not trusted"
        case .notTLS: "the answer is not TLS"
        case .tooOld: "the server does not speak the minimum version of TLS"
        case .refused(let alert): "the server refused: \(Self.words(of: alert))"
        case .truncated: "the connection was closed in the middle"
        case .tooLong:
            "the server's part of it is longer than \(CertificateSession.handshakeByteCountMax / 1_024) KiB"
        case .violation(let words): words
        }
    }

    /// As RFC 8446, 6, calls them.
    private static func words(of alert: UInt8) -> String {
        switch alert {
        case 10: "unexpected message"
        case 20: "bad record"
        case 40: "handshake failure"
        case 42: "bad certificate"
        case 43: "unsupported certificate"
        case 44: "certificate revoked"
        case 45: "certificate expired"
        case 46: "certificate unknown"
        case 47: "illegal parameter"
        case 48: "unknown CA"
        case 49: "access denied"
        case 50: "decode error"
        case 51: "decrypt error"
        case 70: "protocol version"
        case 71: "insufficient security"
        case 80: "internal error"
        case 86: "inappropriate fallback"
        case 90: "user canceled"
        case 109: "missing extension"
        case 112: "unrecognized name"
        case 116: "a client certificate is required"
        case 120: "no application protocol"
        default: "alert \(alert)"
        }
    }
}

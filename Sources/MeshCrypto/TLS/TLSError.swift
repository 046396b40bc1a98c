/// Why a TLS session ended otherwise than by its peer's word. Nothing can be done with the session
/// afterwards; what it has opened before is good.
package enum TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The peer speaks something else: another protocol, an older TLS, random bytes.
    case notTLS13
    /// The peer named a key that is none of ours: another mesh, or a secret that is not, or no
    /// longer, accepted here. No certificate was offered in its place, and none would be taken.
    case unknownKey
    /// The peer named a key of ours and does not have it.
    case wrongKey
    /// The peer sent this alert (RFC 8446, 6). Handshake failure (40) is what a node answers that
    /// does not know our key.
    case refused(alert: UInt8)
    /// A record was changed on its way.
    case tampered
    /// The peer's bytes end in the middle: without its word that it has said everything.
    case truncated
    /// A handshake of more bytes than one can have that we would go along with.
    case handshakeTooLong
    /// Anything else that OpenSSL finds wrong, in its words.
    case violation(String)

    package var description: String {
        switch self {
        case .notTLS13: "the peer does not speak TLS 1.3"
        case .unknownKey: "the peer's key is not known here"
        case .wrongKey: "the peer does not have the key that it names"
        case .refused(let alert) where alert == 40 || alert == 115:
            "the peer does not know our key (alert \(alert))"
        case .refused(let alert): "the peer refused (alert \(alert))"
        case .tampered: "a record was changed on its way"
        case .truncated: "the connection ended in the middle"
        case .handshakeTooLong: "the handshake is too long"
        case .violation(let reason): reason
        }
    }
}

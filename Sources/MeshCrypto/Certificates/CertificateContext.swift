import COpenSSL
import Glibc
package import MeshCore

/// Whose certificates a client believes and which one it shows, for any number of sessions: one
/// `SSL_CTX`. Making one for each connection would cost 0.3 ms, half a handshake.
///
/// Sessions are never resumed, neither kept nor offered: every look shakes hands in full.
@safe
package final class CertificateContext {
    /// A file that is no such thing: this machine's fault, never the target's.
    package enum Fault: Error, Sendable, Hashable, CustomStringConvertible {
        case roots(String)
        case certificate(String)
        case key(String)
        /// The key is one, and of another certificate.
        case foreignKey(String, certificate: String)

        package var path: String {
            switch self {
            case .roots(let path), .certificate(let path), .key(let path), .foreignKey(let path, _):
                path
            }
        }

        package var description: String {
            switch self {
            case .roots(let path): "no trusted root can be read from \(path)"
            case .certificate(let path): "no certificate can be read from \(path)"
            case .key(let path): "no private key can be read from \(path)"
            case .foreignKey(let path, let certificate):
                "\(path) has another private key than that of \(certificate)"
            }
        }
    }

    package let trust: TLSTrust
    let context: OpaquePointer

    package init(_ trust: TLSTrust, identity: TLSIdentity? = nil) throws(Fault) {
        self.trust = trust
        // Checked, owned here and freed in `deinit`, which runs where this throws, too.
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            fatalError("expected a libssl")
        }
        unsafe self.context = unsafe context
        // The context is alive and its own.
        unsafe copenssl_keep_nothing(context)
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        unsafe SSL_CTX_set_cert_verify_callback(context, verifyChain, nil)
        unsafe SSL_CTX_set_cert_cb(context, noteRequest, nil)
        // A key with a passphrase is refused; OpenSSL would ask for it on the terminal.
        unsafe SSL_CTX_set_default_passwd_cb(context, haveNoPassphrase)
        defer { ERR_clear_error() }
        switch trust {
        case .anything: break
        case .system: try loadSystemRoots()
        case .file(let path):
            guard unsafe SSL_CTX_load_verify_file(context, path) == 1 else { throw .roots(path) }
        }
        guard let identity else { return }
        guard
            unsafe SSL_CTX_use_certificate_chain_file(context, identity.certificateFile) == 1
        else { throw .certificate(identity.certificateFile) }
        guard unsafe SSL_CTX_use_PrivateKey_file(context, identity.keyFile, SSL_FILETYPE_PEM) == 1
        else {
            // One that does not match is refused here already.
            throw Self.isMismatch(ERR_peek_last_error())
                ? .foreignKey(identity.keyFile, certificate: identity.certificateFile)
                : .key(identity.keyFile)
        }
        guard unsafe SSL_CTX_check_private_key(context) == 1 else {
            throw .foreignKey(identity.keyFile, certificate: identity.certificateFile)
        }
    }

    private static func isMismatch(_ code: UInt) -> Bool {
        let reason = ERR_GET_REASON(code)
        return ERR_GET_LIB(code) == ERR_LIB_X509
            && (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH)
    }

    deinit {
        // Sessions hold references of OpenSSL's own.
        unsafe SSL_CTX_free(context)
    }

    /// The machine's folder where it is one by hashes, or whatever its environment says. Roots are
    /// read from the folder one by one, when a chain needs one: reading all of them at once would
    /// hold up the loop for 30 ms.
    private func loadSystemRoots() throws(Fault) {
        // Texts of OpenSSL's own, and of the environment's, that end with a zero.
        let folder = unsafe String(cString: X509_get_default_cert_dir())
        let isSaid = unsafe getenv(X509_get_default_cert_file_env()) != nil
        // The context is alive.
        if !isSaid, Self.isHashed(folder) {
            guard unsafe SSL_CTX_set_default_verify_dir(context) == 1 else { throw .roots(folder) }
        } else {
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw .roots(folder)
            }
        }
    }

    /// Whether it has certificates under the hashes of their names, `4042bcee.0`.
    private static func isHashed(_ folder: String) -> Bool {
        guard let directory = unsafe opendir(folder) else { return false }
        // Opened above, and closed once.
        defer { unsafe closedir(directory) }
        // Each entry lives until the next call; its name ends with a zero and is copied.
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name.utf8.count == 10, name.hasSuffix(".0") { return true }
        }
        return false
    }
}

private func haveNoPassphrase(
    _: UnsafeMutablePointer<CChar>?, _: CInt, _: CInt, _: UnsafeMutableRawPointer?
) -> CInt { 0 }

/// The server asks for a certificate. 1: go on with what there is.
private func noteRequest(ssl: OpaquePointer?, _: UnsafeMutableRawPointer?) -> CInt {
    if let ssl = unsafe ssl { unsafe CertificateSession.of(ssl)?.noteRequest() }
    return 1
}

/// In place of OpenSSL's own verification, which tells the first fault only. 1 if it is believed.
private func verifyChain(store: OpaquePointer?, _: UnsafeMutableRawPointer?) -> CInt {
    guard let store = unsafe store, let session = unsafe CertificateSession.of(store: store)
    else { return 0 }
    return unsafe session.verify(store) ? 1 : 0
}

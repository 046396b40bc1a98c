import COpenSSL
package import MeshCore

/// The certificates of a server: where they were verified, the path from its own to a root that is
/// trusted here; otherwise those that it has shown, its own first.
@safe
package final class CertificateChain {
    private let stack: OpaquePointer
    /// At least one, the server's own first.
    package let count: Int

    /// Takes over a stack of certificates; `nil`, and frees it, if it is empty.
    init?(owning stack: OpaquePointer) {
        // The stack is the caller's to give; freed here or in `deinit`.
        let count = Int(unsafe copenssl_chain_count(stack))
        guard count > 0 else {
            unsafe copenssl_chain_free(stack)
            return nil
        }
        unsafe self.stack = unsafe stack
        self.count = count
    }

    deinit {
        // Nobody else has the pointer; the certificates are counted.
        unsafe copenssl_chain_free(stack)
    }

    private func certificate(_ place: Int) -> OpaquePointer {
        precondition(place >= 0 && place < count, "expected a certificate of the chain")
        // Within the stack, whose owner this is.
        guard let certificate = unsafe copenssl_chain_certificate(stack, CInt(place)) else {
            fatalError("expected a certificate in the stack")
        }
        return unsafe certificate
    }

    /// When one ends; `nil` if what it says is no time.
    package func end(of place: Int) -> WallTime? {
        // The certificate lives as long as this, its time as long as it.
        Self.time(unsafe copenssl_seconds(X509_get0_notAfter(certificate(place))))
    }

    package func beginning(of place: Int) -> WallTime? {
        // As above.
        Self.time(unsafe copenssl_seconds(X509_get0_notBefore(certificate(place))))
    }

    /// The one that ends first; `nil` if none says when.
    package var earliest: (place: Int, end: WallTime)? {
        var found: (place: Int, end: WallTime)?
        for place in 0..<count {
            guard let end = end(of: place) else { continue }
            if let found, found.end <= end { continue }
            found = (place, end)
        }
        return found
    }

    private static func time(_ seconds: Int64) -> WallTime? {
        guard seconds != .min else { return nil }
        return WallTime(milliseconds: UInt64(max(0, seconds)) * 1_000)
    }

    /// What people call it: its common name, or else its organisation; empty if it has neither. Text
    /// of whoever made it.
    package func name(of place: Int) -> String {
        // The name is part of the certificate.
        unsafe CertificateName.text(X509_get_subject_name(certificate(place)))
    }

    /// What people call who has signed it.
    package func issuer(of place: Int) -> String {
        // The name is part of the certificate.
        unsafe CertificateName.text(X509_get_issuer_name(certificate(place)))
    }

    /// The names and addresses that the server's own certificate is for, as far as they fit 4 KiB.
    package var hosts: [String] {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, count in
            // Writes at most the capacity, and says how much.
            count = unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                Int(
                    unsafe copenssl_write_hosts(
                        certificate(0), text.baseAddress, CInt(text.count)))
            }
        }
        return bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A distinguished name, as far as people are told of it.
enum CertificateName {
    private static let byteCountMax = 128

    @unsafe
    static func text(_ name: OpaquePointer?) -> String {
        guard let name = unsafe name else { return "" }
        for kind in [NID_commonName, NID_organizationName] {
            var count: CInt = -1
            let bytes = unsafe [CChar](unsafeUninitializedCapacity: byteCountMax) {
                buffer, filled in
                // Writes at most the capacity, a zero at the end, and says how much before that.
                count = unsafe X509_NAME_get_text_by_NID(
                    name, kind, buffer.baseAddress, CInt(byteCountMax))
                filled = Int(max(0, min(count, CInt(byteCountMax) - 1)))
            }
            if count > 0 {
                return String(decoding: bytes.lazy.map(UInt8.init(bitPattern:)), as: UTF8.self)
            }
        }
        return ""
    }
}

import MeshChecks
import MeshCore

/// Reads `http`: the endpoint besides its address.
struct EndpointReader {
    let section: Section?

    func read(mesh: Label?) -> EndpointSettings {
        let fallback = "Status of \(mesh?.text ?? "the mesh")"
        guard let section else {
            return EndpointSettings(publicURL: nil, title: fallback, tokens: [])
        }
        let title = section.value("title") { text throws(Complaint) in
            let max = EndpointSettings.titleByteCountMax
            guard (1...max).contains(text.utf8.count),
                !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
            else {
                throw Complaint("is no title: write 1 to \(max) bytes without control characters")
            }
            return text
        }
        let publicURL = publicURL(section)
        let tokens = tokens(section)
        section.refuse(["auth", "tls", "cors"])
        section.finish()
        return EndpointSettings(publicURL: publicURL, title: title ?? fallback, tokens: tokens)
    }

    private func publicURL(_ section: Section) -> WebAddress? {
        section.value("public_url") { text throws(Complaint) in
            guard !text.contains("?") else {
                throw Complaint("has a query: write only where the page is")
            }
            let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
            do throws(WebAddress.Fault) {
                return try WebAddress(trimmed)
            } catch {
                throw Complaint("\(error)")
            }
        }
    }

    /// Only hashes are configured: who reads the file cannot change anything with it.
    private func tokens(_ section: Section) -> [Bytes32] {
        let prefix = "sha256:"
        return section.texts("tokens", max: EndpointSettings.tokensMax).compactMap { text in
            guard text.text.hasPrefix(prefix),
                let hash = Bytes32(hexadecimal: String(text.text.dropFirst(prefix.utf8.count)))
            else {
                section.context.complain(
                    text.path,
                    "is no hash of a token: make both with \"checkmesh keygen --token\"",
                    at: text.offset)
                return nil
            }
            return hash
        }
    }
}

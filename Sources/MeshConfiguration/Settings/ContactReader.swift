import MeshChecks
import MeshCore
import MeshNotices

/// Reads one entry of `contacts`.
struct ContactReader {
    let section: Section
    let mesh: MeshID
    let cryptography: any Cryptography

    private static let types = ["webhook"]
    private static let laterTypes = [
        "email", "mail", "sms", "voice", "slack", "discord", "mailgun", "pushover", "telegram",
        "teams", "pagerduty", "opsgenie", "gotify", "ntfy", "exec",
    ]

    func read() -> Contact? {
        let name: CheckName? = section.required("name", "give it one of its own") {
            text throws(Complaint) in
            guard let name = CheckName(text) else {
                throw Complaint(
                    "is no name: write 1 to \(CheckName.byteCountMax) bytes without control characters"
                )
            }
            return name
        }
        let type = section.requiredType(among: Self.types, later: Self.laterTypes)
        guard type != nil else { return nil }
        let url = webhookURL()
        section.finish()
        guard let name, let url else { return nil }
        return Contact(
            id: ContactID(named: name, in: mesh, using: cryptography), name: name,
            kind: .webhook(url))
    }

    /// Who has the URL can post, so it is a secret, of which the host may be shown.
    private func webhookURL() -> WebAddress? {
        let secret = section.requiredSecret(
            "url", "write where to post, such as \"https://chat.example.com/hook\"",
            atMost: WebAddress.byteCountMax)
        guard let secret else { return nil }
        do throws(WebAddress.Fault) {
            let plain = try WebAddress(secret.revealed)
            let scheme = plain.isSecure ? "https" : "http"
            return try WebAddress(
                secret.revealed, shown: "\(scheme)://\(plain.authority)/\(Secret.mask)")
        } catch {
            section.complain(section.has("url") ? "url" : "url_file", "\(error)")
            return nil
        }
    }
}

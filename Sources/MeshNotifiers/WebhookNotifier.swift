package import MeshChecks
package import MeshCore
package import MeshHTTPClient
package import MeshNotices

/// Posts a notice as JSON, with the notice's id as Idempotency-Key, so that a receiver can tell a
/// duplicate. An answer of 2xx within the timeout is success. A redirect is not followed: a notice
/// that went to another place than the configured one would count as told.
///
/// What a failure says is shown to everybody, in every node's API: the URL, which usually is a
/// secret, is never in it, even where the provider's answer repeats it.
package final class WebhookNotifier: Notifier {
    package static let timeout = TimeSpan.seconds(10)
    /// Bytes of a refusal's body that are told.
    private static let excerptMax = 120
    /// Bytes of an answer that are read to find them.
    private static let bodyLimit = 1_024

    private let url: WebAddress
    private let client: HTTPClient
    private let timeout: TimeSpan
    private var transfers: [UInt64: HTTPClient.TransferID] = [:]
    private var lastNumber: UInt64 = 0

    package init(
        to url: WebAddress, through client: HTTPClient, timeout: TimeSpan = WebhookNotifier.timeout
    ) {
        self.url = url
        self.client = client
        self.timeout = timeout
    }

    package func deliver(
        _ message: NoticeMessage, completion: @escaping (Delivery) -> Void
    ) {
        lastNumber += 1
        let number = lastNumber
        transfers[number] = client.send(request(message)) { [weak self] result in
            guard let self else { return }
            self.transfers[number] = nil
            completion(self.judge(result))
        }
    }

    package func cancelAll() {
        for transfer in transfers.values { client.cancel(transfer) }
        transfers = [:]
    }

    private func request(_ message: NoticeMessage) -> HTTPRequest {
        let fields = [
            HTTPField("Content-Type", "application/json"),
            HTTPField("Idempotency-Key", message.id.description),
        ].compactMap { $0 }
        do throws(HTTPURL.Fault) {
            return HTTPRequest(
                try HTTPURL(url.text), method: "POST", headers: fields, body: message.json,
                timeout: timeout, bodyLimit: Self.bodyLimit)
        } catch {
            preconditionFailure("expected a WebAddress to be a URL: \(error)")
        }
    }

    private func judge(_ result: Result<HTTPResponse, TransferError>) -> Delivery {
        switch result {
        case .failure(let error):
            return .failed(Reason(error.description))
        case .success(let response):
            guard !(200...299).contains(response.status) else { return .sent }
            let said = excerpt(of: response.body)
            return .failed(
                Reason("answered \(response.status)" + (said.isEmpty ? "" : ": \(said)")))
        }
    }

    /// The beginning of what a provider said, on one line and without our own secrets.
    private func excerpt(of body: [UInt8]) -> String {
        // Hidden before it is cut: half a secret is one, too.
        let text = Redaction(secrets).redact(Self.line(String(decoding: body, as: UTF8.self)))
        var kept = ""
        for scalar in text.unicodeScalars {
            guard kept.utf8.count + UTF8.width(scalar) <= Self.excerptMax else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }

    private static func line(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control
            if !isControl {
                line.unicodeScalars.append(scalar)
            } else if line.last != " " && !line.isEmpty {
                line += " "
            }
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// The URL, its path with the query, and each part of them that is long enough to be a token.
    private var secrets: [Secret] {
        let afterScheme = url.text.drop { $0 != ":" }.dropFirst(3)
        let path = afterScheme.drop { $0 != "/" && $0 != "?" }
        let parts = path.split { "/?&=".contains($0) }.filter { $0.utf8.count >= 8 }
        let whole = [url.text, path.utf8.count > 1 ? String(path) : ""]
        return (whole + parts.map(String.init)).map(Secret.init)
    }
}

import CCurl
package import MeshCore
import MeshPlatform

/// One request, waited for: for the command line, which has nothing else to do meanwhile. A node
/// never calls it. Names are resolved by libcurl, on a thread of its own.
package enum BlockingHTTP {
    package static func get(
        url: String, headers: [HTTPField] = [], timeout: TimeSpan
    ) throws(TransferError) -> HTTPResponse {
        try send(HTTPRequest(try parse(url), headers: headers, timeout: timeout))
    }

    package static func post(
        url: String, body: [UInt8], headers: [HTTPField] = [], timeout: TimeSpan
    ) throws(TransferError) -> HTTPResponse {
        try send(
            HTTPRequest(
                try parse(url), method: "POST", headers: headers, body: body, timeout: timeout))
    }

    /// Any status is a response. Redirects are not followed: a node's own answers need none.
    package static func send(_ request: HTTPRequest) throws(TransferError) -> HTTPResponse {
        guard LibCurl.isReady,
            let handle = EasyHandle(request, addresses: [], timeout: request.timeout)
        else {
            throw TransferError(.exhausted, blame: .ownResources, "this machine has no memory left")
        }
        // The handle, and all it points to, lives until the end of this function.
        let code = unsafe curl_easy_perform(handle.curl)
        return try handle.outcome(of: request, ending: code).get()
    }

    private static func parse(_ url: String) throws(TransferError) -> HTTPURL {
        do throws(HTTPURL.Fault) {
            return try HTTPURL(url)
        } catch {
            throw TransferError(.malformedURL, blame: .target, error.words)
        }
    }
}

/// libcurl as a whole, made ready once.
enum LibCurl {
    /// False where the machine has no memory for it. A `static let` is made by one thread only,
    /// which is what `curl_global_init` asks for.
    static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    static let agentLine = "User-Agent: Checkmesh"
    static let closeLine = "Connection: close"
    /// What nearly every request says, made once for all; `nil` for want of memory, and then such a
    /// request says neither.
    ///
    /// Safe to share: made by one thread before anybody has it, never changed or freed, and libcurl
    /// only reads it.
    nonisolated(unsafe) static let usualLines: UnsafeMutablePointer<curl_slist>? = {
        // Copy their texts; the second answers the first's list, longer by one.
        guard let agent = unsafe curl_slist_append(nil, agentLine) else { return nil }
        return unsafe curl_slist_append(agent, closeLine) ?? agent
    }()
}

extension HTTPURL.Fault {
    package var words: String {
        switch self {
        case .tooLong: "the URL is longer than \(HTTPURL.byteCountMax) bytes"
        case .malformed: "the URL is malformed"
        case .notHTTP: "the URL is neither http nor https"
        }
    }
}

import CCurl
import Glibc
import MeshCore
import MeshPlatform

/// What a transfer that has ended says: what came, or what went wrong and whose fault it is.
extension EasyHandle {
    /// The status that was answered; 0 while none was.
    var status: Int { unsafe ccurl_get_long(curl, CURLINFO_RESPONSE_CODE) }

    /// Where the answer sends us; `nil` where it does not.
    var redirect: String? {
        // Text of libcurl's that lives until the handle is used again; copied at once.
        guard let text = unsafe ccurl_get_text(curl, CURLINFO_REDIRECT_URL) else { return nil }
        return unsafe String(cString: text)
    }

    /// Several lines of a name are one field, with commas between them (RFC 9110, 5.3).
    func header(_ name: String) -> String? {
        var field: String?
        var index = 0
        var count = 1
        // Text of libcurl's that lives until the handle is used again; copied at once.
        while index < count, let text = unsafe ccurl_get_header(curl, name, index, &count) {
            let line = unsafe String(cString: text)
            field = field.map { "\($0), \(line)" } ?? line
            index += 1
        }
        return field
    }

    /// When the first of the certificates that were shown ends.
    private var firstEnd: WallTime? {
        // A number, copied.
        let seconds = unsafe ccurl_first_end(curl)
        return seconds < 0 ? nil : WallTime(milliseconds: UInt64(seconds) * 1_000)
    }

    /// libcurl counts each from the beginning; here each begins where the one before it ended.
    var timings: HTTPTimings {
        // Numbers, copied.
        let connect = Int64(unsafe ccurl_get_time(curl, CURLINFO_CONNECT_TIME_T))
        let tls = Int64(unsafe ccurl_get_time(curl, CURLINFO_APPCONNECT_TIME_T))
        let sent = Int64(unsafe ccurl_get_time(curl, CURLINFO_PRETRANSFER_TIME_T))
        let first = Int64(unsafe ccurl_get_time(curl, CURLINFO_STARTTRANSFER_TIME_T))
        let total = Int64(unsafe ccurl_get_time(curl, CURLINFO_TOTAL_TIME_T))
        return HTTPTimings(
            nameLookup: .zero, connect: .microseconds(connect),
            tls: .microseconds(max(0, tls - connect)),
            firstByte: .microseconds(max(0, first - sent)), untilAnswer: .microseconds(first),
            total: .microseconds(total))
    }

    /// How the transfer that ended with `code` ended. A body that was cut because enough of it had
    /// come is no failure.
    func outcome(
        of request: HTTPRequest, ending code: CURLcode
    ) -> Result<HTTPResponse, TransferError> {
        let isCutOnPurpose = code == CURLE_WRITE_ERROR && isBodyCut
        guard code == CURLE_OK || isCutOnPurpose else {
            var error = failure(of: request, ending: code)
            error.timings = timings
            return .failure(error)
        }
        var headers: [String: String] = [:]
        for name in request.headersWanted { headers[name] = header(name) }
        // Told where it is not followed.
        if (300...399).contains(status) { headers["Location"] = header("Location") }
        var response = HTTPResponse(
            status: status, url: request.url, redirectsFollowed: 0, headers: headers,
            body: body, isBodyCut: isBodyCut, timings: timings)
        if request.version != .http1 {
            // A number, copied.
            let version = unsafe ccurl_get_long(curl, CURLINFO_HTTP_VERSION)
            response.isVersionTwo = version == CURL_HTTP_VERSION_2_0
        }
        if let extras = request.extras, extras.wantsCertificates, request.url.isSecure {
            let host = extras.serverName ?? request.url.host
            response.firstEnding = firstEnd.map { CertificateEnd(host: host, end: $0) }
        }
        return .success(response)
    }

    private func failure(of request: HTTPRequest, ending code: CURLcode) -> TransferError {
        // A number, copied: `errno` of the connection's last attempt.
        let systemError = CInt(truncatingIfNeeded: unsafe ccurl_get_long(curl, CURLINFO_OS_ERRNO))
        switch code {
        case CURLE_URL_MALFORMAT:
            return TransferError(.malformedURL, blame: .target, "the URL is malformed")
        case CURLE_COULDNT_RESOLVE_HOST:
            return TransferError(.cannotResolve, blame: .target, "the name cannot be resolved")
        case CURLE_COULDNT_RESOLVE_PROXY:
            return TransferError(
                .cannotResolve, blame: .target, "the proxy's name cannot be resolved")
        case CURLE_COULDNT_CONNECT:
            return cannotConnect(request, systemError)
        case CURLE_OPERATION_TIMEDOUT:
            let phase = phaseReached(of: request)
            return TransferError(
                .timedOut(phase), blame: isUnwatched ? .ownResources : .target,
                "timed out after \(request.timeout.inWords) \(phase.rawValue)")
        case CURLE_PEER_FAILED_VERIFICATION:
            return TransferError(.untrusted, blame: .target, untrusted(request))
        case CURLE_SSL_CACERT_BADFILE:
            return TransferError(
                .unusableFile, blame: .ownResources, "the file of trusted roots cannot be read")
        case CURLE_SSL_CERTPROBLEM:
            return TransferError(
                .unusableFile, blame: .ownResources, "the client's certificate cannot be used")
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED,
            CURLE_SSL_INVALIDCERTSTATUS:
            return TransferError(
                .tlsFailed, blame: .target, "the TLS handshake failed: \(handshakeWords)")
        case CURLE_GOT_NOTHING:
            return TransferError(
                .broken, blame: .target, "the connection was closed without an answer")
        case CURLE_PARTIAL_FILE:
            return TransferError(
                .broken, blame: .target, "the connection was closed before the body's end")
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR:
            if let refusal = tunnelRefusal(request) {
                return TransferError(.broken, blame: .target, refusal)
            }
            let isReset = systemError == ECONNRESET || systemError == EPIPE
            return TransferError(
                .broken, blame: Blame(systemError: systemError),
                isReset || libraryWords.isEmpty
                    ? "the connection was reset \(phaseReached(of: request).rawValue)"
                    : "the connection broke: \(shortLibraryWords)")
        case CURLE_WRITE_ERROR where hasTooLongHead, CURLE_OUT_OF_MEMORY where status > 0:
            // libcurl calls a line of a head beyond 100 KB a lack of memory.
            return TransferError(
                .notHTTP, blame: .target,
                "the answer's head is longer than \(Self.headerBytesMax / 1_024) KiB")
        case CURLE_OUT_OF_MEMORY where timings.connect > .zero:
            return TransferError(.notHTTP, blame: .target, "the answer is not HTTP")
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT:
            return TransferError(
                .exhausted, blame: .ownResources, "this machine has no memory left")
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_BAD_CONTENT_ENCODING:
            return TransferError(.notHTTP, blame: .target, "the answer is not HTTP")
        case CURLE_ABORTED_BY_CALLBACK:
            return TransferError(.cancelled, blame: .ownResources, "cancelled")
        default:
            let known = unsafe String(cString: curl_easy_strerror(code))
            return TransferError(
                .broken, blame: .target, libraryWords.isEmpty ? known : shortLibraryWords)
        }
    }

    private func cannotConnect(
        _ request: HTTPRequest, _ systemError: CInt
    ) -> TransferError {
        let code = socketError != 0 ? socketError : systemError
        let words = code == 0 ? "cannot connect" : SystemError.words(of: code)
        let blame = code == 0 ? Blame.target : Blame(systemError: code)
        guard let proxy = request.extras?.proxy else {
            return TransferError(.cannotConnect, blame: blame, words)
        }
        return TransferError(.cannotConnect, blame: blame, "proxy \(proxy.address): \(words)")
    }

    private func phaseReached(of request: HTTPRequest) -> TransferError.Phase {
        // Numbers, copied; 0 for what was not reached.
        if unsafe ccurl_get_time(curl, CURLINFO_CONNECT_TIME_T) == 0, !isHeardFrom {
            return .connecting
        }
        let tls = unsafe ccurl_get_time(curl, CURLINFO_APPCONNECT_TIME_T)
        if request.url.isSecure && tls == 0 { return .tls }
        let first = unsafe ccurl_get_time(curl, CURLINFO_STARTTRANSFER_TIME_T)
        return first == 0 ? .waiting : .reading
    }

    private func untrusted(_ request: HTTPRequest) -> String {
        let name = request.extras?.serverName ?? request.url.host
        // libcurl compares the name by itself, before it asks what OpenSSL says of the chain.
        if libraryWords.contains("match") {
            return "the certificate is not for \(name)"
        }
        // A number, copied: OpenSSL's judgement of the chain.
        return switch unsafe ccurl_get_long(curl, CURLINFO_SSL_VERIFYRESULT) {
        case 62: "the certificate is not for \(name)"
        case 9: "the certificate is not valid yet"
        case 10: "the certificate has expired"
        case 18: "the certificate is self-signed"
        case 19: "the certificate's chain ends in a root that is not trusted here"
        case 20, 21: "the certificate's issuer is not known here"
        case 23: "the certificate is revoked"
        default: "the certificate is not trusted: \(shortLibraryWords)"
        }
    }

    /// What a proxy said to a request for a tunnel, where it was no yes.
    private func tunnelRefusal(_ request: HTTPRequest) -> String? {
        // A number, copied; 0 while none was answered.
        let status = unsafe ccurl_get_long(curl, CURLINFO_HTTP_CONNECTCODE)
        guard let proxy = request.extras?.proxy, status >= 300 else { return nil }
        let words = "proxy \(proxy.address): it answers CONNECT with \(status)"
        guard status == 407 else { return words }
        return proxy.credentials == nil
            ? "\(words): it wants a name and a password"
            : "\(words): it does not take this name and password"
    }

    /// As for `tcp` and `tls`, which read OpenSSL's own numbers.
    private var handshakeWords: String {
        let known = [
            "wrong version number", "packet length too long", "http request",
            "https proxy request", "bad record type",
        ]
        return known.contains(where: libraryWords.contains)
            ? "the answer is not TLS" : shortLibraryWords
    }

    private var shortLibraryWords: String { String(libraryWords.prefix(100)) }
}

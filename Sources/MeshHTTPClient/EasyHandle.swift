import CCurl
import Glibc
import MeshCore
import MeshPlatform
import MeshResolver

/// One libcurl transfer, from its request to its answer.
///
/// A handle of libcurl's is never used for another one, though that would be a thirtieth cheaper:
/// before 8.1.0 a head that begins with a space is appended to the last line of the answer before,
/// in memory that was freed long ago, so that any target could end the process (curl issue 11101).
///
/// Safe to hold: its pointers are made in `init`, freed in `deinit` and leave it only for the calls
/// of this module.
@safe final class EasyHandle {
    /// Bytes of an answer's head, all its lines together. Longer is no answer.
    static let headerBytesMax = 64 * 1_024
    /// libcurl's own buffer of each transfer under way. Answers to checks are small.
    private static let bufferSize = 8 * 1_024

    let curl: UnsafeMutableRawPointer
    private let notes: UnsafeMutablePointer<ccurl_notes>
    /// What libcurl keeps pointing to while the transfer runs.
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var resolveList: UnsafeMutablePointer<curl_slist>?
    private var placeList: UnsafeMutablePointer<curl_slist>?

    private(set) var body: [UInt8] = []
    private(set) var isBodyCut = false
    private let bodyLimit: Int
    private let bodyKeptMax: Int
    private var bodyRead = 0
    /// Which transfer of the client's.
    let transfer: UInt64
    /// It was waited for its peer to speak: libcurl says when it had connected only after TLS, too.
    var isHeardFrom = false
    /// Its socket could not be watched: it will time out by this machine's fault.
    var isUnwatched = false

    /// Ready for `request`, with `timeout` left for it. `addresses` are where its host is, those of
    /// IPv6 in brackets; empty leaves a name to libcurl, which then blocks a thread of its own over
    /// it. `nil` for want of memory.
    init?(
        _ request: HTTPRequest, transfer: UInt64 = 0, addresses: [String], timeout: TimeSpan
    ) {
        // A handle of our own until `deinit`.
        guard let curl = unsafe curl_easy_init() else { return nil }
        unsafe self.curl = curl
        unsafe notes = .allocate(capacity: 1)
        unsafe notes.initialize(to: ccurl_notes())
        unsafe notes.pointee.header_bytes_max = Self.headerBytesMax
        self.transfer = transfer
        bodyLimit = request.method == "HEAD" ? 0 : request.bodyLimit
        bodyKeptMax = request.bodyKeptMax
        guard prepare(request, addresses: addresses, timeout: timeout) else { return nil }
    }

    deinit {
        // Ends what still runs, then frees what it pointed to, in this order.
        unsafe curl_easy_cleanup(curl)
        unsafe curl_slist_free_all(headerList)
        unsafe curl_slist_free_all(resolveList)
        unsafe curl_slist_free_all(placeList)
        unsafe notes.deallocate()
    }

    private func prepare(
        _ request: HTTPRequest, addresses: [String], timeout: TimeSpan
    ) -> Bool {
        // The handle outlives its transfer and is its context, unretained: it ends it itself in
        // `deinit`. `notes` live as long as it does.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        guard unsafe ccurl_set_defaults(curl, notes, Self.write, context) == CURLE_OK else {
            return false
        }
        var isSet = true
        func set(_ code: CURLcode) { isSet = isSet && code == CURLE_OK }
        // Each copies its text or number, or points to what this handle owns until its end.
        unsafe set(ccurl_set_text(curl, CURLOPT_URL, request.url.text))
        unsafe set(ccurl_set_long(curl, CURLOPT_BUFFERSIZE, Self.bufferSize))
        let milliseconds = max(1, (timeout.nanoseconds + 999_999) / 1_000_000)
        unsafe set(ccurl_set_long(curl, CURLOPT_TIMEOUT_MS, Int(milliseconds)))
        unsafe set(ccurl_set_long(curl, CURLOPT_HTTP_VERSION, request.curlVersion))
        if request.url.isSecure || !request.body.isEmpty {
            unsafe set(ccurl_set_long(curl, CURLOPT_TCP_NODELAY, 1))
        }
        set(setMethod(of: request))
        set(setTrust(request))
        set(setFamily(request))
        if let credentials = request.credentials {
            unsafe set(ccurl_set_text(curl, CURLOPT_USERNAME, credentials.user))
            unsafe set(ccurl_set_text(curl, CURLOPT_PASSWORD, credentials.password))
        }
        if let extras = request.extras { isSet = isSet && setExtras(extras, of: request) }
        if request.version == .http1, request.headers.isEmpty, unsafe headerList == nil {
            unsafe set(ccurl_set_list(curl, CURLOPT_HTTPHEADER, LibCurl.usualLines))
        } else {
            isSet = isSet && addHeaders(of: request)
        }
        if !addresses.isEmpty {
            // `+`: forgotten again after a minute, so that names that are gone take no memory.
            let place = request.place
            let entry = "+\(place.host):\(place.port):\(addresses.joined(separator: ","))"
            unsafe resolveList = curl_slist_append(nil, entry)
            if let list = unsafe resolveList {
                unsafe set(ccurl_set_list(curl, CURLOPT_RESOLVE, list))
            } else {
                isSet = false
            }
        }
        return isSet
    }

    /// What few requests ask for. False for want of memory.
    private func setExtras(_ extras: HTTPRequest.Extras, of request: HTTPRequest) -> Bool {
        var isSet = true
        // Each copies its text or number, or points to what this handle owns until its end.
        func set(_ option: CURLoption, _ text: String) {
            unsafe isSet = isSet && ccurl_set_text(curl, option, text) == CURLE_OK
        }
        if extras.acceptsGzip { set(CURLOPT_ACCEPT_ENCODING, "gzip") }
        if extras.wantsCertificates {
            unsafe isSet = isSet && ccurl_set_long(curl, CURLOPT_CERTINFO, 1) == CURLE_OK
        }
        if let identity = extras.identity {
            set(CURLOPT_SSLCERT, identity.certificateFile)
            set(CURLOPT_SSLKEY, identity.keyFile)
        }
        if let proxy = extras.proxy {
            set(CURLOPT_PROXY, proxy.text)
            // Not what the environment says.
            set(CURLOPT_NOPROXY, "")
            if let credentials = proxy.credentials {
                set(CURLOPT_PROXYUSERNAME, credentials.user)
                set(CURLOPT_PROXYPASSWORD, credentials.password)
            }
        }
        if request.isAskedByAnotherName, let name = extras.serverName {
            // libcurl takes the name from the URL: it gets that name there, and asks for the host
            // in the request's header.
            guard let text = request.url.text(withHost: name) else { return false }
            set(CURLOPT_URL, text)
            if !request.headers.contains(where: { $0.isAbout("host") }) {
                isSet = isSet && addHeader("Host: \(request.url.authority)")
            }
        }
        if extras.proxy == nil, extras.place != nil || request.isAskedByAnotherName {
            let place = request.place
            let host = place.host.contains(":") ? "[\(place.host)]" : place.host
            // Copies the text; the list is ours until the end.
            unsafe placeList = curl_slist_append(nil, "::\(host):\(place.port)")
            guard let list = unsafe placeList else { return false }
            unsafe isSet = isSet && ccurl_set_list(curl, CURLOPT_CONNECT_TO, list) == CURLE_OK
        }
        return isSet
    }

    /// As lines, and not with options of libcurl's for some of them: it formats those twice, byte by
    /// byte.
    private func addHeaders(of request: HTTPRequest) -> Bool {
        var isSet = true
        if !request.headers.contains(where: { $0.isAbout("user-agent") }) {
            isSet = addHeader(LibCurl.agentLine)
        }
        if request.version == .http1 { isSet = isSet && addHeader(LibCurl.closeLine) }
        for header in request.headers { isSet = isSet && addHeader(header.line) }
        guard isSet, let list = unsafe headerList else { return false }
        // Ours until the end of the handle.
        return unsafe ccurl_set_list(curl, CURLOPT_HTTPHEADER, list) == CURLE_OK
    }

    private func addHeader(_ line: String) -> Bool {
        // Copies the line; at NULL the old list is still there, and ours.
        guard let list = unsafe curl_slist_append(headerList, line) else { return false }
        unsafe headerList = list
        return true
    }

    private func setMethod(of request: HTTPRequest) -> CURLcode {
        var code = CURLE_OK
        // libcurl copies the body and the name of the method.
        if !request.body.isEmpty || request.method == "POST" {
            code = unsafe request.body.withUnsafeBytes { bytes in
                unsafe ccurl_set_body(curl, bytes.baseAddress, bytes.count)
            }
        }
        guard code == CURLE_OK else { return code }
        switch request.method {
        case "HEAD": return unsafe ccurl_set_long(curl, CURLOPT_NOBODY, 1)
        case "GET" where request.body.isEmpty: return CURLE_OK
        case "POST": return CURLE_OK
        default: return unsafe ccurl_set_text(curl, CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    private func setTrust(_ request: HTTPRequest) -> CURLcode {
        guard request.url.isSecure else { return CURLE_OK }
        // Plain numbers.
        let code = unsafe ccurl_set_tls_defaults(curl)
        guard code == CURLE_OK else { return code }
        switch request.trust {
        case .system: return CURLE_OK
        case .file(let path): return unsafe ccurl_set_text(curl, CURLOPT_CAINFO, path)
        case .anything:
            // Plain numbers.
            let code = unsafe ccurl_set_long(curl, CURLOPT_SSL_VERIFYPEER, 0)
            guard code == CURLE_OK else { return code }
            return unsafe ccurl_set_long(curl, CURLOPT_SSL_VERIFYHOST, 0)
        }
    }

    private func setFamily(_ request: HTTPRequest) -> CURLcode {
        // A plain number.
        switch request.family {
        case .any: CURLE_OK
        case .v4: unsafe ccurl_set_long(curl, CURLOPT_IPRESOLVE, Int(CURL_IPRESOLVE_V4))
        case .v6: unsafe ccurl_set_long(curl, CURLOPT_IPRESOLVE, Int(CURL_IPRESOLVE_V6))
        }
    }

    /// libcurl's words about the failure; may be empty.
    var libraryWords: String {
        // Text of our own that ends with a NUL.
        unsafe withUnsafePointer(to: &notes.pointee.words) { words in
            unsafe words.withMemoryRebound(to: CChar.self, capacity: Int(CURL_ERROR_SIZE)) {
                unsafe String(cString: $0)
            }
        }
    }

    /// `errno` of a socket that could not be made, or 0.
    var socketError: CInt { unsafe notes.pointee.socket_error }

    var hasTooLongHead: Bool { unsafe notes.pointee.header_bytes > notes.pointee.header_bytes_max }

    /// Answers fewer bytes than it was given to end a transfer that has brought enough.
    private static let write: ccurl_write = { bytes, size, count, context in
        guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
        // The context that `prepare` set: the handle lives as long as its transfer.
        let handle = unsafe Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
        let taken = min(handle.bodyLimit - handle.bodyRead, size * count)
        let kept = min(handle.bodyKeptMax - handle.body.count, taken)
        if kept > 0 {
            // libcurl lends `size * count` bytes for the length of this call.
            let lent = unsafe UnsafeRawBufferPointer(start: bytes, count: kept)
            unsafe handle.body.append(contentsOf: lent)
        }
        handle.bodyRead += taken
        if taken < size * count { handle.isBodyCut = true }
        return taken
    }
}

extension HTTPRequest {
    fileprivate var curlVersion: Int {
        switch version {
        case .http1: CURL_HTTP_VERSION_1_1
        case .negotiated: CURL_HTTP_VERSION_2TLS
        case .http2: url.isSecure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
        }
    }
}

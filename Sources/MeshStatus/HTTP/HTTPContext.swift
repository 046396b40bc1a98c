import CMicroHTTPD

/// The way from C's callbacks to the server.
final class HTTPContext {
    weak var server: HTTPServer?

    final class List {
        var pairs: [([UInt8], [UInt8])] = []
    }

    static let collect: MHD_KeyValueIterator = { context, _, name, value in
        guard let context = unsafe context, let name = unsafe name else { return .YES }
        // The list that was handed over, and two texts that C ends with NUL, copied at once.
        let list = unsafe Unmanaged<List>.fromOpaque(context).takeUnretainedValue()
        let text = unsafe String(cString: name)
        let meaning = unsafe value.map { unsafe String(cString: $0) } ?? ""
        list.pairs.append((Array(text.utf8), Array(meaning.utf8)))
        return .YES
    }

    private static func server(_ context: UnsafeMutableRawPointer?) -> HTTPServer? {
        guard let context = unsafe context else { return nil }
        // What `cmicrohttpd_start` was given; the server keeps it for as long as the daemon lives.
        return unsafe Unmanaged<HTTPContext>.fromOpaque(context).takeUnretainedValue().server
    }

    static let connected: MHD_NotifyConnectionCallback = { context, connection, place, what in
        guard let server = unsafe server(context), let connection = unsafe connection,
            let place = unsafe place
        else { return }
        if what == .CONNECTION_NOTIFY_STARTED {
            let guest = server.welcome(unsafe cmicrohttpd_socket(connection))
            // The server holds it until `seeOff`, below; the place is the connection's own.
            unsafe place.pointee = Unmanaged.passUnretained(guest).toOpaque()
        } else if let kept = unsafe place.pointee {
            server.seeOff(
                unsafe Unmanaged<HTTPServer.Guest>.fromOpaque(kept).takeUnretainedValue())
            unsafe place.pointee = nil
        }
    }

    static let handle: MHD_AccessHandlerCallback = {
        context, connection, url, method, _, upload, uploadCount, place in
        guard let server = unsafe server(context), let connection = unsafe connection,
            let url = unsafe url, let method = unsafe method, let uploadCount = unsafe uploadCount,
            let place = unsafe place
        else { return .NO }
        guard let kept = unsafe place.pointee else {
            // What `connected` has put there; the server holds it while the connection is open.
            let guest = unsafe cmicrohttpd_connection_context(connection).map {
                unsafe Unmanaged<HTTPServer.Guest>.fromOpaque($0).takeUnretainedValue()
            }
            let exchange = unsafe HTTPServer.Exchange(connection, guest: guest)
            // Retained for the request, until `completed`.
            unsafe place.pointee = Unmanaged.passRetained(exchange).toOpaque()
            // Two texts that C ends with NUL, copied at once.
            let refusal = unsafe server.begin(
                exchange, method: String(cString: method), url: String(cString: url),
                headerByteCount: cmicrohttpd_header_size(connection))
            guard let refusal else { return .YES }
            return unsafe queue(refusal, on: connection)
        }
        // Retained above.
        let exchange = unsafe Unmanaged<HTTPServer.Exchange>.fromOpaque(kept).takeUnretainedValue()
        let count = unsafe uploadCount.pointee
        if count > 0 {
            if let upload = unsafe upload {
                unsafe server.receive(
                    UnsafeBufferPointer(start: upload, count: count), for: exchange)
            }
            unsafe uploadCount.pointee = 0
            return .YES
        }
        guard let answer = server.ask(exchange) else { return .YES }
        return unsafe queue(answer, on: connection)
    }

    static let completed: MHD_RequestCompletedCallback = { context, _, place, _ in
        guard let place = unsafe place, let kept = unsafe place.pointee else { return }
        // Retained once, when the request began; this is its end.
        let exchange = unsafe Unmanaged<HTTPServer.Exchange>.fromOpaque(kept).takeRetainedValue()
        unsafe place.pointee = nil
        unsafe server(context)?.finish(exchange)
    }

    // MARK: Answers

    @unsafe private static func queue(_ answer: Response, on connection: OpaquePointer)
        -> MHD_Result
    {
        let made: OpaquePointer?
        switch answer.body {
        case .bytes(var bytes):
            // Copied at once. libmicrohttpd only reads them, whatever the type says.
            unsafe made = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe MHD_create_response_from_buffer(
                    buffer.count, buffer.baseAddress, .RESPMEM_MUST_COPY)
            }
        case .stream(let stream):
            // Retained for the response, until it calls `letGo`.
            unsafe made = unsafe MHD_create_response_from_callback(
                UInt64.max, 32_768, take, Unmanaged.passRetained(stream).toOpaque(), letGo)
        }
        guard let response = unsafe made else { return .NO }
        // The daemon holds what it has queued; this is our hold of it.
        defer { unsafe MHD_destroy_response(response) }
        for (name, value) in [("Content-Type", answer.type)] + always + answer.headers {
            // Copied at once; a value with a line break is refused, and left out.
            _ = unsafe MHD_add_response_header(response, name, value)
        }
        return unsafe MHD_queue_response(connection, UInt32(answer.status), response)
    }

    private static let always = [
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
    ]

    private static let take: MHD_ContentReaderCallback = { context, _, buffer, count in
        guard let context = unsafe context, let buffer = unsafe buffer else {
            return cmicrohttpd_end_of_stream
        }
        // Retained by the response that calls.
        let stream = unsafe Unmanaged<PieceStream>.fromOpaque(context).takeUnretainedValue()
        let piece = stream.take(atMost: count)
        guard !piece.isEmpty else { return cmicrohttpd_end_of_stream }
        // The piece has at most the `count` bytes that there is room for.
        unsafe piece.withUnsafeBytes { bytes in
            unsafe UnsafeMutableRawPointer(buffer).copyMemory(
                from: bytes.baseAddress ?? UnsafeRawPointer(buffer), byteCount: bytes.count)
        }
        return piece.count
    }

    private static let letGo: MHD_ContentReaderFreeCallback = { context in
        guard let context = unsafe context else { return }
        // Retained once, for the response that ends here.
        unsafe Unmanaged<PieceStream>.fromOpaque(context).release()
    }
}

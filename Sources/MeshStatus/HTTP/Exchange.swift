import CMicroHTTPD

extension HTTPServer {
    /// One request and its answer.
    @safe
    final class Exchange {
        let connection: OpaquePointer
        let guest: Guest?
        var request: Request?
        var bodyByteCountMax = 0
        var isTooLarge = false
        var isAsked = false
        var answer: Response?
        var isSuspended = false
        var isOver = false

        @unsafe init(_ connection: OpaquePointer, guest: Guest?) {
            unsafe self.connection = unsafe connection
            self.guest = guest
        }

        /// Expects it to be suspended.
        func resume() {
            isSuspended = false
            // A suspended connection stays open until it is resumed.
            unsafe MHD_resume_connection(connection)
        }

        /// The first header of that name.
        func header(_ name: String) -> String? {
            // Both texts are C's, read while the connection is in its handler, and copied.
            unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, name).map {
                unsafe String(cString: $0)
            }
        }

        func query() throws(RequestFault) -> [(name: String, value: String)] {
            let list = HTTPContext.List()
            // Calls back for each argument before it returns; the list lives for longer.
            _ = unsafe MHD_get_connection_values(
                connection, .GET_ARGUMENT_KIND, HTTPContext.collect,
                Unmanaged.passUnretained(list).toOpaque())
            var query: [(name: String, value: String)] = []
            for (name, value) in list.pairs {
                guard let name = Request.percentDecoded(name),
                    let value = Request.percentDecoded(value)
                else { throw .badQuery }
                query.append((name, value))
            }
            return query
        }
    }
}

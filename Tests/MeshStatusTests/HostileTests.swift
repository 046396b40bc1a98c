import MeshChecks
import MeshCore
import MeshPlatform
import MeshStatus
import Testing

/// Clients that mean harm, or know no better.
@Suite struct HostileTests {
    @Test func `a path that is too long is 414`() throws {
        let stand = try Stand()
        let reply = try stand.get("/" + String(repeating: "a", count: 5_000))
        #expect(reply.status == 414 && reply.body.contains("4096"))
        #expect(stand.endpoint.counters.refusals == 1)
    }

    @Test func `headers that are too large are 431`() throws {
        let stand = try Stand()
        let header = "X-Filler: " + String(repeating: "a", count: 20_000)
        #expect(try stand.get("/livez", headers: [header]).status == 431)
        // Beyond what is held for a connection the library speaks for itself.
        let many = (0..<4_000).map { "X-Filler-\($0): aaaaaaaaaaaaaaaaaaaaaaaaa" }
        let client = try stand.connect()
        try client.send(
            "GET / HTTP/1.1\r\nHost: x\r\n" + many.joined(separator: "\r\n") + "\r\n\r\n")
        let text = try stand.read(client)
        #expect(try text.isEmpty || Reply(text).status == 431)
        #expect(try stand.get("/livez").status == 200)
    }

    @Test func `a body that is too large is 413, announced or not`() throws {
        let stand = try Stand()
        let announced = try stand.get(
            "/api/v1/forget", method: "POST", headers: ["Content-Length: 100000000"])
        #expect(announced.status == 413)
        let piece = String(repeating: "a", count: 4_096)
        let chunks = (0..<10).map { _ in "1000\r\n\(piece)\r\n" }.joined() + "0\r\n\r\n"
        let chunked = try stand.exchange(
            "POST /api/v1/forget HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n" + chunks)
        #expect(chunked.status == 413)
    }

    @Test(arguments: [
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\r\n\r\n", "GET\r\n\r\n", "\r\n\r\n\r\n", "x",
        "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nContent-Length: 3\r\n\r\n",
        "GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n", "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `garbage is refused or closed, and the next client is served`(_ text: String) throws {
        let stand = try Stand {
            $0.limits.requestWait = .milliseconds(100)
            $0.limits.answerWait = .milliseconds(300)
        }
        let client = try stand.connect()
        try client.send(text)
        let answer = try stand.read(client)
        if !answer.isEmpty { #expect(try Reply(answer).status >= 200) }
        #expect(try stand.get("/livez").status == 200)
    }

    @Test func `who sends a byte now and then is sent away all the same`() throws {
        let stand = try Stand { $0.limits.requestWait = .milliseconds(150) }
        let slow = try stand.connect()
        let began = SystemClock.now
        try slow.send("GET /livez HTTP/1.1\r\nX: ")
        while !slow.isClosed, SystemClock.now - began < .seconds(10) {
            try slow.send("a")
            try stand.turn()
            slow.read()
        }
        #expect(slow.isClosed && SystemClock.now - began < .seconds(5))
        #expect(stand.endpoint.counters.timeouts == 1)
        #expect(try stand.get("/livez").status == 200)
    }

    @Test func `who takes its answer by the byte is sent away, too`() throws {
        let stand = try Stand { $0.limits.answerWait = .milliseconds(200) }
        stand.source.set((0..<20_000).map { check(UInt64($0), "check-\($0)", .up) })
        let slow = try stand.connect()
        try slow.send("GET /api/v1/checks HTTP/1.1\r\nHost: x\r\n\r\n")
        let deadline = SystemClock.now + .seconds(10)
        // It takes nothing at all until it is over.
        while stand.endpoint.counters.timeouts == 0, SystemClock.now < deadline {
            try stand.turn()
        }
        #expect(stand.endpoint.counters.timeouts == 1)
        #expect(try stand.get("/livez").status == 200)
    }

    @Test func `one client never takes all connections`() throws {
        let stand = try Stand {
            $0.limits.connectionsPerClient = 20
            $0.limits.requestWait = .milliseconds(300)
        }
        let clients = try (0..<100).map { _ in try stand.connect() }
        for client in clients { try client.send("GET / HTTP/1.1\r\n") }
        let deadline = SystemClock.now + .seconds(10)
        while clients.contains(where: { !$0.isClosed }), SystemClock.now < deadline {
            try stand.turn()
            for client in clients { client.read() }
        }
        #expect(!clients.contains { !$0.isClosed })
        #expect(stand.endpoint.counters.connections == 20)
        #expect(stand.endpoint.counters.timeouts == 20)
        // The server's side of a connection closes a moment after the client's.
        while stand.endpoint.counters.connectionsOpen > 0, SystemClock.now < deadline {
            try stand.turn()
        }
        #expect(try stand.get("/livez").status == 200)
    }

    @Test func `whoever asks is answered at once though slow clients want all connections`() throws
    {
        let stand = try Stand {
            $0.limits.connections = 24
            $0.limits.connectionsSpare = 4
        }
        let clients = try (0..<60).map { _ in try stand.connect() }
        for client in clients { try client.send("GET / HTTP/1.1\r\n") }
        #expect(try stand.get("/livez").status == 200)
        let counters = stand.endpoint.counters
        #expect(counters.displaced > 0 && counters.timeouts == 0)
        #expect(counters.connectionsOpen <= 24)
    }

    @Test func `requests that come all at once are answered in their order`() throws {
        let stand = try Stand()
        let client = try stand.connect()
        let paths = ["/livez", "/api/v1/incidents", "/readyz", "/nothing"]
        try client.send(
            paths.enumerated().map { place, path in
                "GET \(path) HTTP/1.1\r\nHost: x\r\n"
                    + (place == paths.count - 1 ? "Connection: close\r\n\r\n" : "\r\n")
            }.joined())
        let text = try stand.read(client)
        let statuses = text.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
        #expect(statuses == ["200", "200", "200", "404"])
        #expect(text.contains("{\"incidents\":[]}"))
    }

    @Test func `a client that goes away while its answer is made harms nobody`() throws {
        let stand = try Stand { $0.limits.laterWait = .milliseconds(100) }
        stand.source.hangs = true
        do {
            let client = try stand.connect()
            try client.send("GET /api/v1/incidents HTTP/1.1\r\nHost: x\r\n\r\n")
            let deadline = SystemClock.now + .seconds(5)
            while stand.endpoint.counters.requests == 0, SystemClock.now < deadline {
                try stand.turn()
            }
        }
        let deadline = SystemClock.now + .seconds(5)
        while stand.endpoint.counters.timeouts == 0, SystemClock.now < deadline {
            try stand.turn()
        }
        stand.source.hangs = false
        #expect(try stand.get("/api/v1/incidents").status == 200)
    }

    @Test func `it stops with requests under way`() throws {
        let stand = try Stand()
        stand.source.hangs = true
        let client = try stand.connect()
        try client.send("GET /api/v1/incidents HTTP/1.1\r\nHost: x\r\n\r\n")
        while stand.endpoint.counters.requests == 0 { try stand.turn() }
        stand.endpoint.stop()
        stand.endpoint.stop()
        let deadline = SystemClock.now + .seconds(5)
        while !client.isClosed, SystemClock.now < deadline {
            try stand.turn()
            client.read()
        }
        #expect(client.isClosed)
    }
}

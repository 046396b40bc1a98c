import MeshChecks
import MeshCore
import MeshMembership
import MeshPlatform
import MeshStatus
import MeshTestSupport
import Testing

/// HTTP itself: methods, errors, caching, and what changes something.
@Suite struct ProtocolTests {
    private func problem(_ reply: Reply, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(
            reply.headers["content-type"] == "application/problem+json",
            sourceLocation: sourceLocation)
        let json = try JSON(reply.body)
        #expect(
            json.keys == ["type", "title", "status", "detail"], sourceLocation: sourceLocation)
        #expect(json["status"] == .number("\(reply.status)"), sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        "/nothing", "/api", "/api/v1", "/api/v2/status", "/api/v1/status/x", "/api/v1/checks/a/b",
        "/metrics/x", "//", "/..%2f..%2fetc/passwd",
    ])
    func `what is not there is 404, as a problem document`(_ path: String) throws {
        let reply = try Stand().get(path)
        #expect(reply.status == 404)
        try problem(reply)
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
    func `another method is 405 with what is allowed`(_ method: String) throws {
        let stand = try Stand()
        for path in ["/", "/api/v1/status", "/api/v1/checks/a", "/metrics", "/livez", "/readyz"] {
            let reply = try stand.get(path, method: method)
            #expect(reply.status == 405 && reply.headers["allow"] == "GET, HEAD", "\(path)")
            try problem(reply)
        }
        let reply = try stand.get("/api/v1/forget")
        #expect(reply.status == 405 && reply.headers["allow"] == "POST")
    }

    @Test(arguments: ["/%zz", "/%", "/api/v1/checks/%ff", "/a%00b", "/?a=%2"])
    func `what can't be decoded is 400`(_ path: String) throws {
        let reply = try Stand().get(path)
        #expect(reply.status == 400)
        try problem(reply)
    }

    @Test func `a name with anything in it is found, and escaped wherever it is shown`() throws {
        let stand = try Stand()
        let names = [
            "a/b", "say \"hi\"", "<script>alert(1)</script>", "größe 測試 🚦", "50% & more", "a\\b",
            "..", "a+b?c#d",
        ]
        stand.source.set(
            names.enumerated().map { check(UInt64($0.offset + 1), $0.element, .down) })
        for name in names {
            let path = name.utf8.map { byte in
                "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            let reply = try stand.get("/api/v1/checks/\(path)")
            #expect(reply.status == 200)
            #expect(try JSON(reply.body)["name"] == .string(name))
        }
        #expect(try JSON(stand.get("/api/v1/checks").body)["checks"]?.count == names.count)
        let page = try stand.get("/").body
        #expect(!page.contains("<script"))
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(page.contains("/api/v1/checks/a%2Fb"))
        #expect(page.contains("b=&quot;2&quot;"))
        let metrics = try stand.get("/metrics").body
        #expect(metrics.contains(#"probe_success{check="say \"hi\""} 0"#))
        #expect(metrics.contains(#"probe_success{check="a\\b"} 0"#))
    }

    @Test func `HEAD answers as GET does, without the body`() throws {
        let stand = try Stand()
        for path in ["/api/v1/status", "/api/v1/members", "/livez", "/api/v1/nothing"] {
            let got = try stand.get(path)
            let head = try stand.get(path, method: "HEAD")
            #expect(head.status == got.status && head.body.isEmpty)
            #expect(head.headers["content-length"] == got.headers["content-length"])
            #expect(head.headers["etag"] == got.headers["etag"])
        }
    }

    @Test func `who has the answer already is told so`() throws {
        let stand = try Stand()
        let tag = try #require(try stand.get("/api/v1/members").headers["etag"])
        for header in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
            let reply = try stand.get("/api/v1/members", headers: ["If-None-Match: \(header)"])
            #expect(reply.status == 304 && reply.body.isEmpty)
        }
        stand.source.members.removeLast()
        let reply = try stand.get("/api/v1/members", headers: ["If-None-Match: \(tag)"])
        #expect(reply.status == 200)
    }

    @Test func `it answers over IPv6, too`() throws {
        let stand = try Stand(ipv6: true)
        #expect(stand.endpoint.address.port != 0)
        #expect(try stand.get("/livez").status == 200)
    }

    @Test func `an address that is taken is told with what was tried`() throws {
        let stand = try Stand()
        let taken = stand.endpoint.address
        #expect {
            _ = try StatusEndpoint(
                on: stand.loop, at: taken, source: stand.source, cryptography: StubCryptography())
        } throws: { error in
            "\(error)" == "listen on \(taken): Address already in use"
        }
    }

    @Test func `a node that is not ready says why`() throws {
        let stand = try Stand()
        #expect(try stand.get("/readyz").body == "ok\n")
        #expect(try stand.get("/readyz?verbose").body == "settled: ok\ndisk: ok\n")
        stand.source.conditions = [
            Condition("settled", trouble: nil), Condition("disk", trouble: "it is full"),
        ]
        let reply = try stand.get("/readyz?verbose")
        #expect(reply.status == 503 && reply.body.contains("disk: it is full"))
        try problem(reply)
        // A node that is not ready is alive: to start it again would not help.
        #expect(try stand.get("/livez").status == 200)
        #expect(try stand.get("/healthz").status == 200)
    }

    @Test func `an answer that does not come is 503 after a while`() throws {
        let stand = try Stand { $0.limits.laterWait = .milliseconds(50) }
        stand.source.hangs = true
        let reply = try stand.get("/api/v1/incidents")
        #expect(reply.status == 503 && reply.headers["retry-after"] == "5")
        try problem(reply)
        #expect(stand.endpoint.counters.timeouts == 1)
    }

    @Test func `the page allows itself its own style and nothing else`() throws {
        let stand = try Stand()
        stand.source.set([check(1, "website", .down), check(2, "mail", .up)])
        let reply = try stand.get("/")
        #expect(reply.status == 200)
        #expect(reply.headers["content-type"] == "text/html; charset=utf-8")
        let policy = try #require(reply.headers["content-security-policy"])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(reply.headers["x-content-type-options"] == "nosniff")
        #expect(reply.body.contains("1 of 2 checks is down"))
        #expect(reply.body.contains("http-equiv=\"refresh\""))
        let still = try stand.get("/?reload=no")
        #expect(!still.body.contains("http-equiv=\"refresh\""))
        for word in ["<script", "http-equiv=\"refresh\" content=\"0", "//cdn", "@import", "url("] {
            #expect(!reply.body.contains(word))
        }
    }

    @Test func `the page does not call up what nobody watches any more`() throws {
        let stand = try Stand()
        var blind = check(1, "website", .up)
        stand.source.set([blind, check(2, "mail", .up)])
        #expect(try stand.get("/").body.contains("Everything is up"))
        blind.isWatched = false
        stand.source.set([blind, check(2, "mail", .up)])
        let page = try stand.get("/").body
        #expect(page.contains("Everything was up, but 1 of 2 checks is not watched"))
        #expect(!page.contains("Everything is up"))
    }

    @Test func `the page forgets no unwatched check over an unknown one, and says why`() throws {
        let stand = try Stand()
        var blind = check(1, "website", nil)
        blind.isWatched = false
        blind.notWatched = "2 must agree, 1 of 3 <owners> look"
        var early = check(2, "mail", nil)
        early.couldNotLook = "there is no such program here"
        stand.source.set([blind, early, check(3, "shop", .up)])
        let page = try stand.get("/").body
        #expect(page.contains("2 of 3 checks are not known yet, 1 not watched"))
        #expect(page.contains("banner degraded"))
        #expect(
            page.contains(
                "not watched by enough nodes</em>: 2 must agree, 1 of 3 &lt;owners&gt; look"))
        #expect(page.contains("this node could not look: there is no such program here"))
    }

    // MARK: Changing something

    private static let token = "a long token"
    private func guarded() throws -> Stand {
        try Stand { $0.tokens = [StubCryptography().sha256(Array(Self.token.utf8))] }
    }

    @Test func `without a configured token nobody may change anything`() throws {
        let stand = try Stand()
        let reply = try stand.get(
            "/api/v1/forget?node=old-1", method: "POST", headers: ["Authorization: Bearer x"])
        #expect(reply.status == 403 && reply.body.contains("http.tokens"))
        try problem(reply)
        #expect(stand.source.forgotten.isEmpty)
    }

    @Test(arguments: [
        "", "Authorization: Bearer wrong", "Authorization: Basic a long token",
        "Authorization: Bearer", "Authorization: Bearer a long token2",
    ])
    func `without the right token nothing is changed`(_ header: String) throws {
        let stand = try guarded()
        let reply = try stand.get(
            "/api/v1/forget?node=old-1", method: "POST", headers: header.isEmpty ? [] : [header])
        #expect(reply.status == 401)
        #expect(reply.headers["www-authenticate"] == "Bearer realm=\"checkmesh\"")
        try problem(reply)
        #expect(stand.source.forgotten.isEmpty && stand.endpoint.counters.unauthorized == 1)
    }

    @Test func `with the token a dead member is forgotten, and no other`() throws {
        let stand = try guarded()
        func forget(_ path: String, _ body: String = "") throws -> Int {
            try stand.get(
                path, method: "POST", headers: ["Authorization: bearer \(Self.token)"], body: body
            ).status
        }
        #expect(try forget("/api/v1/forget", #"{"node": "old-1"}"#) == 200)
        #expect(try forget("/api/v1/forget?node=\(id(3).hexadecimal)") == 200)
        #expect(stand.source.forgotten == ["old-1", "old-1"])
        #expect(try forget("/api/v1/forget?node=fra-1") == 409)
        #expect(try forget("/api/v1/forget?node=nobody") == 404)
        #expect(try forget("/api/v1/forget") == 400)
        for body in ["{", "[]", "{\"node\":", "{\"node\":{}}", "{\"node\":\"a\"}x", "\u{1}"] {
            #expect(try forget("/api/v1/forget", body) == 400)
        }
    }
}

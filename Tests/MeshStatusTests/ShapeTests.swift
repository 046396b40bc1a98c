import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshStatus
import Testing

/// Every answer has the keys of the contract, all of them and no others, in their order.
@Suite struct ShapeTests {
    private func json(_ stand: Stand, _ path: String) throws -> JSON {
        let reply = try stand.get(path)
        #expect(reply.status == 200, "\(reply)")
        #expect(reply.headers["content-type"] == "application/json")
        #expect(reply.headers["content-length"] == "\(reply.body.utf8.count)")
        return try JSON(reply.body)
    }

    private static let checkKeys = [
        "id", "name", "type", "target", "tags", "state", "since", "epoch", "reason", "owners",
        "notifier",
        "quorum", "watched", "not_watched", "could_not_look", "provisional", "unreachable_from",
        "verdicts",
        "latency_ms",
        "last_observed_at",
    ]

    @Test func `status tells of the node, its mesh and the checks`() throws {
        let stand = try Stand()
        stand.source.set([
            check(1, "a", .up), check(2, "b", .down), check(3, "c", nil), check(4, "d", .up),
        ])
        let status = try json(stand, "/api/v1/status")
        #expect(status.keys == ["node", "mesh", "checks", "not_watched"])
        #expect(status["not_watched"]?["count"] == .number("0"))
        #expect(status["node"]?.keys == ["name", "id", "zone", "version", "started_at"])
        #expect(status["node"]?["started_at"] == .string("2026-01-01T00:00:00.000Z"))
        #expect(status["node"]?["id"] == .string("00000000000000000000000000000001"))
        #expect(
            status["mesh"]?.keys == [
                "name", "alive", "suspect", "dead", "left", "majority", "settled",
            ])
        #expect(status["mesh"]?["alive"] == .number("1"))
        #expect(status["mesh"]?["left"] == .number("0"))
        #expect(status["checks"]?.keys == ["up", "degraded", "down", "unknown"])
        #expect(status["checks"]?["up"] == .number("2"))
        #expect(status["checks"]?["unknown"] == .number("1"))
    }

    @Test func `status says what is not watched and why, and counts what it does not name`() throws
    {
        let stand = try Stand()
        for number in 1...25 { stand.source.unwatched.add("c\(number)", "2 must agree") }
        stand.source.unwatched.reports = [.init(node: "nyc-1", count: 7, text: "shop (so)")]
        let found = try #require(try json(stand, "/api/v1/status")["not_watched"])
        #expect(found.keys == ["count", "checks", "reports"])
        #expect(found["count"] == .number("25"))
        #expect(found["checks"]?.count == UnwatchedStatus.namedMax)
        #expect(found["checks"]?[0]?["name"] == .string("c1"))
        #expect(found["checks"]?[0]?["why"] == .string("2 must agree"))
        #expect(found["reports"]?[0]?["node"] == .string("nyc-1"))
        #expect(found["reports"]?[0]?["count"] == .number("7"))
        #expect(found["reports"]?[0]?["text"] == .string("shop (so)"))
    }

    @Test func `members are listed with their standing`() throws {
        let stand = try Stand()
        let answer = try json(stand, "/api/v1/members")
        #expect(answer.keys == ["members"] && answer["members"]?.count == 3)
        let member = try #require(answer["members"]?[1])
        #expect(
            member.keys == [
                "name", "id", "zone", "address", "state", "generation", "incarnation", "since",
            ])
        #expect(member["state"] == .string("suspect"))
        #expect(member["generation"] == .number("3"))
        #expect(member["since"] == .string("2026-01-01T00:00:05.000Z"))
    }

    @Test func `a check is told with who holds what against it`() throws {
        let stand = try Stand()
        var down = check(1, "website", .down)
        down.provisional = .up
        down.unreachableFrom = ["fra"]
        down.verdicts = [
            VerdictStatus(node: "nyc-1", state: .up, reason: "200 OK", since: time(9))
        ]
        stand.source.set([down, check(2, "zebra", nil)])
        let answer = try json(stand, "/api/v1/checks")
        #expect(answer.keys == ["checks"])
        let shown = try #require(answer["checks"]?[0])
        #expect(shown.keys == Self.checkKeys)
        #expect(shown["state"] == .string("down"))
        #expect(shown["owners"] == .array([.string("fra-1"), .string("nyc-1"), .string("old-1")]))
        #expect(shown["quorum"] == .number("2"))
        #expect(shown["watched"] == .bool(true))
        #expect(shown["provisional"] == .string("up"))
        #expect(shown["latency_ms"] == .number("12.34"))
        #expect(shown["verdicts"]?[0]?.keys == ["node", "state", "reason", "since"])
        let unknown = try #require(answer["checks"]?[1])
        #expect(unknown.keys == Self.checkKeys)
        #expect(unknown["state"] == .string("unknown"))
        for key in ["since", "provisional", "latency_ms", "last_observed_at"] {
            #expect(unknown[key] == .null)
        }
        #expect(unknown["epoch"] == .number("0") && unknown["reason"] == .string(""))
    }

    @Test func `one check is told with this node's own looks`() throws {
        let stand = try Stand()
        stand.source.set([check(1, "website", .up)])
        stand.source.foundLooks = .success([
            LookStatus(
                at: time(3),
                observation: Observation(
                    .saw(.down, Reason("refused")), latency: .milliseconds(5))),
            LookStatus(
                at: time(2), observation: Observation(.abstained(.noResolver), latency: .zero)),
        ])
        let answer = try json(stand, "/api/v1/checks/website")
        #expect(
            answer.keys == Self.checkKeys + [
                "phases_ms", "certificate_ends_at", "remark", "observations",
            ])
        #expect(answer["phases_ms"] == .null && answer["certificate_ends_at"] == .null)
        #expect(answer["remark"] == .null)
        #expect(
            answer["observations"]?[0]
                == .object([
                    .init(name: "at", value: .string("2026-01-01T00:00:03.000Z")),
                    .init(name: "state", value: .string("down")),
                    .init(name: "reason", value: .string("refused")),
                    .init(name: "latency_ms", value: .number("5")),
                ]))
        #expect(answer["observations"]?[1]?["state"] == .null)
        #expect(answer["observations"]?[1]?["reason"] == .string("no_resolver"))

        stand.source.foundLooks = .failure(.init("disk full"))
        #expect(try json(stand, "/api/v1/checks/website")["observations"] == .null)
        #expect(try stand.get("/api/v1/checks/nothing").status == 404)
    }

    @Test func `what the node's latest look measured is told with the check alone`() throws {
        let stand = try Stand()
        var measured = check(1, "website", .up)
        measured.measurements.resolve = .microseconds(1_500)
        measured.measurements.connect = .milliseconds(2)
        measured.measurements.certificateEnds = time(9)
        measured.measurements.remark = Reason("a.pem: no such file")
        stand.source.set([measured])
        let answer = try json(stand, "/api/v1/checks/website")
        #expect(
            answer["phases_ms"]
                == .object([
                    .init(name: "resolve", value: .number("1.5")),
                    .init(name: "connect", value: .number("2")),
                ]))
        #expect(answer["certificate_ends_at"] == .string("2026-01-01T00:00:09.000Z"))
        #expect(answer["remark"] == .string("a.pem: no such file"))
        #expect(try json(stand, "/api/v1/checks")["checks"]?[0]?.keys == Self.checkKeys)
    }

    @Test func `incidents are told newest first, and can be narrowed down`() throws {
        let stand = try Stand()
        stand.source.set([check(1, "website", .down)])
        stand.source.foundIncidents = .success([
            IncidentStatus(
                check: "website", state: .down, startedAt: time(60), endedAt: nil, epoch: 9,
                flip: id(5), confirmedBy: ["fra-1", "nyc-1"]),
            IncidentStatus(
                check: "website", state: .degraded, startedAt: time(10), endedAt: time(20),
                epoch: 7, flip: id(4), confirmedBy: ["fra-1"]),
        ])
        let answer = try json(stand, "/api/v1/incidents")
        #expect(answer.keys == ["incidents"] && answer["incidents"]?.count == 2)
        #expect(
            answer["incidents"]?[0]?.keys == [
                "check", "state", "started_at", "ended_at", "epoch", "flip", "confirmed_by",
            ])
        #expect(answer["incidents"]?[0]?["ended_at"] == .null)
        #expect(answer["incidents"]?[0]?["flip"] == .string(id(5).hexadecimal))
        #expect(try json(stand, "/api/v1/incidents?limit=1")["incidents"]?.count == 1)
        let from = try json(stand, "/api/v1/incidents?check=website&from=2026-01-01T00:00:30Z")
        #expect(from["incidents"]?.count == 1)
        #expect(try stand.get("/api/v1/incidents?limit=0").status == 400)
        #expect(try stand.get("/api/v1/incidents?from=yesterday").status == 400)
        #expect(try stand.get("/api/v1/incidents?check=nothing").status == 404)
        stand.source.foundIncidents = .failure(.init("history.db: disk I/O error"))
        let refused = try stand.get("/api/v1/incidents")
        #expect(refused.status == 503 && refused.body.contains("disk I/O error"))
    }

    @Test func `notifications are told with how they went`() throws {
        let stand = try Stand()
        stand.source.set([check(1, "website", .down)])
        func notice(_ number: UInt64, _ status: NoticeStatus) -> NotificationStatus {
            NotificationStatus(
                id: NoticeID(id(number)), check: "website", epoch: 7, state: .down,
                contact: "oncall", kind: .flip, status: status, node: "fra-1", at: time(1),
                attempts: 2)
        }
        stand.source.notices[CheckID(id(1))] = [
            notice(1, .sent), notice(2, .superseded), notice(3, .failed(Reason("500"))),
        ]
        stand.source.notices[stand.source.meshCheck] = [notice(4, .pending)]
        let answer = try json(stand, "/api/v1/notifications")
        // One that was superseded is nothing that was told or will be.
        #expect(answer["notifications"]?.count == 3)
        #expect(
            answer["notifications"]?[0]?.keys == [
                "id", "check", "epoch", "state", "contact", "kind", "status", "node", "at",
                "attempts", "error",
            ])
        #expect(answer["notifications"]?[0]?["error"] == .null)
        #expect(answer["notifications"]?[1]?["status"] == .string("failed"))
        #expect(answer["notifications"]?[1]?["error"] == .string("500"))
        #expect(
            try json(stand, "/api/v1/notifications?check=website")["notifications"]?.count == 2)
        #expect(try json(stand, "/api/v1/notifications?check=mesh")["notifications"]?.count == 1)
        #expect(try stand.get("/api/v1/notifications?check=nothing").status == 404)
    }

    @Test func `the latest notifications of all are told newest first`() throws {
        let stand = try Stand()
        stand.source.set((1...1_200).map { check($0, "check-\($0)", .down) })
        for number in UInt64(1)...1_200 {
            stand.source.notices[CheckID(id(number))] = [
                NotificationStatus(
                    id: NoticeID(id(number)), check: "check-\(number)", epoch: 1, state: .down,
                    contact: "oncall", kind: .flip, status: number == 7 ? .superseded : .sent,
                    node: "fra-1", at: time(5_000 - number), attempts: 1)
            ]
        }
        func names(_ query: String) throws -> [JSON?] {
            // A thousand are sent in pieces, whose length nobody knows beforehand.
            let body = try stand.get("/api/v1/notifications?\(query)").body
            let list = try JSON(body)["notifications"]
            return (0..<(list?.count ?? 0)).map { list?[$0]?["check"] }
        }
        #expect(try names("limit=2") == [.string("check-1"), .string("check-2")])
        #expect(try names("limit=5000").count == 1_000)
        #expect(try names("limit=1&check=check-7").isEmpty)
        #expect(try stand.get("/api/v1/notifications?limit=0").status == 400)
        #expect(try stand.get("/api/v1/notifications?limit=x").status == 400)
    }

    @Test func `a flip's certificate is a file, the same for ever`() throws {
        let stand = try Stand()
        stand.source.flips[id(5)] = Array("certificate".utf8)
        let reply = try stand.get("/api/v1/flips/\(id(5).hexadecimal)")
        #expect(reply.status == 200 && reply.body == "certificate")
        #expect(reply.headers["content-type"] == "application/octet-stream")
        #expect(try stand.get("/api/v1/flips/\(id(6).hexadecimal)").status == 404)
        #expect(try stand.get("/api/v1/flips/-").status == 400)
    }

    @Test func `nothing at all is still whole JSON`() throws {
        let stand = try Stand()
        stand.source.members = []
        #expect(try json(stand, "/api/v1/checks") == JSON("{\"checks\":[]}"))
        #expect(try json(stand, "/api/v1/members") == JSON("{\"members\":[]}"))
        #expect(try json(stand, "/api/v1/incidents") == JSON("{\"incidents\":[]}"))
        #expect(try json(stand, "/api/v1/notifications") == JSON("{\"notifications\":[]}"))
        #expect(try json(stand, "/api/v1/status")["checks"]?["up"] == .number("0"))
    }

    @Test func `a tag leaves the checks that have it`() throws {
        let stand = try Stand()
        var tagged = check(2, "b", .up)
        tagged.tags = ["shop", "front end"]
        stand.source.set([check(1, "a", .up), tagged, check(3, "c", .up)])
        for (query, names) in [("shop", ["b"]), ("front%20end", ["b"]), ("none", [])] {
            let answer = try json(stand, "/api/v1/checks?tag=\(query)")
            guard case .array(let checks)? = answer["checks"] else { continue }
            #expect(checks.compactMap { $0["name"]?.text } == names)
        }
    }

    @Test func `whoever does not want all checks takes them part by part`() throws {
        let stand = try Stand()
        stand.source.set((1...25).map { check(UInt64($0), "check \($0)", .up) })
        var names: [String] = []
        var path = "/api/v1/checks?limit=10"
        while true {
            let answer = try json(stand, path)
            guard case .array(let checks)? = answer["checks"] else { break }
            names += checks.compactMap { $0["name"]?.text }
            guard let cursor = answer["next_cursor"]?.text else { break }
            path =
                "/api/v1/checks?limit=10&cursor=\(cursor.split(separator: " ").joined(separator: "%20"))"
        }
        #expect(names == stand.source.checks.map(\.name))
        #expect(try stand.get("/api/v1/checks?cursor=nothing").status == 400)
        #expect(try stand.get("/api/v1/checks?limit=-1").status == 400)
    }

    @Test func `twenty thousand checks go out in pieces that hold nobody up`() throws {
        let stand = try Stand()
        stand.source.set((0..<20_000).map { check(UInt64($0), "check-\($0)", .up) })
        let client = try stand.connect()
        try client.send("GET /api/v1/checks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let text = try stand.read(client)
        let reply = try Reply(text)
        #expect(reply.headers["transfer-encoding"] == "chunked")
        #expect(try JSON(reply.body)["checks"]?.count == 20_000)
    }
}

import MeshConfiguration
import MeshCore
import Testing

@testable import checkmesh

/// A node that answers what it was given to say.
private final class FakeNode: APIClient {
    var answers: [String: APIAnswer] = [:]
    private(set) var posted: [(body: String, token: String?)] = []

    func get(_ path: String) throws(APIFailure) -> APIAnswer {
        guard let answer = answers[path] else { throw APIFailure("no \(path)") }
        return answer
    }

    func post(_ path: String, _ body: [UInt8], token: String?) throws(APIFailure) -> APIAnswer {
        posted.append((String(decoding: body, as: UTF8.self), token))
        return try get(path)
    }

    func say(_ json: String, at path: String, status: Int = 200) {
        answers[path] = APIAnswer(status: status, body: Array(json.utf8))
    }
}

struct ClientCommandTests {
    private let node = FakeNode()
    private let console = RecordingConsole()

    private func commands(_ format: OutputFormat = .table) -> ClientCommands {
        ClientCommands(client: node, console: console, format: format)
    }

    @Test func `the status is three lines`() throws {
        node.say(
            """
            {"node": {"name": "fra-1", "id": "00", "zone": "fra", "version": "1", "started_at": "2026-01-01T00:00:00.123Z"},
             "mesh": {"name": "production", "alive": 5, "suspect": 0, "dead": 1, "left": 0},
             "checks": {"up": 3, "degraded": 0, "down": 1, "unknown": 0}}
            """, at: "/api/v1/status")
        try commands().status()
        #expect(
            console.lines == [
                "node    fra-1, zone fra, version 1, started 2026-01-01 00:00:00Z",
                "mesh    production: 5 alive, 0 suspect, 1 dead, 0 left",
                "checks  3 up, 0 degraded, 1 down, 0 unknown",
            ])
    }

    @Test func `the status names what is not watched, and why`() throws {
        node.say(
            """
            {"not_watched": {"count": 3, "checks": [{"name": "shop", "why": "2 must agree, 1 node can look"}],
             "reports": [{"node": "nyc-1", "count": 7, "text": "mail (so)"}]}}
            """, at: "/api/v1/status")
        try commands().status()
        #expect(
            console.lines.suffix(4) == [
                "3 not watched:", "  shop: 2 must agree, 1 node can look", "  and 2 more",
                "nyc-1 has 7 not watched: mail (so)",
            ])
    }

    @Test func `a node that waits for the others says so`() throws {
        node.say(
            #"{"mesh": {"name": "m", "alive": 1, "majority": true, "settled": false}}"#,
            at: "/api/v1/status")
        try commands().status()
        #expect(
            console.lines.last
                == "this node has not found the others yet: it neither votes nor tells")
    }

    @Test func `a node that is cut off says what it is worth`() throws {
        node.say(
            #"{"mesh": {"name": "m", "alive": 1, "dead": 4, "majority": false}}"#,
            at: "/api/v1/status")
        try commands().status()
        #expect(
            console.lines.last
                == "this node does not reach most of the mesh: nothing is decided or told on its side"
        )
    }

    @Test func `lists are tables, and JSON is the node's own`() throws {
        let members = """
            {"members": [{"name": "a", "id": "01", "zone": "x", "address": "192.0.2.1:7946",
              "state": "alive", "generation": 1, "incarnation": 0, "since": "2026-01-01T00:00:00.000Z"}]}
            """
        node.say(members, at: "/api/v1/members")
        try commands().members()
        #expect(
            console.lines == [
                "NAME  ZONE  STATE  ADDRESS         SINCE                 ID",
                "a     x     alive  192.0.2.1:7946  2026-01-01 00:00:00Z  01",
            ])
        let other = RecordingConsole()
        try ClientCommands(client: node, console: other, format: .json).members()
        #expect(other.output == members + "\n")
    }

    @Test func `a check says what its state alone does not`() throws {
        node.say(
            """
            {"checks": [{"id": "1", "name": "web", "type": "http", "target": "http://a.example/",
              "state": "up", "since": null, "epoch": 1, "reason": "", "owners": ["a", "b"],
              "notifier": "a", "quorum": 2, "watched": false, "not_watched": "why", "provisional": "down",
              "unreachable_from": ["x"], "verdicts": [], "latency_ms": 12.7}]}
            """, at: "/api/v1/checks?limit=250")
        try commands().checks(named: [])
        let line = try #require(console.lines.last)
        #expect(
            line == "web   up     -        13 ms  a, b    http://a.example/  "
                + "not watched (why); down as seen from here; unreachable from x")
    }

    @Test func `of a check that is not known yet the node says why it could not look`() throws {
        node.say(
            """
            {"checks": [{"id": "1", "name": "web", "type": "exec", "target": "x",
              "state": "unknown", "since": null, "epoch": 0, "reason": "", "owners": ["a"],
              "notifier": "a", "quorum": 1, "watched": true, "not_watched": null,
              "could_not_look": "no such program", "provisional": null, "unreachable_from": [],
              "verdicts": [], "latency_ms": null}]}
            """, at: "/api/v1/checks?limit=250")
        try commands().checks(named: [])
        let line = try #require(console.lines.last)
        #expect(line.hasSuffix("  this node could not look: no such program"))
    }

    @Test func `a check that is named is asked for by its name, escaped`() throws {
        node.say(#"{"name": "a b/ü", "state": "down"}"#, at: "/api/v1/checks/a%20b%2F%C3%BC")
        try commands().checks(named: ["a b/ü"])
        #expect(console.lines.count == 2)
    }

    @Test func `of a check that is named the latest looks are shown, the newest first`() throws {
        let looks = (1...7).map { second in
            """
            {"at": "2026-01-01T00:00:0\(second).000Z", "state": \(second == 7 ? "null" : "\"down\""),
             "reason": "look \(second)", "latency_ms": null}
            """
        }
        node.say(
            """
            {"name": "web", "state": "down", "reason": "connection refused",
             "remark": "no such program", "observations": [\(looks.joined(separator: ","))]}
            """, at: "/api/v1/checks/web")
        try commands().checks(named: ["web"])
        #expect(
            console.lines.suffix(6) == [
                "web, as this node sees it:",
                "AT                    SAW             LATENCY  REASON",
                "2026-01-01 00:00:07Z  could not look        -  look 7",
                "2026-01-01 00:00:06Z  down                  -  look 6",
                "2026-01-01 00:00:05Z  down                  -  look 5",
                "remark: no such program",
            ])
    }

    @Test func `many checks are asked for page by page, and are one answer`() throws {
        node.say(
            #"{"checks": [{"name": "a", "latency_ms": 1.50}], "next_cursor": "a b"}"#,
            at: "/api/v1/checks?limit=250")
        node.say(
            #"{"checks": [{"name": "c"}]}"#, at: "/api/v1/checks?limit=250&cursor=a%20b")
        try commands(.json).checks(named: [])
        #expect(
            console.output == #"{"checks": [{"name": "a", "latency_ms": 1.50}, {"name": "c"}]}"#
                + "\n")
    }

    @Test func `incidents and notifications pass on what was asked for`() throws {
        node.say(
            """
            {"incidents": [{"check": "web", "state": "down", "started_at": "2026-01-01T00:00:00.000Z",
              "ended_at": null, "epoch": 7, "flip": "ff", "confirmed_by": ["a", "b"]}]}
            """, at: "/api/v1/incidents?check=web&limit=5")
        try commands().incidents(check: "web", limit: 5)
        #expect(console.lines.last?.contains("goes on") == true)
        node.say(
            """
            {"notifications": [{"id": "1", "check": "web", "epoch": 7, "state": "down", "contact": "chat",
              "kind": "flip", "status": "failed", "node": "a", "at": "2026-01-01T00:00:00.000Z",
              "attempts": 2, "error": "500\\u001b[31m"}]}
            """, at: "/api/v1/notifications")
        try commands().notifications(check: nil, limit: nil)
        #expect(console.lines.last?.hasSuffix("failed  a         2  500\u{FFFD}[31m") == true)
    }

    @Test func `a problem document is what the user reads`() {
        node.say(
            #"{"title": "No such check", "detail": "there is no check \"x\"", "status": 404}"#,
            at: "/api/v1/checks/x", status: 404)
        let error = #expect(throws: APIFailure.self) { try commands().checks(named: ["x"]) }
        #expect(
            error?.message == "the node answered 404: No such check: there is no check \"x\"")
        node.say("<html>", at: "/api/v1/status")
        #expect(throws: APIFailure.self) { try commands().status() }
    }

    @Test func `to forget somebody takes a token`() throws {
        node.say(#"{"forgotten": "old-1"}"#, at: "/api/v1/forget")
        try commands().forget("old-1", token: "secret")
        #expect(node.posted.map(\.token) == ["secret"])
        #expect(node.posted.map(\.body) == [#"{"node": "old-1"}"#])
        #expect(console.output == "old-1 is forgotten\n")
        node.say(#"{"title": "Unauthorized"}"#, at: "/api/v1/forget", status: 401)
        let refusal = #expect(throws: APIFailure.self) {
            try commands().forget("x", token: nil)
        }
        #expect(refusal?.message.contains("--token-file") == true)
        let other = #expect(throws: APIFailure.self) { try commands().forget("x", token: "old") }
        #expect(other?.message == "the node answered 401: Unauthorized")
    }

    @Test func `a node says whose mesh it is, who is in it, and what a check is called`() throws {
        node.say(#"{"mesh": {"name": "production", "alive": 1}}"#, at: "/api/v1/status")
        node.say(#"{"members": [{"id": "01"}, {"id": "02"}, {}]}"#, at: "/api/v1/members")
        node.say(
            #"{"checks": [{"id": "0a", "name": "web"}, {"id": "0b", "name": "mail"}]}"#,
            at: "/api/v1/checks?limit=250")
        #expect(try commands().meshName().text == "production")
        #expect(try commands().memberIDs() == ["01", "02"])
        #expect(commands().name(ofCheck: "0b") == "mail")
        #expect(commands().name(ofCheck: "0c") == nil)
        node.say(#"{"title": "Busy"}"#, at: "/api/v1/checks?limit=250", status: 503)
        #expect(commands().name(ofCheck: "0b") == nil)
        node.say("{}", at: "/api/v1/status")
        #expect(throws: APIFailure.self) { try commands().meshName() }
    }

    // MARK: Tables

    @Test func `colours are for terminals, and do not count as width`() {
        var table = Table([("A", .left), ("B", .right)])
        table.add([.init("up", .good), "1"])
        table.add([.init("unknown", .faint), "22"])
        #expect(
            table.lines(for: RecordingConsole()) == ["A         B", "up        1", "unknown  22"])
        #expect(
            table.lines(for: RecordingConsole(showsColours: true))[1]
                == "\u{1B}[32mup\u{1B}[0m        1")
    }

    @Test func `the widest column gives way to a narrow terminal`() {
        var table = Table([("NAME", .left), ("REASON", .left)])
        table.add(["short", .init(String(repeating: "x", count: 100))])
        let lines = table.lines(for: RecordingConsole(columns: 40))
        #expect(lines.allSatisfy { $0.count <= 40 })
        #expect(lines[1].hasPrefix("short  xxx") && lines[1].hasSuffix("x…"))
        #expect(table.lines(for: RecordingConsole())[1].count == 107)
    }
}

import MeshChecks
import MeshCore
import MeshHTTPClient
import MeshNotices
import MeshPlatform
import MeshResolver
import MeshTestSupport
import Testing

@testable import MeshNotifiers

@Suite struct WebhookTests {
    private let loop: EventLoop
    private let client: HTTPClient

    init() throws {
        loop = try EventLoop()
        client = try HTTPClient(on: loop, resolver: Resolver(on: loop))
    }

    private static let message = NoticeMessage(
        id: NoticeID(Bytes16(high: 1, low: 2)), incident: IncidentID(Bytes16(high: 3, low: 4)),
        kind: .flip, mesh: "production", check: "website", type: "http",
        target: "https://www.example.com/", state: .down, previous: .up,
        since: WallTime(milliseconds: 1_767_225_600_000), reason: "said \"no\"\u{1}",
        epoch: 7, flip: FlipID(Bytes16(high: 5, low: 6)), confirmedBy: ["fra-1", "nyc-1"],
        sentBy: "fra-1", isPartialView: false, url: "https://status.example.com/")

    private func deliver(
        to address: SocketAddress, _ path: String = "/hook", timeout: TimeSpan = .seconds(5)
    ) throws -> Delivery {
        let url = try WebAddress("http://\(address)\(path)")
        let notifier = WebhookNotifier(to: url, through: client, timeout: timeout)
        var delivery: Delivery?
        notifier.deliver(Self.message) { delivery = $0 }
        #expect(delivery == nil)
        #expect(try loop.turn { delivery != nil })
        return try #require(delivery)
    }

    @Test func `a notice is posted as the contract has it, with its id as the key`() throws {
        var seen = ""
        let server = try LoopbackServer.http(on: loop) { request in
            seen = request
            return LoopbackServer.response("204 No Content")
        }
        #expect(try deliver(to: server.address) == .sent)
        #expect(seen.hasPrefix("POST /hook HTTP/1.1\r\n"))
        #expect(seen.contains("\r\nContent-Type: application/json\r\n"))
        #expect(
            seen.contains("\r\nIdempotency-Key: 00000000000000010000000000000002\r\n"))
        let body = seen.split(separator: "\r\n\r\n").last ?? ""
        #expect(
            body == """
                {"id":"00000000000000010000000000000002",\
                "incident":"00000000000000030000000000000004","kind":"flip","mesh":"production",\
                "check":"website","type":"http","target":"https://www.example.com/",\
                "state":"down","previous":"up","since":"2026-01-01T00:00:00.000Z",\
                "reason":"said \\"no\\"\\u0001","epoch":7,\
                "flip":"00000000000000050000000000000006","confirmed_by":["fra-1","nyc-1"],\
                "sent_by":"fra-1","partial_view":false,"url":"https://status.example.com/"}
                """)
    }

    @Test func `a refusal says what the provider said, on one line, and no more than that`() throws
    {
        let server = try LoopbackServer.http(on: loop) { _ in
            LoopbackServer.response(
                "429 Too Many", "slow\r\n\tdown " + String(repeating: "é", count: 200))
        }
        guard case .failed(let reason) = try deliver(to: server.address) else {
            Issue.record("sent")
            return
        }
        #expect(reason.text.hasPrefix("answered 429: slow down é"))
        #expect(reason.text.utf8.count <= 134)
    }

    @Test func `the secret in a URL is never told, even where the provider repeats it`() throws {
        let server = try LoopbackServer.http(on: loop) { request in
            LoopbackServer.response(
                "404 Not Found",
                "no T0KEN-abcdefgh at /services/T0KEN-abcdefgh?key=s3cret-value of "
                    + String(request.prefix(60)))
        }
        let failed = try deliver(
            to: server.address, "/services/T0KEN-abcdefgh?key=s3cret-value")
        guard case .failed(let reason) = failed else { Issue.record("sent"); return }
        #expect(reason.text.hasPrefix("answered 404: no *** at ***"))
        #expect(!reason.text.contains("T0KEN"))
        #expect(!reason.text.contains("s3cret"))
    }

    @Test func `the secret in a URL is not told in capitals or escaped, either`() throws {
        let server = try LoopbackServer.http(on: loop) { _ in
            LoopbackServer.response(
                "404 Not Found",
                #"no T0KEN-ABCDEFGH at \/services\/T0KEN-abcdefgh and %2Fservices%2FT0KEN-abcdefgh."#
            )
        }
        #expect(
            try deliver(to: server.address, "/services/T0KEN-abcdefgh")
                == .failed(Reason("answered 404: no *** at *** and ***.")))
    }

    @Test func `a redirect, a refused connection and silence are failures`() throws {
        let moved = try LoopbackServer.http(on: loop) { _ in
            LoopbackServer.response("302 Found", headers: "Location: /other\r\n")
        }
        #expect(try deliver(to: moved.address) == .failed(Reason("answered 302")))
        #expect(moved.accepted == 1)
        let refusing = try SocketAddress.refusing(on: loop)
        #expect(try deliver(to: refusing) == .failed(Reason("connection refused")))
        let silent = try LoopbackServer(on: loop) { _ in }
        #expect(
            try deliver(to: silent.address, timeout: .milliseconds(200))
                == .failed(Reason("timed out after 200 ms while waiting for the answer")))
    }

    @Test func `deliveries that are taken back are not heard of`() throws {
        let silent = try LoopbackServer(on: loop) { _ in }
        let notifier = WebhookNotifier(
            to: try WebAddress("http://\(silent.address)/"), through: client)
        notifier.deliver(Self.message) { _ in Issue.record("heard") }
        notifier.cancelAll()
        #expect(client.transferCount == 0)
    }

    @Test func `a first notice has no state before it`() {
        var message = Self.message
        message.previous = nil
        message.url = nil
        let text = String(decoding: message.json, as: UTF8.self)
        #expect(text.contains("\"previous\":null"))
        #expect(text.hasSuffix("\"partial_view\":false}"))
    }
}

import MeshChecks
import MeshCore
import MeshVerdicts
import Testing

@testable import MeshEngine

/// Certificates that no datagram holds: who is asked for them, and when.
@Suite struct FetchListTests {
    private static let nodes = (1...20 as ClosedRange<UInt64>).map {
        NodeID(Bytes16(high: $0, low: 0))
    }
    private static let start = Instant(nanoseconds: 3_600_000_000_000)

    private static func news(_ flip: UInt64, check: UInt64 = 1, epoch: UInt32 = 1) -> FetchList.News
    {
        FetchList.News(
            flip: FlipID(Bytes16(high: flip, low: 0)), check: CheckID(Bytes16(high: check, low: 0)),
            epoch: epoch)
    }

    private static func next(
        _ list: inout FetchList, after milliseconds: Int64, held: [FetchList.News] = [],
        reachable: [NodeID] = nodes
    ) -> NodeID? {
        list.next(
            now: start + .milliseconds(milliseconds), isHeld: held.contains,
            isReachable: reachable.contains)
    }

    @Test func `a certificate is asked for a moment after word of it, of who told first`() {
        var list = FetchList()
        list.note(Self.news(1), heldBy: Self.nodes[0], now: Self.start)
        list.note(Self.news(1), heldBy: Self.nodes[1], now: Self.start)
        #expect(Self.next(&list, after: 100) == nil)
        #expect(Self.next(&list, after: 200) == Self.nodes[0])
        #expect(Self.next(&list, after: 200, reachable: [Self.nodes[1]]) == Self.nodes[1])
    }

    @Test func `what has come meanwhile is not asked for`() {
        var list = FetchList()
        list.note(Self.news(1), heldBy: Self.nodes[0], now: Self.start)
        #expect(Self.next(&list, after: 200, held: [Self.news(1)]) == nil)
        #expect(list.isEmpty)
    }

    @Test func `who is busy is asked again, after the others`() {
        var list = FetchList()
        for node in Self.nodes[..<2] { list.note(Self.news(1), heldBy: node, now: Self.start) }
        list.note(endOf: Self.nodes[0], hasFailed: true, now: Self.start) { _ in false }
        #expect(Self.next(&list, after: 400) == Self.nodes[1])
        list.note(endOf: Self.nodes[1], hasFailed: true, now: Self.start) { _ in false }
        #expect(Self.next(&list, after: 400) == Self.nodes[0])
    }

    @Test func `what nobody who told of it brings is not asked for for ever`() {
        var list = FetchList()
        for node in Self.nodes[..<2] { list.note(Self.news(1), heldBy: node, now: Self.start) }
        for node in Self.nodes[..<2] {
            list.note(endOf: node, hasFailed: false, now: Self.start) { _ in false }
        }
        #expect(list.isEmpty)
        list.note(Self.news(1), heldBy: Self.nodes[1], now: Self.start)
        #expect(list.isEmpty)
        list.note(Self.news(1), heldBy: Self.nodes[2], now: Self.start)
        #expect(!list.isEmpty, "one more may bring it, or make it believed")
    }

    @Test func `word of a later flip takes the place of an earlier one's, never the reverse`() {
        var list = FetchList()
        list.note(Self.news(1, epoch: 2), heldBy: Self.nodes[0], now: Self.start)
        list.note(Self.news(2, epoch: 3), heldBy: Self.nodes[1], now: Self.start)
        list.note(Self.news(1, epoch: 2), heldBy: Self.nodes[2], now: Self.start)
        #expect(list.count == 1)
        #expect(Self.next(&list, after: 200) == Self.nodes[1])
    }

    @Test func `wants and holders have their bounds`() {
        var list = FetchList()
        for check in 0..<UInt64(FetchList.wantsMax + 10) {
            list.note(Self.news(check, check: check), heldBy: Self.nodes[0], now: Self.start)
        }
        #expect(list.count == FetchList.wantsMax)
        var asked: [NodeID] = []
        var one = FetchList()
        for node in Self.nodes { one.note(Self.news(1), heldBy: node, now: Self.start) }
        while let node = Self.next(&one, after: 10_000) {
            asked.append(node)
            one.note(endOf: node, hasFailed: false, now: Self.start) { _ in false }
        }
        #expect(asked.count == FetchList.holdersMax)
    }

    @Test func `word of a certificate is its first fields`() throws {
        let news = Self.news(0x0102, check: 0x0304, epoch: 300)
        let body =
            Array(repeating: 0 as UInt8, count: 6) + [1, 2] + Array(repeating: 0, count: 8)
            + Array(repeating: 0, count: 6) + [3, 4] + Array(repeating: 0, count: 8) + [0xAC, 2]
        #expect(news.update == Update(kind: 35, body: body))
        #expect(try FetchList.News.decode(body) == news)
        for count in body.indices {
            #expect(throws: DecodeError.self) { try FetchList.News.decode(Array(body[..<count])) }
        }
        #expect(throws: DecodeError.trailing) { try FetchList.News.decode(body + [0]) }
    }

    @Test func `a datagram carries an update, or word of a certificate that it cannot hold`() {
        let small = Update(kind: UpdateKind.certificate, body: [1, 2])
        #expect(Node.datagramForm(of: small) == small)
        let news = Self.news(5)
        let large = Update(
            kind: UpdateKind.certificate,
            body: news.update.body + [UInt8](repeating: 0, count: Update.byteCountMax))
        #expect(Node.datagramForm(of: large) == news.update)
        let other = Update(
            kind: UpdateKind.stance, body: [UInt8](repeating: 0, count: Update.byteCountMax + 1))
        #expect(Node.datagramForm(of: other) == nil)
    }
}

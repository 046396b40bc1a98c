import MeshChecks
import MeshCore
import MeshVerdicts
import Testing

@testable import MeshEngine

@Suite struct SightTests {
    private func entry(_ word: UInt64, age: UInt32 = 0) -> SightReport.Entry {
        .init(check: CheckPrefix(word), latency: .microseconds(12_300), age: age)
    }

    @Test func `a report is what it was after its way over the wire`() throws {
        let full = SightReport(
            (0..<UInt64(SightReport.entriesMax)).map { entry($0 << 32, age: 59) })
        for report in [SightReport([]), SightReport([entry(7, age: 3)]), full] {
            #expect(try SightReport.decode(report.update) == report)
            #expect(report.update.body.count <= Update.byteCountMax)
        }
    }

    @Test func `a report's bytes stay as they are`() {
        let bytes = SightReport([entry(0x0102_0304_0506_0708, age: 300)]).update.body
        #expect(bytes == [1, 1, 2, 3, 4, 5, 6, 7, 8, 123, 0xAC, 2])
    }

    @Test func `a cut or boastful report is refused`() {
        let whole = SightReport([entry(7, age: 300)]).update
        for count in 0..<whole.body.count {
            let cut = Update(kind: whole.kind, body: Array(whole.body[..<count]))
            #expect(throws: DecodeError.self) { try SightReport.decode(cut) }
        }
        let boastful = Update(kind: whole.kind, body: [UInt8.max] + whole.body.dropFirst())
        #expect(throws: DecodeError.self) { try SightReport.decode(boastful) }
    }

    private let start = Instant(nanoseconds: 5_000_000_000)
    private let members = (0..<100).map { NodeID(Bytes16(high: 1, low: $0)) }

    @Test func `nobody is asked while nobody reads`() {
        var desk = SightDesk()
        let asked = desk.membersToAsk(now: start) { members }
        #expect(asked.isEmpty)
    }

    @Test func `a reader has every member asked, once in a while`() {
        var desk = SightDesk()
        let isFirst = desk.noteReader(now: start)
        #expect(isFirst)
        var asked: [NodeID] = []
        for second in 0..<29 {
            asked += desk.membersToAsk(now: start + .seconds(Int64(second))) { members }
        }
        #expect(asked.sorted() == members)
        let again = desk.membersToAsk(now: start + SightDesk.period) { members }
        #expect(!again.isEmpty)
    }

    @Test func `what was said is forgotten with the last reader`() {
        var desk = SightDesk()
        let check = CheckID(Bytes16(high: 7, low: 9))
        _ = desk.noteReader(now: start)
        desk.keep(entry(7, age: 2), now: start)
        #expect(desk.sight(of: check)?.observedAt == start - .seconds(2))
        // An older word changes nothing.
        desk.keep(entry(7, age: 9), now: start)
        #expect(desk.sight(of: check)?.observedAt == start - .seconds(2))
        _ = desk.membersToAsk(now: start + SightDesk.interest) { members }
        #expect(desk.sight(of: check) == nil)
    }

    @Test func `whoever asks all the time is answered now and then`() {
        var desk = SightDesk()
        var answers = 0
        for tenth in 0..<100
        where desk.mayAnswer(members[0], now: start + .milliseconds(Int64(tenth) * 100)) {
            answers += 1
        }
        #expect(answers == 2)
        let other = desk.mayAnswer(members[1], now: start)
        #expect(other)
    }
}

import Glibc
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshPlatform

struct LogLineTests {
    private let time = WallTime(milliseconds: 1_767_225_600_007)

    private func line(_ message: String, _ fields: (String, String)...) -> String {
        LogLine.text(.info, message, fields, at: time, forJournal: false)
    }

    @Test func `a line says when, how grave, what, and its particulars`() {
        #expect(
            line("member", ("name", "fra-1"), ("state", "dead"))
                == "2026-01-01T00:00:00.007Z info member name=fra-1 state=dead\n")
        #expect(
            LogLine.text(.error, "disk full", [], at: time, forJournal: true)
                == "<3>2026-01-01T00:00:00.007Z error disk full\n")
    }

    @Test(arguments: [
        ("", "\"\""), ("a b", "\"a b\""), ("a=b", "\"a=b\""), ("a\"b", "\"a\\\"b\""),
        ("a\\b", "\"a\\\\b\""), ("a\nb", "\"a\\nb\""), ("\r\n", "\"\\u{d}\\n\""),
        ("\u{1B}[31m", "\"\\u{1b}[31m\""), ("\u{0}", "\"\\u{0}\""), ("\u{9B}", "\"\\u{9b}\""),
        ("\u{202E}", "\"\\u{202e}\""), ("\u{2028}", "\"\\u{2028}\""), ("größe", "größe"),
        ("https://x/?a", "https://x/?a"),
    ])
    func `a value can't pass for anything but a value`(value: String, text: String) {
        #expect(line("x", ("key", value)) == "2026-01-01T00:00:00.007Z info x key=\(text)\n")
    }

    @Test func `a message stays on its line`() {
        #expect(line("a\nb \"c\"") == "2026-01-01T00:00:00.007Z info a\\nb \"c\"\n")
    }

    @Test(arguments: 0..<4) func `a line beyond the bound is cut, between two letters`(shift: Int) {
        let long = String(repeating: "x", count: shift) + String(repeating: "€", count: 5_000)
        let text = line(long)
        #expect(text.utf8.count <= LogLine.byteCountMax)
        #expect(text.utf8.count > LogLine.byteCountMax - 8)
        #expect(text.hasSuffix("€ …cut\n"))
    }
}

struct LogGateTests {
    @Test func `a burst passes, then one for each spacing, and the rest is counted`() {
        var gate = LogGate(burst: 3, spacing: .seconds(1))
        let start = Instant(nanoseconds: 5_000)
        #expect((0..<5).map { _ in gate.admits(at: start) } == [true, true, true, false, false])
        #expect(gate.refusedCount == 2)
        #expect((0..<2).map { _ in gate.admits(at: start + .seconds(1)) } == [true, false])
        #expect(gate.takeRefusedCount() == 3)
        #expect(gate.refusedCount == 0)
        let later = start + .hours(1)
        #expect((0..<4).map { _ in gate.admits(at: later) } == [true, true, true, false])
    }
}

struct LogTests {
    /// A pipe: what is written, and what arrives.
    private final class Pipe {
        let reader: FileDescriptor
        let writer: FileDescriptor

        init() throws {
            var ends: [CInt] = [0, 0]
            // Writes two numbers of ours.
            try systemCall("pipe") { unsafe pipe(&ends) }
            reader = FileDescriptor(owning: ends[0])
            writer = FileDescriptor(owning: ends[1])
        }

        func lines() -> [String] {
            var bytes = [UInt8](repeating: 0, count: 1_000_000)
            // Reads at most what the array has; waits for nothing, as something is there.
            let count = unsafe read(reader.number, &bytes, bytes.count)
            let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
            return text.split(separator: "\n").map { String($0.dropFirst(25)) }
        }
    }

    private func log(
        to pipe: Pipe, _ leastLevel: LogLevel = .info, burst: Int = 100, spacing: TimeSpan
    ) -> Log {
        Log(
            leastLevel: leastLevel, descriptor: pipe.writer.number, burst: burst,
            spacing: spacing, isJournal: false)
    }

    @Test func `lines from a level on are written, in order`() throws {
        let pipe = try Pipe()
        let log = log(to: pipe, spacing: .seconds(1))
        log.debug("nobody asked")
        log.info("one", ("number", "1"))
        log.error("two", [("number", "2")])
        #expect(pipe.lines() == ["info one number=1", "error two number=2"])
        #expect(log.droppedCount == 0)
    }

    @Test func `chatter beyond the gate is dropped and counted, a warning passes and tells`() throws
    {
        let pipe = try Pipe()
        let log = log(to: pipe, burst: 2, spacing: .hours(1))
        for number in 0..<5 { log.info("chatter", ("number", "\(number)")) }
        #expect(log.droppedCount == 3)
        log.warning("fire")
        log.warning("fire")
        log.warning("fire")
        #expect(
            pipe.lines() == [
                "info chatter number=0", "info chatter number=1",
                "warning lines are missing here count=3", "warning fire", "warning fire",
            ])
        #expect(log.droppedCount == 4)
    }

    /// The pipe's 64 KiB are full of lines that nobody reads: the node must go on.
    @Test func `a reader that does not read blocks nobody`() throws {
        let pipe = try Pipe()
        let log = log(to: pipe, burst: 1_000, spacing: .seconds(1))
        for _ in 0..<900 { log.info("chatter", ("text", String(repeating: "x", count: 200))) }
        let droppedCount = log.droppedCount
        #expect(droppedCount > 0)
        let readCount = pipe.lines().count
        #expect(UInt64(readCount) + droppedCount == 900)
        log.info("well again")
        #expect(
            pipe.lines() == [
                "warning lines are missing here count=\(droppedCount)", "info well again",
            ]
        )
    }

    @Test func `a descriptor that is closed at the other end costs lines, nothing else`() async {
        // A process of its own: a broken pipe's signal is ignored there.
        await #expect(processExitsWith: .success) {
            SignalSource.takeOver()
            var ends: [CInt] = [0, 0]
            // Writes two numbers of ours.
            try systemCall("pipe") { unsafe pipe(&ends) }
            close(ends[0])
            let log = Log(descriptor: ends[1])
            log.info("nobody reads")
            log.info("nobody reads")
            try #require(log.droppedCount == 2)
        }
    }
}

import Glibc
package import MeshCore
import Synchronization

/// The node's log: one line per event on standard error, from any thread.
///
/// It never blocks: what its reader does not take is dropped and counted, as is what comes faster
/// than the gates allow. There are two, so that chatter can't keep out a warning. How many lines
/// are missing is told with the next one that gets through.
package final class Log: Sendable {
    /// Lines at once, and how soon one more, of debug and info together; as much of the others.
    package static let burst = 500
    package static let spacing = TimeSpan.milliseconds(50)

    package let leastLevel: LogLevel
    private let descriptor: CInt
    private let isJournal: Bool
    private let state: Mutex<State>

    private struct State {
        var chatter: LogGate
        var warnings: LogGate
        /// Refused by the descriptor since the last line that got through.
        var untakenCount: UInt64 = 0
        var droppedCount: UInt64 = 0
    }

    /// Writes lines of `leastLevel` and above to `descriptor`, which stays open for as long as this
    /// lives: standard error unless a test says otherwise.
    package convenience init(
        leastLevel: LogLevel = .info, descriptor: CInt = STDERR_FILENO
    ) {
        self.init(
            leastLevel: leastLevel, descriptor: descriptor, burst: Self.burst,
            spacing: Self.spacing, isJournal: Self.isJournal(descriptor))
    }

    init(
        leastLevel: LogLevel, descriptor: CInt, burst: Int, spacing: TimeSpan, isJournal: Bool
    ) {
        self.leastLevel = leastLevel
        self.descriptor = descriptor
        self.isJournal = isJournal
        let gate = LogGate(burst: burst, spacing: spacing)
        state = Mutex(State(chatter: gate, warnings: gate))
    }

    /// Lines that were not written, since the start.
    package var droppedCount: UInt64 { state.withLock { $0.droppedCount } }

    package func debug(_ message: String, _ fields: (String, String)...) {
        write(.debug, message, fields)
    }
    package func info(_ message: String, _ fields: (String, String)...) {
        write(.info, message, fields)
    }
    package func warning(_ message: String, _ fields: (String, String)...) {
        write(.warning, message, fields)
    }
    package func error(_ message: String, _ fields: (String, String)...) {
        write(.error, message, fields)
    }
    package func debug(_ message: String, _ fields: [(String, String)]) {
        write(.debug, message, fields)
    }
    package func info(_ message: String, _ fields: [(String, String)]) {
        write(.info, message, fields)
    }
    package func warning(_ message: String, _ fields: [(String, String)]) {
        write(.warning, message, fields)
    }
    package func error(_ message: String, _ fields: [(String, String)]) {
        write(.error, message, fields)
    }

    package func write(_ level: LogLevel, _ message: String, _ fields: [(String, String)]) {
        guard level >= leastLevel else { return }
        let now = SystemClock.now
        state.withLock { state in
            let isAdmitted =
                level >= .warning
                ? state.warnings.admits(at: now) : state.chatter.admits(at: now)
            guard isAdmitted else {
                state.droppedCount += 1
                return
            }
            tellMissing(&state)
            if !put(level, message, fields) {
                state.untakenCount += 1
                state.droppedCount += 1
            }
        }
    }

    private func tellMissing(_ state: inout State) {
        let missing =
            state.untakenCount + state.chatter.refusedCount + state.warnings.refusedCount
        guard missing > 0 else { return }
        guard put(.warning, "lines are missing here", [("count", "\(missing)")]) else { return }
        state.untakenCount = 0
        _ = state.chatter.takeRefusedCount()
        _ = state.warnings.takeRefusedCount()
    }

    /// False if the descriptor would not take the line now, or at all.
    private func put(
        _ level: LogLevel, _ message: String, _ fields: [(String, String)]
    ) -> Bool {
        // A pipe that is ready takes PIPE_BUF bytes without waiting, and a line is no longer.
        var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // Reads and writes the one structure.
        guard unsafe poll(&waited, 1, 0) == 1, waited.revents & Int16(POLLOUT) != 0 else {
            return false
        }
        let text = LogLine.text(
            level, message, fields, at: SystemClock.wallTime, forJournal: isJournal)
        let bytes = Array(text.utf8)
        // Reads the array to its own count.
        return unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count
    }

    /// Whether the descriptor leads to the journal, which says so by device and inode.
    private static func isJournal(_ descriptor: CInt) -> Bool {
        var status = stat()
        // Answers text that lives until the environment changes, and is copied at once; writes a
        // structure of ours.
        guard let value = unsafe getenv("JOURNAL_STREAM").map({ unsafe String(cString: $0) }),
            unsafe fstat(descriptor, &status) == 0
        else { return false }
        return value == "\(status.st_dev):\(status.st_ino)"
    }
}

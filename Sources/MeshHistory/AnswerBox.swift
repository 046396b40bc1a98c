import MeshPlatform
import Synchronization

/// What the writer has to say to the loop. Beside `LoopInbox`, because what is called is not to be
/// carried through another thread: the writer sends values, and the store, on its loop, knows whom
/// they are for.
///
/// Bound: each answer is to a request, or is about a change of a file's condition.
final class AnswerBox: Sendable {
    enum Answer: Sendable {
        /// The first of all.
        case opened(Result<RestoredState, StateOpenError>)
        /// All writes that somebody waits for, up to this ticket, are over.
        case settled(upTo: UInt64, StoreOutcome)
        case event(DiskEvent)
        /// Dropped at a bound of what may wait in memory while a file can't be written.
        case lost(items: Int, flips: Int, looks: Int)
        case looks(UInt64, Result<[LookRecord], DiskFault>)
        case incidents(UInt64, Result<[IncidentRecord], DiskFault>)
        case flip(UInt64, Result<FlipRecord?, DiskFault>)
        /// Everything is written or given up, and both files are closed.
        case ended
    }

    private let answers = Mutex<[Answer]>([])
    private let wakeup: Wakeup

    init() throws(SystemError) { wakeup = try Wakeup() }

    var descriptor: CInt { wakeup.descriptor }

    func post(_ answer: Answer) {
        let isFirst = answers.withLock { answers in
            answers.append(answer)
            return answers.count == 1
        }
        if isFirst { wakeup.signal() }
    }

    func takeAll() -> [Answer] {
        wakeup.clear()
        return answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
    }

    /// Waits until the files are open, or not to be opened, and answers what was said before: only at
    /// the start, when nothing runs yet.
    func waitForOpening() -> (Result<RestoredState, StateOpenError>, [Answer]) {
        var early: [Answer] = []
        while true {
            wakeup.sleep(atMost: -1)
            var opened: Result<RestoredState, StateOpenError>?
            for answer in takeAll() {
                if case .opened(let result) = answer {
                    opened = result
                } else {
                    early.append(answer)
                }
            }
            if let opened { return (opened, early) }
        }
    }
}

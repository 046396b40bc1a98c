import Synchronization

/// A thread that does one job after the other: for calls that block, so that the loop never does.
/// Their answers come back by `LoopInbox`.
///
/// Bound: `queuedMax` jobs wait; a further one is refused, for whoever asks knows best what to do
/// without.
package final class WorkerThread: Sendable {
    private let work: Work
    private let queuedMax: Int

    /// What the thread and its owner share. It outlives either.
    private final class Work: Sendable {
        let state = Mutex(State())
        /// The thread sleeps on it while there is nothing to do.
        let wakeup: Wakeup

        init() throws(SystemError) { wakeup = try Wakeup() }

        func run() {
            while true {
                wakeup.sleep(atMost: -1)
                wakeup.clear()
                while true {
                    let next: Next = state.withLock { state in
                        if state.isStopped { return .end }
                        return state.jobs.isEmpty ? .wait : .job(state.jobs.removeFirst())
                    }
                    switch next {
                    case .job(let job): job()
                    case .wait: break
                    case .end: return
                    }
                    if case .wait = next { break }
                }
            }
        }
    }

    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var isStopped = false
    }

    private enum Next {
        case job(@Sendable () -> Void)
        case wait, end
    }

    package init(queuedMax: Int) throws(SystemError) {
        precondition(queuedMax > 0, "expected room for a job")
        self.queuedMax = queuedMax
        work = try Work()
        // The thread holds the work for as long as it runs, not the worker.
        try DetachedThread.start { [work] in work.run() }
    }

    deinit { stop() }

    /// From any thread. False if too many jobs wait; then nothing was taken.
    package func post(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = work.state.withLock { state in
            guard !state.isStopped, state.jobs.count < queuedMax else { return false }
            state.jobs.append(job)
            return true
        }
        if isTaken { work.wakeup.signal() }
        return isTaken
    }

    /// Ends the thread after the job under way, which is not waited for. Jobs that wait are dropped.
    package func stop() {
        work.state.withLock { state in
            state.isStopped = true
            state.jobs = []
        }
        work.wakeup.signal()
    }
}

import CLinux
import Glibc
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
        /// Counts what there is to wake up for; the thread waits in reading it.
        let wakeup: FileDescriptor

        init(wakeup: consuming FileDescriptor) { self.wakeup = wakeup }

        func run() {
            while true {
                var count: eventfd_t = 0
                // Reads into our own number, waiting until there is one.
                _ = unsafe eventfd_read(wakeup.number, &count)
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
        work = Work(
            wakeup: FileDescriptor(
                owning: try systemCall("eventfd") { eventfd(0, CInt(EFD_CLOEXEC)) }))
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
        if isTaken { _ = eventfd_write(work.wakeup.number, 1) }
        return isTaken
    }

    /// Ends the thread after the job under way, which is not waited for. Jobs that wait are dropped.
    package func stop() {
        work.state.withLock { state in
            state.isStopped = true
            state.jobs = []
        }
        _ = eventfd_write(work.wakeup.number, 1)
    }
}

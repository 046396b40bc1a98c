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
        try Self.start(work)
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

    private static func start(_ work: Work) throws(SystemError) {
        // Signals are the main thread's: one that a worker took would reach nobody.
        var all = sigset_t()
        var before = sigset_t()
        // Both are our own; the calls cannot fail with these arguments.
        unsafe sigfillset(&all)
        _ = unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        // Puts back what was read above.
        defer { _ = unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }

        var thread = pthread_t()
        // The thread takes over this reference, and gives it back at its end.
        let reference = unsafe Unmanaged.passRetained(work)
        // The entry gets the reference that was passed, once.
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, reference.toOpaque())
        guard code == 0 else {
            // No thread has begun, so the reference is still here.
            unsafe reference.release()
            throw SystemError(code, "pthread_create")
        }
        pthread_detach(thread)
    }
}

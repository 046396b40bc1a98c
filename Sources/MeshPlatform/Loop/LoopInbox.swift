import CLinux
import Glibc
import Synchronization

/// How other threads reach a loop: work that they post is run there, in order.
///
/// Bound: `jobsMax`; a poster that finds it full is told so and keeps its work, because dropping an
/// answer that somebody waits for would lose it for good.
package final class LoopInbox: Sendable {
    package static let jobsMax = 65_536

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let wakeup: FileDescriptor

    /// Its work runs on `loop` for as long as the loop runs.
    package init(on loop: EventLoop) throws(SystemError) {
        wakeup = FileDescriptor(
            owning: try systemCall("eventfd") {
                eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
            })
        _ = try loop.watch(wakeup.number, for: .read) { [unowned self] _ in
            self.runJobs()
        }
    }

    /// From any thread. False if the inbox is full; then nothing was taken.
    package func post(_ job: @escaping @Sendable () -> Void) -> Bool {
        let isFirst: Bool? = jobs.withLock { jobs in
            guard jobs.count < Self.jobsMax else { return nil }
            jobs.append(job)
            return jobs.count == 1
        }
        guard let isFirst else { return false }
        // Fails only where the count is full, and then the loop is awake anyway.
        if isFirst { _ = eventfd_write(wakeup.number, 1) }
        return true
    }

    private func runJobs() {
        var count: eventfd_t = 0
        // Reads into our own number; that nothing is there is no error.
        _ = unsafe eventfd_read(wakeup.number, &count)
        let waiting = jobs.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        for job in waiting { job() }
    }
}

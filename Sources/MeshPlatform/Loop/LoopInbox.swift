import Synchronization

/// How other threads reach a loop: work that they post is run there, in order.
///
/// Bound: `jobsMax`; a poster that finds it full is told so and keeps its work, because dropping an
/// answer that somebody waits for would lose it for good.
package final class LoopInbox: Sendable {
    package static let jobsMax = 65_536

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let wakeup: Wakeup

    /// Its work runs on `loop` for as long as the loop runs.
    package init(on loop: EventLoop) throws(SystemError) {
        wakeup = try Wakeup()
        _ = try loop.watch(wakeup.descriptor, for: .read) { [unowned self] _ in
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
        if isFirst { wakeup.signal() }
        return true
    }

    private func runJobs() {
        wakeup.clear()
        let waiting = jobs.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
        for job in waiting { job() }
    }
}

import CLinux
import Glibc
package import MeshCore

/// One thread that waits for descriptors, timers and other threads' words, and calls who asked.
///
/// Everything of a node lives on its loop: no adapter needs a lock, and nothing runs twice at once.
/// A handler must not block; what can (SQLite, a file on a slow disk) has a thread of its own and
/// comes back by `LoopInbox`. Each turn reads descriptors before it fires timers, so that an answer
/// that has arrived does not lose to its own timeout.
///
/// Bounds: 256 events a turn, descriptors by the process's limit, timers by their owners.
package final class EventLoop {
    private static let eventsPerTurnMax = 256
    /// Timers that may fire before descriptors are looked at again.
    private static let timersPerTurnMax = 1_024

    private let epoll: FileDescriptor
    private var watches: [UInt64: Watched] = [:]
    private var lastNumber: UInt64 = 0
    private var timers = DeadlineQueue<UInt64>()
    private var timerHandlers: [UInt64: () -> Void] = [:]
    private var lastWords: [() -> Void] = []
    private var isStopped = false
    /// When this turn's events had arrived. Handlers that ask again read one time for all.
    package private(set) var now: Instant

    private struct Watched {
        var descriptor: CInt
        var handler: (Readiness) -> Void
    }

    package init() throws(SystemError) {
        epoll = FileDescriptor(
            owning: try systemCall("epoll_create1") { epoll_create1(CInt(EPOLL_CLOEXEC)) })
        now = SystemClock.now
    }

    // MARK: Descriptors

    /// What a descriptor is waited for.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let read = Interest(rawValue: 1)
        package static let write = Interest(rawValue: 2)
    }

    /// What a descriptor is ready for. An error or a hang-up makes it ready for both: the read or
    /// the write that follows says what it is.
    package typealias Readiness = Interest

    /// Which registration; a number is never used twice, so an event of one that was cancelled in
    /// the same turn reaches nobody else.
    package struct Watch: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// Calls `handler` whenever `descriptor` is ready (level-triggered) until the watch is
    /// cancelled, which must happen before the descriptor is closed.
    package func watch(
        _ descriptor: CInt, for interest: Interest, _ handler: @escaping (Readiness) -> Void
    ) throws(SystemError) -> Watch {
        lastNumber += 1
        let number = lastNumber
        do throws(SystemError) {
            try control(EPOLL_CTL_ADD, descriptor, interest, number)
        } catch  where error.code == EEXIST {
            // It was forgotten and is still open.
            try control(EPOLL_CTL_MOD, descriptor, interest, number)
        }
        watches[number] = Watched(descriptor: descriptor, handler: handler)
        return Watch(number: number)
    }

    /// Waits for something else from now on; for nothing (errors still come) with `[]`.
    package func change(_ watch: Watch, to interest: Interest) throws(SystemError) {
        guard let watched = watches[watch.number] else { return }
        try control(EPOLL_CTL_MOD, watched.descriptor, interest, watch.number)
    }

    package func cancel(_ watch: Watch) {
        guard let watched = watches.removeValue(forKey: watch.number) else { return }
        // Fails only for a descriptor that is closed already, which has left the set by itself.
        _ = clinux_epoll_control(epoll.number, EPOLL_CTL_DEL, watched.descriptor, 0, 0)
    }

    /// As `cancel`, for a descriptor that is closed next, which takes it out of the set by itself:
    /// that spares one call of the kernel in a dozen that a connection takes. While it stays open
    /// the loop would wake for it and call nobody.
    package func forget(_ watch: Watch) { watches[watch.number] = nil }

    private func control(
        _ operation: CInt, _ descriptor: CInt, _ interest: Interest, _ number: UInt64
    ) throws(SystemError) {
        var events: UInt32 = 0
        if interest.contains(.read) { events |= EPOLLIN.rawValue }
        if interest.contains(.write) { events |= EPOLLOUT.rawValue }
        let wanted = events
        try systemCall("epoll_ctl \(descriptor)") {
            clinux_epoll_control(epoll.number, operation, descriptor, wanted, number)
        }
    }

    // MARK: Timers

    package struct Timer: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// Calls `handler` once, at `instant` or as soon after as the loop comes round.
    @discardableResult
    package func schedule(at instant: Instant, _ handler: @escaping () -> Void) -> Timer {
        lastNumber += 1
        timerHandlers[lastNumber] = handler
        timers.schedule(lastNumber, at: instant)
        return Timer(number: lastNumber)
    }

    /// A timer that has fired or was cancelled already is left alone.
    package func cancel(_ timer: Timer) { timerHandlers[timer.number] = nil }

    // MARK: The end of a turn

    /// Calls `handler` once, after the other handlers of this turn and before the loop waits again:
    /// what they have written leaves in one call. It runs too where a handler stops the loop.
    ///
    /// Bound: whoever asks does so once a turn.
    package func beforeWaiting(_ handler: @escaping () -> Void) { lastWords.append(handler) }

    private func sayLastWords() {
        let words = lastWords
        lastWords.removeAll(keepingCapacity: true)
        for word in words { word() }
    }

    // MARK: Running

    /// Runs until `stop`, which a handler calls.
    package func run() throws(SystemError) {
        isStopped = false
        while !isStopped { try turn() }
    }

    /// Returns from `run` after the handler that calls this.
    package func stop() { isStopped = true }

    /// One turn: waits for descriptors until the next timer is due, or `waitMax` at the most, then
    /// calls their handlers, then those of the timers that are due.
    package func turn(waitMax: TimeSpan = .hours(1)) throws(SystemError) {
        sayLastWords()
        let ready = try wait(atMost: lastWords.isEmpty ? waitMax : .zero)
        now = SystemClock.now
        defer { sayLastWords() }
        for event in ready {
            guard let watched = watches[event.number] else { continue }
            watched.handler(Self.readiness(event.events))
            if isStopped { return }
        }
        for _ in 0..<Self.timersPerTurnMax {
            guard let (number, _) = timers.popDue(at: now) else { return }
            timerHandlers.removeValue(forKey: number)?()
            if isStopped { return }
        }
    }

    private func wait(atMost waitMax: TimeSpan) throws(SystemError) -> [clinux_event] {
        var span = waitMax
        if let next = timers.nextDeadline { span = min(span, next - SystemClock.now) }
        // Rounded up: a timer that fires a millisecond late costs less than a turn for nothing.
        let timeout = CInt(clamping: (max(.zero, span).nanoseconds + 999_999) / 1_000_000)
        var failure: SystemError?
        // The closure fills at most the capacity that was asked for, and says how many.
        let events = unsafe [clinux_event](unsafeUninitializedCapacity: Self.eventsPerTurnMax) {
            buffer, count in
            let filled = unsafe clinux_epoll_wait(
                epoll.number, buffer.baseAddress, CInt(Self.eventsPerTurnMax), timeout)
            if filled < 0 && errno != EINTR { failure = .last("epoll_wait") }
            count = Int(max(0, filled))
        }
        if let failure { throw failure }
        return events
    }

    private static func readiness(_ events: UInt32) -> Readiness {
        var readiness: Readiness = []
        let failed = EPOLLERR.rawValue | EPOLLHUP.rawValue
        if events & (EPOLLIN.rawValue | failed) != 0 { readiness.insert(.read) }
        if events & (EPOLLOUT.rawValue | failed) != 0 { readiness.insert(.write) }
        return readiness
    }
}

package import MeshCore

/// One purpose's time on a loop, which may be moved as often as one likes. A loop's timers cannot
/// be moved, and one that is cancelled keeps its place until it is due: whoever sets one anew for
/// each of thousands of transfers would fill the queue. Here at most one waits for longer than the
/// time that is set, and it looks for itself whether that has moved.
package final class LoopAlarm {
    private unowned let loop: EventLoop
    private let handler: () -> Void
    /// When to call; what is set.
    private var due: Instant?
    /// The earliest timer that waits on the loop for this.
    private var armed: Instant?

    /// The handler is not called any more once the alarm is gone. The loop must outlive it.
    package init(on loop: EventLoop, _ handler: @escaping () -> Void) {
        self.loop = loop
        self.handler = handler
    }

    /// Calls the handler once at `instant`, and not at the time that was set before; never with
    /// `nil`.
    package func set(at instant: Instant?) {
        due = instant
        guard let instant else { return }
        if let armed, armed <= instant { return }
        arm(at: instant)
    }

    private func arm(at instant: Instant) {
        armed = instant
        loop.schedule(at: instant) { [weak self] in self?.timerFired(of: instant) }
    }

    private func timerFired(of instant: Instant) {
        // One that was left over when an earlier time was set.
        guard armed == instant else { return }
        armed = nil
        guard let due else { return }
        guard due <= loop.now else { return arm(at: due) }
        self.due = nil
        handler()
    }
}

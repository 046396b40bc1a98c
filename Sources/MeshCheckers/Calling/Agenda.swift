import MeshCore
import MeshPlatform

/// When each of a checker's attempts goes on, by one alarm of the loop.
///
/// Nearly all of them end long before their time, and many are put off. Neither is searched for:
/// what was left behind in the queue is passed over, without waking the loop for it, and thrown out
/// when there is too much of it.
final class Agenda {
    /// Left-over times that are put up with, beside as many as count.
    static let leftOverMax = 1_024

    private let loop: EventLoop
    private let handler: (UInt64) -> Void
    private var times: [UInt64: Instant] = [:]
    private var queue = DeadlineQueue<UInt64>()
    private var alarm: LoopAlarm?

    /// Calls `handler` with a number once its time has come; it has no other then until one is set.
    init(on loop: EventLoop, _ handler: @escaping (UInt64) -> Void) {
        self.loop = loop
        self.handler = handler
        alarm = LoopAlarm(on: loop) { [unowned self] in self.timePassed() }
    }

    /// In place of the time that the number had.
    func set(_ number: UInt64, at instant: Instant) {
        times[number] = instant
        if queue.count > 2 * times.count + Self.leftOverMax {
            queue = DeadlineQueue()
            for (number, instant) in times { queue.schedule(number, at: instant) }
        } else {
            queue.schedule(number, at: instant)
        }
        if queue.nextDeadline == instant { alarm?.set(at: instant) }
    }

    /// The number is not called any more.
    func remove(_ number: UInt64) { times[number] = nil }

    /// Times in the queue, those included that count for nothing any more.
    var queuedCount: Int { queue.count }

    private func timePassed() {
        while let next = queue.nextDeadline, let (number, due) = queue.popDue(at: next) {
            guard times[number] == due else { continue }
            guard due <= loop.now else {
                queue.schedule(number, at: due)
                break
            }
            times[number] = nil
            handler(number)
        }
        alarm?.set(at: queue.nextDeadline)
    }
}

/// All the timers of one state machine: a binary heap of (instant, timer), earliest first.
///
/// Timers are never cancelled. A timer names what it was for (a sequence number, a revision), and
/// whoever receives one that is no longer about anything ignores it. That is cheaper than a
/// cancellable heap and leaves no handle to keep in step. Equal instants come out in the order in
/// which they were scheduled, so that a run replays exactly.
///
/// Bound: the owner's own; each of its sub-machines has a bounded number of timers outstanding.
public struct DeadlineQueue<Timer: Sendable>: Sendable {
    @usableFromInline
    struct Entry: Sendable {
        @usableFromInline var deadline: Instant
        @usableFromInline var order: UInt64
        @usableFromInline var timer: Timer

        @inlinable
        func isBefore(_ other: Entry) -> Bool {
            deadline == other.deadline ? order < other.order : deadline < other.deadline
        }

        @inlinable
        init(deadline: Instant, order: UInt64, timer: Timer) {
            self.deadline = deadline
            self.order = order
            self.timer = timer
        }
    }

    @usableFromInline var heap: [Entry] = []
    @usableFromInline var scheduledCount: UInt64 = 0

    @inlinable
    public init() {}

    package var count: Int { heap.count }

    /// When the earliest timer is due, or `nil` while none is scheduled.
    @inlinable
    public var nextDeadline: Instant? { heap.first?.deadline }

    @inlinable
    public mutating func schedule(_ timer: Timer, at deadline: Instant) {
        heap.append(Entry(deadline: deadline, order: scheduledCount, timer: timer))
        scheduledCount += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Removes and returns the earliest timer if it is due at `now`.
    @inlinable
    public mutating func popDue(at now: Instant) -> (timer: Timer, deadline: Instant)? {
        guard let first = heap.first, first.deadline <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDownFromRoot()
        }
        return (first.timer, first.deadline)
    }

    @inlinable
    mutating func siftDownFromRoot() {
        var parent = 0
        while true {
            var earliest = parent
            let left = 2 * parent + 1
            if left < heap.count, heap[left].isBefore(heap[earliest]) { earliest = left }
            if left + 1 < heap.count, heap[left + 1].isBefore(heap[earliest]) {
                earliest = left + 1
            }
            guard earliest != parent else { return }
            heap.swapAt(parent, earliest)
            parent = earliest
        }
    }
}

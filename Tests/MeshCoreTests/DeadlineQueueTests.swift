import MeshCore
import Testing

struct DeadlineQueueTests {
    @Test func `an empty queue has no deadline and nothing due`() {
        var queue = DeadlineQueue<Int>()
        #expect(queue.nextDeadline == nil)
        #expect(queue.popDue(at: Instant(nanoseconds: .max)) == nil)
        #expect(queue.count == 0)
    }

    @Test func `a timer is due at its instant, not before`() {
        var queue = DeadlineQueue<String>()
        let deadline = Instant.zero + .seconds(1)
        queue.schedule("probe", at: deadline)
        #expect(queue.nextDeadline == deadline)
        #expect(queue.popDue(at: deadline - TimeSpan(nanoseconds: 1)) == nil)
        let due = queue.popDue(at: deadline)
        #expect(due?.timer == "probe")
        #expect(due?.deadline == deadline)
        #expect(queue.nextDeadline == nil)
    }

    @Test func `a late reader is told when the timer was due`() {
        var queue = DeadlineQueue<Int>()
        queue.schedule(1, at: .zero)
        let due = queue.popDue(at: .zero + .seconds(9))
        #expect(due?.deadline == .zero)
    }

    @Test func `equal instants come out in the order they were scheduled in`() {
        var queue = DeadlineQueue<Int>()
        for timer in 0..<100 { queue.schedule(timer, at: .zero) }
        let order = (0..<100).compactMap { _ in queue.popDue(at: .zero)?.timer }
        #expect(order == Array(0..<100))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `timers come out as a stable sort would order them`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = DeadlineQueue<Int>()
        var waiting: [(deadline: Instant, timer: Int)] = []
        var now = Instant.zero

        for timer in 0..<500 {
            let deadline = now + .milliseconds(Int64(generator.index(below: 50)))
            queue.schedule(timer, at: deadline)
            waiting.append((deadline, timer))
            guard generator.index(below: 3) == 0 else { continue }

            now = now + .milliseconds(Int64(generator.index(below: 20)))
            // Array's sort is not promised to be stable, so the reference breaks ties itself.
            waiting.sort { ($0.deadline, $0.timer) < ($1.deadline, $1.timer) }
            while let due = queue.popDue(at: now) {
                #expect(due.timer == waiting.first?.timer)
                #expect(due.deadline == waiting.first?.deadline)
                waiting.removeFirst()
            }
            #expect(queue.nextDeadline == waiting.first?.deadline)
            #expect(queue.count == waiting.count)
        }
    }
}

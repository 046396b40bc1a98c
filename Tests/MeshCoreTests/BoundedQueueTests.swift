import MeshCore
import Testing

struct BoundedQueueTests {
    @Test func `elements leave in the order they came in`() {
        var queue = BoundedQueue<Int>(limit: 3)
        #expect(queue.isEmpty)
        #expect(queue.popFirst() == nil)
        for element in 1...3 { queue.append(element) }
        #expect(queue.count == 3)
        #expect((0..<3).compactMap { _ in queue.popFirst() } == [1, 2, 3])
        #expect(queue.isEmpty)
    }

    @Test func `a full queue refuses the newest and keeps what it promised`() {
        var queue = BoundedQueue<Int>(limit: 2)
        queue.append(1)
        queue.append(2)
        let wasTaken = queue.append(3)
        #expect(!wasTaken)
        #expect(queue.count == 2)
        #expect(queue.popFirst() == 1)
        queue.append(4)
        #expect((0..<2).compactMap { _ in queue.popFirst() } == [2, 4])
    }

    @Test(arguments: [1, 2, 7, 8, 9, 20, 1_000])
    func `it behaves as an array would, at every limit`(limit: Int) {
        var generator = SeededGenerator(seed: UInt64(limit))
        var queue = BoundedQueue<Int>(limit: limit)
        var reference: [Int] = []
        for element in 0..<5_000 {
            if generator.index(below: 5) < 3 {
                #expect(queue.append(element) == (reference.count < limit))
                if reference.count < limit { reference.append(element) }
            } else {
                #expect(queue.popFirst() == (reference.isEmpty ? nil : reference.removeFirst()))
            }
            #expect(queue.count == reference.count)
        }
    }

    @Test func `a queue for nothing is our mistake`() async {
        await #expect(processExitsWith: .failure) { _ = BoundedQueue<Int>(limit: 0) }
    }
}

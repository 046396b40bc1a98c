/// A first-in, first-out ring that holds at most `limit` elements.
///
/// A full queue refuses the newest: what is already waiting was promised first. The caller counts
/// the refusal. Storage grows only as it is used.
package struct BoundedQueue<Element: Sendable>: Sendable {
    package let limit: Int
    private var ring: [Element?] = []
    private var head = 0
    package private(set) var count = 0

    package init(limit: Int) {
        precondition(limit > 0, "expected a queue to hold at least one element")
        self.limit = limit
    }

    package var isEmpty: Bool { count == 0 }

    /// False if the queue is full; it is then unchanged.
    @discardableResult
    package mutating func append(_ element: Element) -> Bool {
        guard count < limit else { return false }
        if count == ring.count { grow() }
        ring[(head + count) % ring.count] = element
        count += 1
        return true
    }

    package mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = ring[head].take()
        head = (head + 1) % ring.count
        count -= 1
        return element
    }

    private mutating func grow() {
        var larger: [Element?] = []
        let capacity = min(limit, max(8, 2 * ring.count))
        larger.reserveCapacity(capacity)
        for offset in 0..<count { larger.append(ring[(head + offset) % ring.count]) }
        larger.append(contentsOf: repeatElement(nil, count: capacity - count))
        ring = larger
        head = 0
    }
}

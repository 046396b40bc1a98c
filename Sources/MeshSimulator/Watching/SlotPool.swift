/// What is under way, in slots that are used again: the queue of events carries a number instead of
/// a reference. Bound: what the nodes have asked for and not been answered.
struct SlotPool<Element: Sendable>: Sendable {
    private var elements: [Element?] = []
    private var free: [UInt32] = []

    var count: Int { elements.count - free.count }

    mutating func insert(_ element: Element) -> UInt32 {
        if let slot = free.popLast() {
            elements[Int(slot)] = element
            return slot
        }
        elements.append(element)
        return UInt32(elements.count - 1)
    }

    /// `nil` if the slot is empty.
    mutating func remove(_ slot: UInt32) -> Element? {
        guard let element = elements[Int(slot)] else { return nil }
        elements[Int(slot)] = nil
        free.append(slot)
        return element
    }
}

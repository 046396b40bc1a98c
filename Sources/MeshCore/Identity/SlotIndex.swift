/// Finds a position by the id that lies there: open addressing with linear probing over 32-bit
/// positions. The ids stay where they are, once; a dictionary would hold them a second time, a
/// third of what a check may cost.
///
/// Ids are hashes already, reduced to a slot by multiplication.
package struct SlotIndex: Sendable {
    private var slots: [UInt32] = Array(repeating: Self.vacant, count: 16)
    private var count = 0

    private static let vacant = UInt32.max

    package init() {}

    package var storageByteCount: Int { slots.capacity * MemoryLayout<UInt32>.stride }

    package func position(of id: Bytes16, idAt: (UInt32) -> Bytes16) -> UInt32? {
        var slot = home(of: id)
        while slots[slot] != Self.vacant {
            if idAt(slots[slot]) == id { return slots[slot] }
            slot = next(slot)
        }
        return nil
    }

    /// Expects `id` not to be there.
    package mutating func insert(_ id: Bytes16, at position: UInt32, idAt: (UInt32) -> Bytes16) {
        if (count + 1) * 4 > slots.count * 3 { grow(idAt: idAt) }
        place(id, position)
        count += 1
    }

    /// Expects `id` to be there. What was pushed past the gap moves back into it.
    package mutating func remove(_ id: Bytes16, idAt: (UInt32) -> Bytes16) {
        var gap = home(of: id)
        while idAt(slots[gap]) != id { gap = next(gap) }
        var probe = next(gap)
        while slots[probe] != Self.vacant {
            let wanted = home(of: idAt(slots[probe]))
            let distance = probe >= wanted ? probe - wanted : probe + slots.count - wanted
            let toGap = probe >= gap ? probe - gap : probe + slots.count - gap
            if distance >= toGap {
                slots[gap] = slots[probe]
                gap = probe
            }
            probe = next(probe)
        }
        slots[gap] = Self.vacant
        count -= 1
    }

    private func home(of id: Bytes16) -> Int {
        Int(id.low.multipliedFullWidth(by: UInt64(slots.count)).high)
    }

    private func next(_ slot: Int) -> Int { slot + 1 == slots.count ? 0 : slot + 1 }

    private mutating func place(_ id: Bytes16, _ position: UInt32) {
        var slot = home(of: id)
        while slots[slot] != Self.vacant { slot = next(slot) }
        slots[slot] = position
    }

    private mutating func grow(idAt: (UInt32) -> Bytes16) {
        let old = slots
        slots = Array(repeating: Self.vacant, count: old.count * 2)
        for position in old where position != Self.vacant { place(idAt(position), position) }
    }
}

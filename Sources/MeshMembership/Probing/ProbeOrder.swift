import MeshCore

/// Whom to probe next: every member once per lap, in an order shuffled anew each lap, newcomers at
/// a random place (SWIM 4.3). This bounds the time until a failed member is probed by a given
/// node, which picking at random each time does not.
struct ProbeOrder: Sendable {
    private var positions: [UInt16] = []
    private var cursor = 0

    var storageByteCount: Int { positions.capacity * MemoryLayout<UInt16>.stride }

    mutating func insert(_ position: Int, using generator: inout SeededGenerator) {
        if positions.count == positions.capacity {
            positions.reserveCapacity(positions.count + positions.count / 32 + 8)
        }
        // A swap with a random place not yet probed this lap keeps insertion constant-time.
        positions.append(UInt16(position))
        let last = positions.count - 1
        let place = cursor + generator.index(below: last - cursor + 1)
        positions.swapAt(place, last)
    }

    /// `removed` is gone and the member at `moved` has taken its position.
    mutating func remove(_ removed: Int, moved: Int) {
        if let place = positions.firstIndex(of: UInt16(removed)) {
            positions.remove(at: place)
            if place < cursor { cursor -= 1 }
        }
        if let place = positions.firstIndex(of: UInt16(moved)) {
            positions[place] = UInt16(removed)
        }
    }

    /// The next position for which `isWanted`, at most one lap on; `nil` if there is none.
    mutating func next(
        using generator: inout SeededGenerator, where isWanted: (Int) -> Bool
    ) -> Int? {
        for _ in 0..<positions.count {
            if cursor >= positions.count {
                generator.shuffle(&positions)
                cursor = 0
            }
            let position = Int(positions[cursor])
            cursor += 1
            if isWanted(position) { return position }
        }
        return nil
    }
}

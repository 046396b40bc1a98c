package import MeshCore

/// What is still to be told, each update a bounded number of times, the least told first
/// (SWIM 4.1).
///
/// A newer update about the same thing replaces the older one and starts afresh.
///
/// Counting what we hear back as told would halve the talk, and was tried for members: a mesh of a
/// thousand then missed one node with every third update. News that anti-entropy mends within a
/// second or two is counted so, by `noteHeard`.
///
/// Bound: `limit`; the most told gives way, for it is the best known.
package struct DisseminationQueue: Sendable {
    /// What an update is about. Of one subject there may be several: its state, and one accusation
    /// for each accuser.
    package struct Key: Hashable, Sendable {
        package var subject: Bytes16
        package var slot: UInt8

        package init(subject: Bytes16, slot: UInt8 = 0) {
            self.subject = subject
            self.slot = slot
        }
    }

    private struct Entry: Sendable {
        var key: Key
        var update: Update
        var told: Int
        var previous: Int32
        var next: Int32
    }

    private static let none: Int32 = -1
    /// Updates too large for what is left of a datagram are passed over, at most this many.
    private static let misfitsMax = 8

    private var entries: [Entry] = []
    private var free: [Int32] = []
    private var slots: [Key: Int32] = [:]
    /// First and last entry of each list: list `k` holds what was told `k` times.
    private var first: [Int32] = []
    private var last: [Int32] = []

    /// Updates that wait at most.
    package let limit: Int

    package init(limit: Int = MembershipBounds.queuedUpdatesMax) {
        precondition(limit > 0, "expected a queue to hold at least one update")
        self.limit = limit
    }

    package var count: Int { slots.count }
    /// What all of it would take on the wire.
    package private(set) var byteCount = 0
    package var isEmpty: Bool { slots.isEmpty }
    /// Whether something waits that was never told.
    package var hasNews: Bool { first.first.map { $0 != Self.none } ?? false }

    package mutating func enqueue(_ update: Update, about key: Key) {
        remove(key)
        if slots.count >= limit { dropMostTold() }
        let entry = Entry(key: key, update: update, told: 0, previous: Self.none, next: Self.none)
        let slot: Int32
        if let reused = free.popLast() {
            slot = reused
            entries[Int(slot)] = entry
        } else {
            slot = Int32(entries.count)
            entries.append(entry)
        }
        slots[key] = slot
        byteCount += update.encodedByteCount
        link(slot)
    }

    package mutating func remove(_ key: Key) {
        guard let slot = slots.removeValue(forKey: key) else { return }
        unlink(slot)
        byteCount -= entries[Int(slot)].update.encodedByteCount
        entries[Int(slot)].update = Update(kind: 0, body: [])
        free.append(slot)
    }

    /// Writes updates of at most `budget` bytes, the least told first, and returns how many bytes
    /// it took. An update told `limit` times is dropped.
    package mutating func fill(_ writer: inout ByteWriter, budget: Int, limit: Int) -> Int {
        guard !slots.isEmpty else { return 0 }
        var left = budget
        var misfits = 0
        var told: [Int32] = []
        scan: for list in first.indices {
            var slot = first[list]
            while slot != Self.none {
                let size = entries[Int(slot)].update.encodedByteCount
                if size <= left {
                    writer.write(entries[Int(slot)].update)
                    left -= size
                    told.append(slot)
                } else {
                    misfits += 1
                    if misfits == Self.misfitsMax { break scan }
                }
                slot = entries[Int(slot)].next
            }
        }
        for slot in told { advance(slot, limit: limit) }
        return budget - left
    }

    /// Counts an update that somebody else has told as told by us, if it is what waits under `key`.
    package mutating func noteHeard(_ update: Update, about key: Key, limit: Int) {
        guard let slot = slots[key], entries[Int(slot)].update == update else { return }
        advance(slot, limit: limit)
    }

    private mutating func advance(_ slot: Int32, limit: Int) {
        guard entries[Int(slot)].told + 1 < limit else { return remove(entries[Int(slot)].key) }
        unlink(slot)
        entries[Int(slot)].told += 1
        link(slot)
    }

    private mutating func dropMostTold() {
        guard let list = last.lastIndex(where: { $0 != Self.none }) else { return }
        remove(entries[Int(last[list])].key)
    }

    private mutating func link(_ slot: Int32) {
        let list = entries[Int(slot)].told
        while first.count <= list {
            first.append(Self.none)
            last.append(Self.none)
        }
        entries[Int(slot)].previous = last[list]
        entries[Int(slot)].next = Self.none
        if last[list] == Self.none {
            first[list] = slot
        } else {
            entries[Int(last[list])].next = slot
        }
        last[list] = slot
    }

    private mutating func unlink(_ slot: Int32) {
        let entry = entries[Int(slot)]
        if entry.previous == Self.none {
            first[entry.told] = entry.next
        } else {
            entries[Int(entry.previous)].next = entry.next
        }
        if entry.next == Self.none {
            last[entry.told] = entry.previous
        } else {
            entries[Int(entry.next)].previous = entry.previous
        }
    }
}

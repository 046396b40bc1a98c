import MeshChecks
import MeshCore

/// One check: its lowest reachable members, in a block of `PlacedChecks.kept`.
///
/// Kept are the R lowest and up to two spares, always the first so many in rank order of all that
/// are reachable and do not decline. Their scores are not: two ids give one back in nanoseconds.
/// What makes changes cheap is the threshold, which a leave does not move:
///
/// - every member that scores below it is kept, so one that joins above it changes nothing;
/// - a member that leaves is replaced by a spare, and only when fewer than R are left are all
///   members scored again.
///
/// Where all that are kept share one zone, the *outsider* is the lowest of all other zones; it has
/// a threshold of its own, its score.
struct PlacedCheck: Sendable {
    var check: CheckID
    /// No member that is not kept scores below it. `UInt64.max` if all are kept.
    var threshold: UInt64 = 0
    /// The outsider's; `UInt64.max` if there is none, in a mesh of one zone.
    var outsiderScore: UInt64 = 0
    /// The zone that the outsider is not in; `noZone` while it is not looked after.
    var home = KnownMembers.noZone
    var outsider = KnownMembers.noSlot
    /// Where its block begins.
    var block: UInt32
    /// 0 in a row that no check uses.
    var confirmations: UInt8
    var keptCount: UInt8 = 0
    /// Which of the kept is the last owner, or `outsiderPick`.
    var lastPick: UInt8 = 0
    var marks: Marks = .fresh

    static let outsiderPick = UInt8.max

    struct Marks: OptionSet, Sendable {
        let rawValue: UInt8
        /// Added since the last settling.
        static let fresh = Marks(rawValue: 1)
        /// Its owners may change in this settling; those of before are put aside.
        static let touched = Marks(rawValue: 2)
        /// Nobody is left out: every member that could own it is kept.
        static let complete = Marks(rawValue: 4)
        /// Somebody declines it.
        static let declined = Marks(rawValue: 8)
    }

    /// The next scan starts from nothing.
    mutating func forgetKept() {
        keptCount = 0
        threshold = 0
        home = KnownMembers.noZone
        marks.remove(.complete)
    }
}

/// All checks, in rows that stay theirs until they are removed, and what is kept for them.
struct PlacedChecks: Sendable {
    static let spares = 2

    var rows: [PlacedCheck] = []
    var kept: [UInt32] = []
    private var index = SlotIndex()
    private var vacantRows: [UInt32] = []
    /// By confirmations: blocks that fit a check with as many.
    private var vacantBlocks: [[UInt32]] = Array(
        repeating: [], count: VotingRule.confirmationsMax + 1)

    var storageByteCount: Int {
        rows.capacity * MemoryLayout<PlacedCheck>.stride
            + kept.capacity * MemoryLayout<UInt32>.stride + index.storageByteCount
    }

    func row(of check: CheckID) -> UInt32? {
        index.position(of: check.bytes) { rows[Int($0)].check.bytes }
    }

    /// How many members a row keeps at most.
    func width(_ row: UInt32) -> Int { Int(rows[Int(row)].confirmations) + Self.spares }

    /// Where in `kept` a row's members are. A range and not a slice: a slice that is still held
    /// when a member changes would copy those of all checks.
    func keptRange(_ row: UInt32) -> Range<Int> {
        let block = Int(rows[Int(row)].block)
        return block..<block + Int(rows[Int(row)].keptCount)
    }

    /// Expects `check` not to be there.
    mutating func insert(_ check: CheckID, confirmations: Int) -> UInt32 {
        let block: UInt32
        if let vacant = vacantBlocks[confirmations].popLast() {
            block = vacant
        } else {
            block = UInt32(kept.count)
            let width = confirmations + Self.spares
            // By an eighth: doubled arrays would be half empty when twenty thousand are in.
            if kept.count + width > kept.capacity {
                kept.reserveCapacity(kept.count + kept.count / 8 + width + 16)
            }
            for _ in 0..<width { kept.append(KnownMembers.noSlot) }
        }
        let placed = PlacedCheck(check: check, block: block, confirmations: UInt8(confirmations))
        let row: UInt32
        if let vacant = vacantRows.popLast() {
            row = vacant
            rows[Int(row)] = placed
        } else {
            row = UInt32(rows.count)
            if rows.count == rows.capacity {
                rows.reserveCapacity(rows.count + rows.count / 8 + 16)
            }
            rows.append(placed)
        }
        let rows = rows
        index.insert(check.bytes, at: row) { rows[Int($0)].check.bytes }
        return row
    }

    mutating func remove(_ row: UInt32) {
        let placed = rows[Int(row)]
        do {
            let rows = rows
            index.remove(placed.check.bytes) { rows[Int($0)].check.bytes }
        }
        vacantBlocks[Int(placed.confirmations)].append(placed.block)
        vacantRows.append(row)
        rows[Int(row)].confirmations = 0
        rows[Int(row)].keptCount = 0
        rows[Int(row)].home = KnownMembers.noZone
        rows[Int(row)].threshold = 0
        rows[Int(row)].marks = []
    }
}

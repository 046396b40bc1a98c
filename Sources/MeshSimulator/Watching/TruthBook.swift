package import MeshChecks
package import MeshCore
package import MeshVerdicts

/// Every flip that any node ever reported, and which one each process holds of each check: the
/// mirror of the mesh's truth, kept in step by reports as `ViewTable` is for members.
///
/// A flip is known by number; a process and a check cost four bytes.
package struct TruthBook: Sendable {
    package struct Entry: Sendable {
        package var flip: Flip
        package var check: Int
        /// When any node first reported it, and whether one has minted it.
        package var firstHeldAt: Instant
        package var mintedAt: Instant?
        /// How many processes that are up hold it now.
        package var holders = 0
        /// When everybody who ran held it.
        package var knownByAllAt: Instant?
    }

    package private(set) var flips: [Entry] = []
    /// Only looked up.
    private var numbers: [FlipID: Int] = [:]
    /// By process, then check: a number of a flip, or -1.
    private var certified: [[Int32]]
    /// By check: which flips are held by processes that are up. Mostly one.
    private var held: [[Int32]]
    /// When any process last took on another flip, by check.
    package private(set) var changedAt: [Instant]
    package private(set) var forkCount = 0
    package private(set) var equivocationCount = 0
    package private(set) var abstentionCount = 0

    init(processCount: Int, checkCount: Int) {
        certified = Array(
            repeating: [], count: processCount)
        held = Array(repeating: [], count: checkCount)
        changedAt = Array(repeating: .zero, count: checkCount)
    }

    package var checkCount: Int { held.count }
    package func number(of flip: FlipID) -> Int? { numbers[flip] }

    /// The flip that `process` holds for certified.
    package func certified(_ check: Int, by process: Int) -> Int? {
        let row = certified[process]
        guard check < row.count, row[check] >= 0 else { return nil }
        return Int(row[check])
    }

    package func certifiedState(_ check: Int, by process: Int) -> TargetState? {
        certified(check, by: process).map { flips[$0].flip.state }
    }

    /// The flips that processes which are up hold of a check: one, once all agree.
    package func held(of check: Int) -> [Int32] { held[check] }

    /// A process reports its certified flip. Returns the flip's number and the former one's.
    mutating func record(
        _ flip: Flip, check: Int, by process: Int, isMinted: Bool, at now: Instant
    ) -> (flip: Int, former: Int?) {
        let number: Int
        if let known = numbers[flip.id] {
            number = known
        } else {
            number = flips.count
            numbers[flip.id] = number
            flips.append(Entry(flip: flip, check: check, firstHeldAt: now))
        }
        if isMinted, flips[number].mintedAt == nil { flips[number].mintedAt = now }
        let former = certified(check, by: process)
        if former != number {
            hold(nil, check, by: process)
            hold(number, check, by: process)
            changedAt[check] = now
        }
        return (number, former)
    }

    mutating func noteKnownByAll(_ flip: Int, at now: Instant) { flips[flip].knownByAllAt = now }
    mutating func noteFork() { forkCount += 1 }
    mutating func noteEquivocation() { equivocationCount += 1 }
    mutating func noteAbstention() { abstentionCount += 1 }

    /// A process is gone, or starts anew: it holds nothing.
    mutating func clear(_ process: Int) {
        for check in certified[process].indices { hold(nil, check, by: process) }
        certified[process] = []
    }

    private mutating func hold(_ number: Int?, _ check: Int, by process: Int) {
        if certified[process].isEmpty {
            certified[process] = Array(repeating: -1, count: checkCount)
        }
        let former = certified[process][check]
        if former >= 0 {
            flips[Int(former)].holders -= 1
            if flips[Int(former)].holders == 0 { held[check].removeAll { $0 == former } }
        }
        certified[process][check] = Int32(number ?? -1)
        if let number {
            if flips[number].holders == 0 { held[check].append(Int32(number)) }
            flips[number].holders += 1
        }
    }
}

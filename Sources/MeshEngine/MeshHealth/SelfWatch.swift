import MeshCore
import MeshNotices

/// Something that the machine does to a node, and that only its shell can see.
package enum NodeFault: UInt8, Sendable, Hashable, CaseIterable {
    /// The wall clock is far from the others', or from a time server's.
    case wrongClock = 1
    /// Nothing can be written: the disk is full or broken.
    case fullDisk = 2
}

/// What a node knows of itself that the others cannot see: when to report it to them.
///
/// Reports are rare by design: one is made when the set of faults changes, not when their words
/// do, and at most one in `recoveryGrace`.
struct SelfWatch: Sendable {
    let parameters: MeshHealthParameters
    /// What the shell says, in words.
    private var faults: [NodeFault: String] = [:]
    /// Checks that too few look at, though this node does, and since when there are any or none.
    private var unwatched: [String] = []
    private var unwatchedCount = 0
    private var turnedAt: Instant?
    private var tellsUnwatched = false
    /// What the others were told last, and when.
    private var reported: NodeReport.Faults = []
    private var reportedAt: Instant?

    init(_ parameters: MeshHealthParameters) { self.parameters = parameters }

    /// `detail` is `nil` when it is over.
    mutating func note(_ fault: NodeFault, _ detail: String?) { faults[fault] = detail }

    /// What the others hold of this node from before it was started.
    mutating func restore(_ faults: NodeReport.Faults, now: Instant) {
        reported = faults
        reportedAt = now
        tellsUnwatched = faults.contains(.unwatchedChecks)
    }

    /// How many checks too few look at, and the names of the first of them.
    mutating func note(unwatched names: [String], count: Int, now: Instant) {
        if turnedAt == nil || (count > 0) != (unwatchedCount > 0) { turnedAt = now }
        unwatched = names
        unwatchedCount = count
        guard let turnedAt, (count > 0) != tellsUnwatched else { return }
        let grace = count > 0 ? parameters.partitionGrace : parameters.recoveryGrace
        if now - turnedAt >= grace { tellsUnwatched = count > 0 }
    }

    /// What is to be reported now, if anything.
    mutating func takeReport(now: Instant) -> NodeReport? {
        var current: NodeReport.Faults = []
        var words: [String] = []
        if let detail = faults[.wrongClock] {
            current.insert(.wrongClock)
            words.append(detail)
        }
        if let detail = faults[.fullDisk] {
            current.insert(.fullDisk)
            words.append(detail)
        }
        if tellsUnwatched {
            current.insert(.unwatchedChecks)
            words.append(
                "too few look at \(unwatchedCount) checks: "
                    + unwatched.joined(separator: ", "))
        }
        guard current != reported,
            reportedAt.map({ now - $0 >= parameters.recoveryGrace }) ?? true
        else { return nil }
        reported = current
        reportedAt = now
        return NodeReport(current, RecordText(words.joined(separator: "; ")))
    }
}

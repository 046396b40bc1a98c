import MeshCore
import MeshNotices
import MeshVerdicts

/// Something that the machine does to a node, and that only its shell can see.
package enum NodeFault: UInt8, Sendable, Hashable, CaseIterable {
    /// The wall clock is far from the others', or from a time server's.
    case wrongClock = 1
    /// Nothing can be written: the disk is full or broken.
    case fullDisk = 2
}

/// What a node knows of itself that the others cannot see: when to report it to them.
///
/// Reports are rare by design: one is made when the set of faults changes or there is more to tell,
/// not when their words do, and at most one in `recoveryGrace`.
struct SelfWatch: Sendable {
    let parameters: MeshHealthParameters
    /// What the shell says, in words.
    private var faults: [NodeFault: String] = [:]
    /// Checks that too few look at, though this node does.
    private var unwatched: UnwatchedWatch
    /// What the others were told last, and when.
    private var reported: NodeReport.Faults = []
    private var reportedAt: Instant?

    init(_ parameters: MeshHealthParameters, id: NodeID) {
        self.parameters = parameters
        unwatched = UnwatchedWatch(parameters, id: id)
    }

    /// `detail` is `nil` when it is over.
    mutating func note(_ fault: NodeFault, _ detail: String?) { faults[fault] = detail }

    /// What the others hold of this node from before it was started.
    mutating func restore(_ report: NodeReport, now: Instant) {
        reported = report.faults
        reportedAt = now
        unwatched.restore(report, now: now)
    }

    /// Checks at which too few look and for which this node speaks.
    mutating func note(
        unwatched checks: [UnwatchedCheck], _ sight: UnwatchedSight, name: (NodeID) -> String,
        now: Instant
    ) {
        unwatched.note(checks, sight, mayReport: mayReport(now), name: name, now: now)
    }

    private func mayReport(_ now: Instant) -> Bool {
        reportedAt.map { now - $0 >= parameters.recoveryGrace } ?? true
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
        if unwatched.isOn {
            current.insert(.unwatchedChecks)
            words.append(unwatched.text)
        }
        guard current != reported || unwatched.isNew, mayReport(now) else { return nil }
        reported = current
        reportedAt = now
        unwatched.noteReported()
        return NodeReport(
            current, RecordText(words.joined(separator: "; ")), unwatched: unwatched.said)
    }
}

package import MeshCore

/// What a node says of itself that only it can know, so that the whole group can tell of it: a
/// record that is made when something is wrong, and again when nothing is any more. A healthy node
/// never makes one.
package struct NodeReport: Sendable, Hashable {
    package struct Faults: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let wrongClock = Faults(rawValue: 1 << 0)
        package static let fullDisk = Faults(rawValue: 1 << 1)
        /// Too few look at checks of which the node is the first owner.
        package static let unwatchedChecks = Faults(rawValue: 1 << 2)
    }

    package var faults: Faults
    /// In words, for people.
    package var text: RecordText

    package init(_ faults: Faults, _ text: RecordText) {
        self.faults = faults
        self.text = text
    }
}

extension NodeReport.Faults {
    /// What these are as subjects of notices, when `node` reports them, in the order of the bits.
    package func subjects(of node: NodeID) -> [MeshSubject] {
        var subjects: [MeshSubject] = []
        if contains(.wrongClock) { subjects.append(MeshSubject(.wrongClock, of: node)) }
        if contains(.fullDisk) { subjects.append(MeshSubject(.fullDisk, of: node)) }
        if contains(.unwatchedChecks) { subjects.append(.unwatchedChecks) }
        return subjects
    }
}

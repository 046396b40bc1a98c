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
    /// What each of them is as a subject of notices, in the order of their bits.
    package static let kinds: [(fault: Self, kind: MeshSubject.Kind)] = [
        (.wrongClock, .wrongClock), (.fullDisk, .fullDisk), (.unwatchedChecks, .unwatchedChecks),
    ]
}

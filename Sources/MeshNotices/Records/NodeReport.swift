package import MeshChecks
package import MeshCore

/// What a node says of itself that only it can know, so that the whole group can tell of it: a
/// record that is made when something is wrong, and again when nothing is any more. A healthy node
/// never makes one.
package struct NodeReport: Sendable, Hashable {
    /// With the marks of as many checks as there may be it still fits a datagram.
    package static let textByteCountMax = 320

    package struct Faults: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let wrongClock = Faults(rawValue: 1 << 0)
        package static let fullDisk = Faults(rawValue: 1 << 1)
        /// Too few look at checks for which the node speaks: mostly as their first owner.
        package static let unwatchedChecks = Faults(rawValue: 1 << 2)
    }

    package var faults: Faults
    /// In words, for people.
    package var text: RecordText
    /// What it has to say, or had, of checks at which too few look.
    package var unwatched: Unwatched?

    package init(_ faults: Faults, _ text: RecordText, unwatched: Unwatched? = nil) {
        self.faults = faults
        self.text = RecordText(text.text, atMost: Self.textByteCountMax)
        self.unwatched = unwatched
    }

    /// Which checks of this node are to be told of, and under which revision of the subject: who
    /// holds the same reports owes the same word.
    ///
    ///     word v; 0 for none, else: first v | count v | added v | unmarked v | marks u8, that many u32
    package struct Unwatched: Sendable, Hashable {
        /// Checks beyond it are counted only.
        package static let marksMax = 128

        /// The revision under which all of this is told.
        package let word: UInt64
        /// The revision that this trouble began with: at most `word`.
        package let first: UInt64
        /// How many there are now.
        package let count: UInt32
        /// How many of them were told of under no revision before `word`.
        package let added: UInt32
        /// Checks told of that have no mark below.
        package let unmarked: UInt32
        /// Checks told of since the trouble began, whether or not they are still unwatched.
        /// Ascending.
        package let marks: [UInt32]

        /// - Precondition: `first` is at least 1 and at most `word`; at most `marksMax` marks, ascending.
        package init(
            word: UInt64, first: UInt64, count: Int, added: Int, unmarked: Int, marks: [UInt32]
        ) {
            precondition(first >= 1 && first <= word, "a trouble begins with its first word")
            precondition(marks.count <= Self.marksMax, "more marks than a report holds")
            self.word = word
            self.first = first
            self.count = UInt32(clamping: count)
            self.added = UInt32(clamping: added)
            self.unmarked = UInt32(clamping: unmarked)
            self.marks = marks
        }

        /// A check's place among the marks.
        package static func mark(of check: CheckID) -> UInt32 {
            UInt32(truncatingIfNeeded: check.bytes.high >> 32)
        }
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

extension ByteWriter {
    mutating func write(_ unwatched: NodeReport.Unwatched?) {
        guard let unwatched else { return writeVarint(0) }
        writeVarint(unwatched.word)
        writeVarint(unwatched.first)
        writeVarint(UInt64(unwatched.count))
        writeVarint(UInt64(unwatched.added))
        writeVarint(UInt64(unwatched.unmarked))
        write(UInt8(unwatched.marks.count))
        for mark in unwatched.marks { write(mark) }
    }
}

extension ByteReader {
    mutating func readUnwatched() throws(DecodeError) -> NodeReport.Unwatched? {
        let word = try readVarint()
        guard word > 0 else { return nil }
        let first = try readVarint()
        guard first >= 1, first <= word else { throw .invalid }
        let count = try readVarint32()
        let added = try readVarint32()
        let unmarked = try readVarint32()
        let marksCount = Int(try readUInt8())
        guard marksCount <= NodeReport.Unwatched.marksMax else { throw .invalid }
        var marks: [UInt32] = []
        for _ in 0..<marksCount {
            let mark = try readUInt32()
            if let last = marks.last, mark <= last { throw .invalid }
            marks.append(mark)
        }
        return NodeReport.Unwatched(
            word: word, first: first, count: Int(count), added: Int(added),
            unmarked: Int(unmarked), marks: marks)
    }
}

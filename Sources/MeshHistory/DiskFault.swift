import CSQLite

/// What is wrong with the disk, for people; the node goes on without it.
package struct DiskFault: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable, CaseIterable {
        case full
        case readOnly
        case inputOutput
        /// What is in the file is not what was written.
        case corrupt
        /// A write has not come back for `StateStore.Options.patience`.
        case slow
        /// More waits to be written than may be held in memory; the newest is not written down.
        case overflow
        /// The file that is written to is not the one in the folder any more.
        case gone
        case other
    }

    package var kind: Kind
    /// The file, what was tried, and what the system said.
    package var description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    init(_ error: SQLiteError) {
        let kind: Kind =
            switch error.primary {
            case SQLITE_FULL: .full
            case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readOnly
            case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
            case SQLITE_IOERR, SQLITE_CANTOPEN: .inputOutput
            default: .other
            }
        self.init(kind, error.description)
    }
}

/// Which of a node's two files: they fail, and recover, apart from one another.
package enum StateFile: String, Hashable, Sendable, CaseIterable {
    /// Generation, stored items, members: small, and durable when it is confirmed.
    case state = "state.db"
    /// Looks and flips: large; what was written survives `kill -9`, the last moments before a power
    /// cut may not.
    case history = "history.db"
}

/// What a node's operator must hear of its disk.
package enum DiskEvent: Hashable, Sendable {
    /// A file can't be written, since now or for another reason than before.
    case fault(StateFile, DiskFault)
    /// It can again, and what had waited is written.
    case over(StateFile)
    /// A corrupt file was renamed to this path; an empty one takes its place.
    case setAside(StateFile, as: String, because: String)
}

/// Whether something is on disk.
package enum StoreOutcome: Hashable, Sendable {
    case durable
    /// It is not, and may never be. Go on all the same, and tell of the fault: a node that waits
    /// for a full disk before it claims a notice wakes nobody, and the ledger's promise, that
    /// nothing is told twice, is worth less than that something is told. What is lost is only told
    /// again if the node also dies before the disk has room.
    case notDurable(DiskFault)
}

/// Why a node's files could not be opened, and the node must not start.
package enum StateOpenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Another process has them open.
    case inUse(path: String)
    /// Some other program's file.
    case foreign(path: String)
    /// Written by a later version, which this one must not change.
    case tooNew(path: String, version: Int, known: Int)
    /// It can't be read or made. A node must not start with less than it wrote down: it would tell
    /// again what it has told. (A full disk is no hindrance to what is there already.)
    case unusable(path: String, reason: String)

    package var description: String {
        switch self {
        case .inUse(let path):
            "\(path): another process has it open; is a node running on this data directory?"
        case .foreign(let path):
            "\(path): not a file of checkmesh; move it away, or choose another data directory"
        case .tooNew(let path, let version, let known):
            "\(path): written by a later version of checkmesh (format \(version), this one knows "
                + "\(known)); run that version, or choose another data directory"
        case .unusable(let path, let reason): "\(path): \(reason)"
        }
    }
}

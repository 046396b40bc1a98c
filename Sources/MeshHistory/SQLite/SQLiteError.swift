import CSQLite

/// A call to SQLite that failed, with what was tried and what SQLite said of it.
struct SQLiteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The extended result code; its low byte is the primary one.
    var code: Int32
    /// `/var/lib/checkmesh/state.db: COMMIT: database or disk is full`
    var description: String

    var primary: Int32 { code & 0xFF }

    /// What is in the file is no database, or no longer one.
    var isCorruption: Bool { primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB }
    /// Another process has it open.
    var isBusy: Bool { primary == SQLITE_BUSY || primary == SQLITE_LOCKED }
}

extension SQLiteError {
    static let corrupt = SQLITE_CORRUPT
}

import Glibc
import MeshCore

/// What one of our files looks like: whose it is, and how its tables came to be. Opening brings an
/// older file up to date, refuses a newer or a foreign one, and sets a corrupt one aside.
struct FileFormat {
    /// In the file's header, so that no other program's file is taken for ours.
    var applicationID: Int32
    /// One text of statements for every version; the file's `user_version` says how many have run.
    var versions: [String]
    /// What each connection sets for itself.
    var settings: String
    /// Read every page at the opening. Only for a file that stays small.
    var isChecked: Bool

    enum Failure: Error, Sendable {
        case refused(StateOpenError)
        /// Nothing was changed; it may go better later.
        case disk(SQLiteError)
    }

    func open(_ path: String, lockWait milliseconds: Int32) throws(Failure) -> Database {
        let database: Database
        let refused: StateOpenError?
        do throws(SQLiteError) {
            database = try Database(path: path, lockWait: milliseconds)
            refused = try refusal(of: database)
            if refused == nil { try prepare(database) }
        } catch {
            throw error.isBusy ? .refused(.inUse(path: path)) : .disk(error)
        }
        if let refused { throw .refused(refused) }
        return database
    }

    private func refusal(of database: Database) throws(SQLiteError) -> StateOpenError? {
        let application = try database.number("PRAGMA application_id") ?? 0
        let version = Int(try database.number("PRAGMA user_version") ?? 0)
        let tables = try database.number("SELECT count(*) FROM sqlite_schema") ?? 0
        if application == 0 && tables == 0 { return nil }
        guard application == Int64(applicationID) else { return .foreign(path: database.path) }
        guard version <= versions.count else {
            return .tooNew(path: database.path, version: version, known: versions.count)
        }
        return nil
    }

    private func prepare(_ database: Database) throws(SQLiteError) {
        try database.execute("PRAGMA journal_mode = WAL")
        try database.execute(settings)
        if isChecked { try check(database) }
        // Takes the lock for good, and brings the tables up to date.
        try database.transaction { () throws(SQLiteError) in
            let version = Int(try database.number("PRAGMA user_version") ?? 0)
            guard version < versions.count else { return }
            for statements in versions[version...] { try database.execute(statements) }
            try database.execute("PRAGMA application_id = \(applicationID)")
            try database.execute("PRAGMA user_version = \(versions.count)")
        }
    }

    private func check(_ database: Database) throws(SQLiteError) {
        let statement = try database.prepare("PRAGMA quick_check(1)")
        guard try statement.step() else { return }
        let verdict = statement.text(0)
        statement.reset()
        guard verdict == "ok" else {
            throw SQLiteError(
                code: SQLiteError.corrupt,
                description: "\(database.path): quick_check: \(verdict)")
        }
    }

    /// Renames a file and its log, so that what is left in them can be looked at. Answers its new
    /// path, `nil` where it could not be renamed.
    static func setAside(_ path: String, at time: WallTime) -> String? {
        let kept = "\(path).corrupt-\(time.rfc3339)"
        // Each reads its paths, which live for the call.
        guard unsafe rename(path, kept) == 0 else { return nil }
        // A log without its file is of no use to anybody, but may help who looks.
        _ = unsafe rename("\(path)-wal", "\(kept)-wal")
        _ = unsafe unlink("\(path)-shm")
        return kept
    }
}

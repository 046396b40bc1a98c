import CSQLite
import Glibc

/// One open SQLite file, of one thread. It is locked for as long as it is open: a second process on
/// the same data directory is refused, and the write-ahead log's index lives in memory instead of a
/// mapped file that a full disk would tear from under us.
///
/// It cannot be read by another program meanwhile; a copy of its files can, as after a crash.
@safe
final class Database {
    let path: String
    private let handle: OpaquePointer

    /// Opens or makes `path`, readable by its owner alone. `lockWait`: how long another process may
    /// take to let go of it, as one that is just ending does.
    init(path: String, lockWait milliseconds: Int32) throws(SQLiteError) {
        self.path = path
        Self.restrict(path)
        var opened: OpaquePointer?
        // Writes one handle, ours to close even where opening failed.
        let code = unsafe sqlite3_open_v2(
            path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil)
        guard let handle = unsafe opened else { fatalError("expected memory for a handle") }
        unsafe self.handle = unsafe handle
        guard code == SQLITE_OK else { throw failure("open") }
        // The handle is open, and only this thread uses it.
        _ = unsafe sqlite3_extended_result_codes(handle, 1)
        _ = unsafe sqlite3_busy_timeout(handle, milliseconds)
        // Before the first access, or the log's index would be a mapped file.
        try execute("PRAGMA locking_mode = EXCLUSIVE")
    }

    deinit {
        // Statements keep their database alive, so none is left; closing copies the log into the
        // file. A failure changes nothing: what was committed is in the log.
        _ = unsafe sqlite3_close(handle)
    }

    /// Without opening it: to close a descriptor of a file that SQLite has open lets go of its lock.
    private static func restrict(_ path: String) {
        // Each reads the path, which lives for the call.
        let descriptor = unsafe open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode_t(0o600))
        if descriptor >= 0 {
            _ = close(descriptor)
        } else {
            // Where this is not allowed, neither is what follows, and SQLite will say so.
            _ = unsafe chmod(path, mode_t(0o600))
        }
    }

    /// Runs statements that answer nothing.
    func execute(_ statements: String) throws(SQLiteError) {
        // The text lives for the length of the call; no callback, no message to free.
        guard unsafe sqlite3_exec(handle, statements, nil, nil, nil) == SQLITE_OK else {
            throw failure(statements)
        }
    }

    func prepare(_ text: String) throws(SQLiteError) -> Statement {
        var prepared: OpaquePointer?
        // Writes one statement, owned by the `Statement` that is made of it.
        let code = unsafe sqlite3_prepare_v3(
            handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let statement = unsafe prepared else { throw failure(text) }
        return unsafe Statement(owning: statement, in: self, text)
    }

    /// The number in the first column of the first row.
    func number(_ text: String) throws(SQLiteError) -> Int64? {
        let statement = try prepare(text)
        return try statement.step() ? statement.number(0) : nil
    }

    /// Runs `body` in one transaction: all of it is written, or nothing.
    func transaction(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
        try execute("BEGIN IMMEDIATE")
        do throws(SQLiteError) {
            try body()
            try execute("COMMIT")
        } catch {
            // Where SQLite has rolled back by itself there is nothing left to do.
            try? execute("ROLLBACK")
            throw error
        }
    }

    /// What the last call's failure was.
    func failure(_ attempt: String) -> SQLiteError {
        // The handle is open; the words live until the next call and are copied at once.
        let code = unsafe sqlite3_extended_errcode(handle)
        let words = unsafe sqlite3_errmsg(handle).map { unsafe String(cString: $0) } ?? ""
        let first = attempt.split(whereSeparator: \.isWhitespace).prefix(3).joined(separator: " ")
        return SQLiteError(code: code, description: "\(path): \(first): \(words)")
    }
}

/// One prepared statement. Parameters and columns count from 0.
@safe
final class Statement {
    private let statement: OpaquePointer
    private let database: Database
    private let text: String

    @unsafe fileprivate init(owning statement: OpaquePointer, in database: Database, _ text: String)
    {
        unsafe self.statement = unsafe statement
        self.database = database
        self.text = text
    }

    deinit {
        // Its only owner lets go; what it answers was told by the last step.
        _ = unsafe sqlite3_finalize(statement)
    }

    // MARK: Parameters

    /// What a parameter is set to, or a column holds.
    enum Value {
        case null
        case number(Int64)
        case bytes([UInt8])
        case text(String)

        static func number(_ number: some FixedWidthInteger) -> Value {
            .number(Int64(clamping: number))
        }
    }

    /// Sets every parameter, in order.
    func bind(_ values: [Value]) throws(SQLiteError) {
        for (position, value) in values.enumerated() {
            let index = Int32(position + 1)
            let code: Int32
            switch value {
            case .null:
                code = unsafe sqlite3_bind_null(statement, index)
            case .number(let number):
                code = unsafe sqlite3_bind_int64(statement, index, number)
            case .bytes(let bytes):
                // SQLite copies `count` bytes, which the array lends for the call.
                code = unsafe csqlite_bind_blob(statement, index, bytes, Int32(bytes.count))
            case .text(let text):
                // The same; the length is that of the text's UTF-8.
                code = unsafe csqlite_bind_text(statement, index, text, Int32(text.utf8.count))
            }
            guard code == SQLITE_OK else { throw database.failure(text) }
        }
    }

    // MARK: Running

    /// Whether there is a row. After the last, or a failure, it may be bound and run again.
    func step() throws(SQLiteError) -> Bool {
        // The statement is ours and its database open.
        switch unsafe sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            reset()
            return false
        default:
            let failure = database.failure(text)
            reset()
            throw failure
        }
    }

    /// Binds `values`, and runs to the end.
    func run(_ values: [Value] = []) throws(SQLiteError) {
        try bind(values)
        while try step() {}
    }

    /// Binds `values`, and makes something of each row.
    func rows<Row>(_ values: [Value] = [], _ read: (Statement) -> Row?) throws(SQLiteError) -> [Row]
    {
        try bind(values)
        var rows: [Row] = []
        while try step() {
            if let row = read(self) { rows.append(row) }
        }
        return rows
    }

    /// Ends a run before its last row.
    func reset() {
        // Answers the last step's failure again, which was thrown already.
        _ = unsafe sqlite3_reset(statement)
    }

    // MARK: Columns of the row that `step` has found

    /// `nil` for NULL.
    func number(_ column: Int32) -> Int64? {
        // Any column number is fine: one that is not there reads as NULL.
        guard unsafe sqlite3_column_type(statement, column) != SQLITE_NULL else { return nil }
        return unsafe sqlite3_column_int64(statement, column)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        // The pointer lives until the next step; its length is asked for after it, and copied.
        guard let start = unsafe sqlite3_column_blob(statement, column) else { return [] }
        let count = Int(unsafe sqlite3_column_bytes(statement, column))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
}

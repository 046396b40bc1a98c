package import MeshCore
package import MeshMembership

/// `state.db`: what a node must find again. Every batch is one transaction, on the disk (fsync)
/// when `write` returns.
final class LedgerFile {
    /// What waits to be written. Of two values for one key only the later is kept.
    struct Batch: Sendable {
        var items: [[UInt8]: StoredItem] = [:]
        var generation: UInt32?
        var members: [MemberEntry]?

        var isEmpty: Bool { items.isEmpty && generation == nil && members == nil }

        /// What `later` says of the same things counts.
        mutating func merge(_ later: Batch) {
            items.merge(later.items) { _, later in later }
            generation = later.generation ?? generation
            members = later.members ?? members
        }
    }

    static let format = FileFormat(
        applicationID: 0x434D_5331,
        versions: [
            """
            CREATE TABLE generation (only INTEGER PRIMARY KEY CHECK (only = 0), number INTEGER);
            CREATE TABLE items (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
            CREATE TABLE members (position INTEGER PRIMARY KEY, entry BLOB NOT NULL);
            """
        ],
        // FULL: a commit is on the disk. The log is kept short, or every start would read it.
        settings: """
            PRAGMA synchronous = FULL; PRAGMA cache_size = -512; PRAGMA wal_autocheckpoint = 256;
            PRAGMA journal_size_limit = 1048576
            """,
        isChecked: true)

    private let database: Database
    private let put: Statement
    private let remove: Statement

    init(_ database: Database) throws(SQLiteError) {
        self.database = database
        put = try database.prepare(
            "INSERT INTO items VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        )
        remove = try database.prepare("DELETE FROM items WHERE key = ?")
    }

    func load() throws(SQLiteError) -> RestoredState {
        let number = try database.number("SELECT number FROM generation") ?? 0
        let items = try database.prepare("SELECT key, value FROM items ORDER BY key")
            .rows { StoredItem(key: $0.bytes(0), value: $0.bytes(1)) }
        let members = try database.prepare("SELECT entry FROM members ORDER BY position")
            .rows { row in
                var reader = ByteReader(row.bytes(0))
                // A member that can't be read is one that others will tell of.
                return try? MemberEntry.decode(&reader)
            }
        return RestoredState(
            generation: UInt32(clamping: number), items: items, members: members)
    }

    func write(_ batch: Batch) throws(SQLiteError) {
        try database.transaction { () throws(SQLiteError) in
            for (key, item) in batch.items {
                if let value = item.value {
                    try put.run([.bytes(key), .bytes(value)])
                } else {
                    try remove.run([.bytes(key)])
                }
            }
            if let generation = batch.generation {
                try database.prepare("INSERT OR REPLACE INTO generation VALUES (0, ?)")
                    .run([.number(generation)])
            }
            if let members = batch.members { try write(members) }
        }
    }

    private func write(_ members: [MemberEntry]) throws(SQLiteError) {
        try database.execute("DELETE FROM members")
        let insert = try database.prepare("INSERT INTO members VALUES (?, ?)")
        for (position, member) in members.enumerated() {
            var writer = ByteWriter(reservingCapacity: 256)
            member.write(to: &writer)
            try insert.run([.number(position), .bytes(writer.bytes)])
        }
    }
}

/// What a node finds again at its start.
package struct RestoredState: Sendable {
    /// The last that was written down; 0 before the first start.
    package var generation: UInt32 = 0
    package var items: [StoredItem] = []
    /// To be restored as dead: known, not reachable.
    package var members: [MemberEntry] = []
}

import CSQLite
import MeshChecks
import MeshCore

/// `history.db`: looks of the last day and flips of the last 400. It may grow large, so it is not
/// read through at a start, and not forced to the disk at each commit: `kill -9` loses nothing that
/// was committed; a power cut may lose the last moments, of which the flips are in the ledger, too.
final class HistoryFile {
    /// Rows that one slice of retention removes: a few milliseconds.
    static let sliceMax = 500

    static let format = FileFormat(
        applicationID: 0x434D_4831,
        versions: [
            """
            CREATE TABLE flips (
                id BLOB PRIMARY KEY, check_id BLOB NOT NULL, name TEXT NOT NULL,
                birth BLOB NOT NULL, epoch INTEGER NOT NULL,
                parent BLOB NOT NULL, state INTEGER NOT NULL, previous INTEGER,
                since INTEGER NOT NULL, reason TEXT NOT NULL, confirmed_by BLOB NOT NULL,
                certificate BLOB NOT NULL, is_lost INTEGER NOT NULL DEFAULT 0);
            CREATE INDEX flips_of_check ON flips (check_id, since);
            CREATE INDEX flips_by_time ON flips (since);
            CREATE TABLE looks (
                check_id BLOB NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
                count INTEGER NOT NULL, looks BLOB NOT NULL,
                PRIMARY KEY (check_id, first_at)) WITHOUT ROWID;
            CREATE INDEX looks_by_end ON looks (last_at);
            """
        ],
        settings: """
            PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024;
            PRAGMA wal_autocheckpoint = 512; PRAGMA journal_size_limit = 2097152
            """,
        isChecked: false)

    private let database: Database
    private let putLooks: Statement
    private let putFlip: Statement
    private let looksOf: Statement
    private let flipByID: Statement

    init(_ database: Database) throws(SQLiteError) {
        self.database = database
        // Two chunks of a check begin in one millisecond only if the clock was set back.
        putLooks = try database.prepare("INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?, ?)")
        putFlip = try database.prepare(
            """
            INSERT INTO flips VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
            ON CONFLICT (id) DO UPDATE SET is_lost = 0 WHERE is_lost = 1
            """)
        looksOf = try database.prepare(
            """
            SELECT first_at, looks FROM looks WHERE check_id = ? AND first_at <= ?
            ORDER BY first_at DESC LIMIT ?
            """)
        flipByID = try database.prepare("SELECT \(Self.flipColumns) FROM flips f WHERE id = ?")
    }

    // MARK: Writing

    /// What happens to flips, in the order in which it happened.
    enum FlipNews: Sendable {
        case certified(FlipRecord)
        case lost(FlipID)

        var byteCount: Int {
            switch self {
            case .certified(let record): record.certificate.count + 512
            case .lost: 64
            }
        }
    }

    func write(_ news: [FlipNews], _ chunks: [(CheckID, LookChunk)]) throws(SQLiteError) {
        try database.transaction { () throws(SQLiteError) in
            for (check, chunk) in chunks {
                try putLooks.run([
                    .bytes(Self.bytes(check.bytes)), .number(chunk.first.milliseconds),
                    .number(chunk.last.milliseconds), .number(chunk.count), .bytes(chunk.bytes),
                ])
            }
            for news in news {
                switch news {
                case .certified(let record): try write(record)
                case .lost(let id):
                    try database.prepare("UPDATE flips SET is_lost = 1 WHERE id = ?")
                        .run([.bytes(Self.bytes(id.bytes))])
                }
            }
        }
    }

    private func write(_ record: FlipRecord) throws(SQLiteError) {
        var signers = ByteWriter(reservingCapacity: 16 * record.confirmedBy.count)
        for node in record.confirmedBy { signers.write(node.bytes) }
        try putFlip.run([
            .bytes(Self.bytes(record.id.bytes)), .bytes(Self.bytes(record.check.bytes)),
            .text(record.name), .bytes(Self.bytes(record.birth.bytes)), .number(record.epoch),
            .bytes(Self.bytes(record.parent.bytes)), .number(record.state.rawValue),
            record.previous.map { .number($0.rawValue) } ?? .null,
            .number(record.since.milliseconds), .text(record.reason.text), .bytes(signers.bytes),
            .bytes(record.certificate),
        ])
    }

    /// Removes at most a slice of what is older than it is kept; true if there may be more. Above
    /// `byteCountMax` the oldest looks give way early: flips are few, and told of for longer.
    func removeOutdated(
        looksBefore: WallTime, flipsBefore: WallTime, byteCountMax: Int64
    ) throws(SQLiteError) -> Bool {
        let isTooLarge = try byteCount() > byteCountMax
        let cutoff = isTooLarge ? Int64.max : Int64(clamping: looksBefore.milliseconds)
        var removed = 0
        try database.transaction { () throws(SQLiteError) in
            try database.prepare(
                """
                DELETE FROM looks WHERE (check_id, first_at) IN
                (SELECT check_id, first_at FROM looks WHERE last_at < ? ORDER BY last_at LIMIT ?)
                """
            ).run([.number(cutoff), .number(Self.sliceMax)])
            removed = Int(try database.number("SELECT changes()") ?? 0)
            try database.prepare(
                "DELETE FROM flips WHERE id IN (SELECT id FROM flips WHERE since < ? LIMIT ?)"
            ).run([.number(flipsBefore.milliseconds), .number(Self.sliceMax)])
            removed = max(removed, Int(try database.number("SELECT changes()") ?? 0))
        }
        return removed == Self.sliceMax
    }

    /// Of the pages in use; those that were freed are used again before the file grows.
    private func byteCount() throws(SQLiteError) -> Int64 {
        let pages = try database.number("PRAGMA page_count") ?? 0
        let free = try database.number("PRAGMA freelist_count") ?? 0
        return (pages - free) * (try database.number("PRAGMA page_size") ?? 4_096)
    }

    // MARK: Reading

    /// Newest first, at or before `end`.
    func looks(of check: CheckID, until end: WallTime, limit: Int) throws(SQLiteError)
        -> [LookRecord]
    {
        // A chunk holds at least one look.
        let chunks = try looksOf.rows([
            .bytes(Self.bytes(check.bytes)), .number(end.milliseconds), .number(limit),
        ]) { row in (UInt64(clamping: row.number(0) ?? 0), row.bytes(1)) }
        var looks: [LookRecord] = []
        for (first, bytes) in chunks where looks.count < limit {
            let decoded = LookChunk.decode(
                bytes, of: check, from: WallTime(milliseconds: first))
            looks += decoded.reversed().filter { $0.at <= end }.prefix(limit - looks.count)
        }
        return looks
    }

    func flip(_ id: FlipID) throws(SQLiteError) -> FlipRecord? {
        try flipByID.rows([.bytes(Self.bytes(id.bytes))], Self.flip).first
    }

    /// Newest first; those that began at or after `from`, and before `end`.
    func incidents(
        of check: CheckID?, from: WallTime, before end: WallTime, limit: Int
    ) throws(SQLiteError) -> [IncidentRecord] {
        var values: [Statement.Value] = [
            .number(from.milliseconds), .number(end.milliseconds),
        ]
        if let check { values.append(.bytes(Self.bytes(check.bytes))) }
        values.append(.number(limit))
        let starts = try database.prepare(
            """
            SELECT \(Self.flipColumns) FROM flips f
            WHERE f.is_lost = 0 AND \(Self.begins) AND f.since >= ? AND f.since < ?
            \(check == nil ? "" : "AND f.check_id = ?") ORDER BY f.since DESC, f.id LIMIT ?
            """
        ).rows(values, Self.flip)
        // What follows may be an hour before, by another signer's clock.
        let rest = try database.prepare(
            """
            SELECT f.since, f.state, \(Self.begins) FROM flips f
            WHERE f.check_id = ?1 AND f.is_lost = 0 AND f.since > ?4 - 3600000
            AND (f.birth = ?2 AND f.epoch > ?3 OR f.birth <> ?2 AND f.since > ?4)
            ORDER BY f.since, f.epoch
            """)
        return try starts.map { record throws(SQLiteError) in try incident(record, rest) }
    }

    /// A flip that leads away from up; or from one that this node has never held.
    private static var begins: String {
        """
        (f.state > 0 AND (ifnull(f.previous, 0) = 0
        OR NOT EXISTS (SELECT 1 FROM flips p WHERE p.id = f.parent)))
        """
    }

    /// An incident that was followed by another has ended, even if nobody here held the flip that
    /// ended it: at the latest then.
    private func incident(_ first: FlipRecord, _ rest: Statement) throws(SQLiteError)
        -> IncidentRecord
    {
        var incident = IncidentRecord(
            check: first.check, name: first.name, state: first.state, startedAt: first.since,
            endedAt: nil, epoch: first.epoch, flip: first.id, reason: first.reason,
            confirmedBy: first.confirmedBy)
        try rest.bind([
            .bytes(Self.bytes(first.check.bytes)), .bytes(Self.bytes(first.birth.bytes)),
            .number(first.epoch), .number(first.since.milliseconds),
        ])
        while try rest.step() {
            let state = TargetState(rawValue: UInt8(clamping: rest.number(1) ?? 0)) ?? .up
            if state == .up || rest.number(2) == 1 {
                incident.endedAt = WallTime(milliseconds: UInt64(clamping: rest.number(0) ?? 0))
                rest.reset()
                break
            }
            incident.state = max(incident.state, state)
        }
        return incident
    }

    private static let flipColumns = """
        f.id, f.check_id, f.name, f.birth, f.epoch, f.parent, f.state, f.previous, f.since,
        f.reason, f.confirmed_by, f.certificate
        """

    /// `nil` for a row that was damaged.
    private static func flip(_ row: Statement) -> FlipRecord? {
        func id(_ column: Int32) -> Bytes16? {
            var reader = ByteReader(row.bytes(column))
            return try? reader.readBytes16()
        }
        func state(_ column: Int32) -> TargetState? {
            row.number(column).flatMap { TargetState(rawValue: UInt8(clamping: $0)) }
        }
        guard let flip = id(0), let check = id(1), let birth = id(3), let parent = id(5),
            let certified = state(6)
        else { return nil }
        var signers: [NodeID] = []
        var reader = ByteReader(row.bytes(10))
        while let node = try? reader.readBytes16() { signers.append(NodeID(node)) }
        return FlipRecord(
            id: FlipID(flip), check: CheckID(check), name: row.text(2), birth: Birth(birth),
            epoch: UInt32(clamping: row.number(4) ?? 0), parent: FlipID(parent),
            state: certified, previous: state(7),
            since: WallTime(milliseconds: UInt64(clamping: row.number(8) ?? 0)),
            reason: Reason(row.text(9)), confirmedBy: signers, certificate: row.bytes(11))
    }

    private static func bytes(_ id: Bytes16) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 16)
        writer.write(id)
        return writer.bytes
    }
}

import MeshChecks
import MeshCore

/// The records that count: one for each subject.
struct RecordBook: Sendable {
    private let bounds: NoticeBounds
    private var records: [RecordSubject: Signed<Record>] = [:]
    /// Which subject a stamp's statement is held under.
    private var stamps: [Stamp: RecordSubject] = [:]
    /// The exclusive or of all that is kept.
    private(set) var root: UInt64 = 0

    private struct Stamp: Hashable {
        var node: NodeID
        var generation: UInt32
        var sequence: UInt64

        init(of record: Record) {
            node = record.node
            generation = record.generation
            sequence = record.sequence
        }
    }

    init(bounds: NoticeBounds = NoticeBounds()) { self.bounds = bounds }

    /// Bytes held.
    var storageByteCount: Int {
        records.values.reduce(0) { $0 + 192 + MemoryLayout<Signed<Record>>.stride + $1.body.count }
    }

    /// Ascending.
    var subjects: [RecordSubject] { records.keys.sorted() }

    subscript(subject: RecordSubject) -> Signed<Record>? { records[subject] }

    func hash(of subject: RecordSubject) -> UInt64 {
        records[subject].map { Self.hash(of: $0.body) } ?? 0
    }

    func nextRevision(of subject: RecordSubject) -> UInt64 {
        let highest = records[subject]?.statement.revision ?? 0
        return highest == .max ? highest : highest + 1
    }

    /// Whether a record's revision leaves room above it. People make revisions one by one; one of
    /// 2^64 - 1 would be the last word on its subject for ever. So none may be more than 2^32 above
    /// the highest seen, and the first that is seen, after whatever was missed, below 2^63: it takes
    /// a member two thousand million signed lies to use a subject up.
    func isInReach(_ record: Record) -> Bool {
        guard let highest = records[record.subject]?.statement.revision else {
            return record.revision < NoticeBounds.firstRevisionEnd
        }
        return record.revision <= highest
            || record.revision - highest <= NoticeBounds.revisionsAheadMax
    }

    func wants(_ record: Record) -> Bool {
        if let held = records[record.subject] { return record.prevails(over: held.statement) }
        guard records.count >= bounds.recordsMax, let oldest, let held = records[oldest] else {
            return true
        }
        return (held.statement.time, oldest) < (record.time, record.subject)
    }

    func contradiction(of record: Record, _ body: [UInt8]) -> Signed<Record>? {
        guard let subject = stamps[Stamp(of: record)], let held = records[subject],
            Stamp(of: held.statement) == Stamp(of: record), held.body != body
        else { return nil }
        return held
    }

    /// Keeps a record that `wants` named; returns the subject that gave way for it, if one did.
    mutating func keep(_ signed: Signed<Record>) -> RecordSubject? {
        var evicted: RecordSubject?
        if let held = records[signed.statement.subject] {
            remove(held)
        } else if records.count >= bounds.recordsMax {
            evicted = oldest
            if let evicted, let held = records[evicted] { remove(held) }
        }
        records[signed.statement.subject] = signed
        stamps[Stamp(of: signed.statement)] = signed.statement.subject
        root ^= Self.hash(of: signed.body)
        return evicted
    }

    private mutating func remove(_ held: Signed<Record>) {
        records[held.statement.subject] = nil
        stamps[Stamp(of: held.statement)] = nil
        root ^= Self.hash(of: held.body)
    }

    private var oldest: RecordSubject? {
        records.min {
            ($0.value.statement.time, $0.key) < ($1.value.statement.time, $1.key)
        }?.key
    }

    private static func hash(of body: [UInt8]) -> UInt64 {
        var hash = StableHash()
        hash.combine(body)
        return hash.finalize()
    }

    /// Until when a check is silenced, if it is.
    func silence(
        of check: CheckID, at time: WallTime, using cryptography: any Cryptography
    ) -> WallTime? {
        guard !records.isEmpty,
            let held = records[RecordSubject(silenceOf: check, using: cryptography)],
            case .silence(_, let until) = held.statement.content, until > time
        else { return nil }
        return until
    }
}

import MeshChecks
import MeshCore
import MeshMembership
import MeshPlatform
import Synchronization

/// What the loop has handed to the writer and the writer has not taken yet.
///
/// Bounds: at `itemsMax` a further item is refused, its writer is told, and the ledger's items that
/// wait keep their places; at `looksMax` the oldest look gives way, at `flipsMax` a further flip
/// (its certificate is among the stored items as well), at `queriesMax` a further question.
final class WriteQueue: Sendable {
    static let itemsMax = 65_536
    static let itemByteCountMax = 32 * 1_024 * 1_024
    static let looksMax = 16_384
    static let flipsMax = 4_096
    static let queriesMax = 256

    struct Waiting: Sendable {
        var ledger = LedgerFile.Batch()
        var itemByteCount = 0
        var flips: [HistoryFile.FlipNews] = []
        var looks: [LookRecord] = []
        /// Where the oldest look is: behind it those that gave way are overwritten.
        var oldestLook = 0
        var queries: [Query] = []
        /// Of the last write that somebody waits for; 0 if nobody does.
        var ticket: UInt64 = 0
        var isEnding = false
        /// Since when something waits to be written.
        var since: Instant?
        var looksSince: Instant?

        /// Somebody waits for an answer.
        var isUrgent: Bool { ticket > 0 || !queries.isEmpty || isEnding }
        var hasWrites: Bool { !ledger.isEmpty || !flips.isEmpty }

        mutating func append(_ look: LookRecord) -> Bool {
            if looks.count < WriteQueue.looksMax {
                looks.append(look)
                return true
            }
            looks[oldestLook] = look
            oldestLook = (oldestLook + 1) % WriteQueue.looksMax
            return false
        }

        /// Oldest first.
        mutating func takeLooks() -> [LookRecord] {
            defer {
                looks = []
                oldestLook = 0
            }
            return Array(looks[oldestLook...] + looks[..<oldestLook])
        }
    }

    /// A question about the history, answered under its number.
    struct Query: Sendable {
        var number: UInt64
        var what: What

        enum What: Sendable {
            case looks(of: CheckID, until: WallTime, limit: Int)
            case incidents(of: CheckID?, from: WallTime, before: WallTime, limit: Int)
            case flip(FlipID)
        }
    }

    private let waiting = Mutex(Waiting())
    private let wakeup: Wakeup

    init() throws(SystemError) { wakeup = try Wakeup() }

    // MARK: From the loop

    /// False if it was refused.
    func put(_ item: StoredItem, ticket: UInt64?, now: Instant) -> Bool {
        change(now) { waiting in
            let size = item.key.count + (item.value?.count ?? 0)
            let old = waiting.ledger.items[item.key]
            guard
                old != nil || waiting.ledger.items.count < Self.itemsMax,
                waiting.itemByteCount + size <= Self.itemByteCountMax
            else { return false }
            waiting.ledger.items[item.key] = item
            waiting.itemByteCount += size - (old.map { $0.key.count + ($0.value?.count ?? 0) } ?? 0)
            if let ticket { waiting.ticket = ticket }
            return true
        }
    }

    func put(generation: UInt32, ticket: UInt64, now: Instant) {
        change(now) { waiting in
            waiting.ledger.generation = generation
            waiting.ticket = ticket
        }
    }

    func put(members: [MemberEntry], now: Instant) {
        change(now) { $0.ledger.members = members }
    }

    /// False if it was refused.
    func put(_ news: HistoryFile.FlipNews, now: Instant) -> Bool {
        change(now) { waiting in
            guard waiting.flips.count < Self.flipsMax else { return false }
            waiting.flips.append(news)
            return true
        }
    }

    /// False if an older look gave way.
    func put(_ look: LookRecord, now: Instant) -> Bool {
        change(now) { waiting in
            if waiting.looksSince == nil { waiting.looksSince = now }
            return waiting.append(look)
        }
    }

    /// False if it was refused.
    func put(_ query: Query, now: Instant) -> Bool {
        change(now) { waiting in
            guard waiting.queries.count < Self.queriesMax else { return false }
            waiting.queries.append(query)
            return true
        }
    }

    func end(now: Instant) { change(now) { $0.isEnding = true } }

    private func change<Answer: Sendable>(
        _ now: Instant, _ body: (inout Waiting) -> Answer
    ) -> Answer {
        let (answer, wakes) = waiting.withLock { waiting in
            let wasUrgent = waiting.isUrgent
            let former = (waiting.since, waiting.looksSince)
            let answer = body(&waiting)
            if waiting.since == nil && waiting.hasWrites { waiting.since = now }
            let isNews = former != (waiting.since, waiting.looksSince)
            return (answer, isNews || !wasUrgent && waiting.isUrgent)
        }
        if wakes { wakeup.signal() }
        return answer
    }

    // MARK: From the writer

    /// When what waits is to be taken; `nil` if nothing waits.
    var due: Instant? {
        waiting.withLock { waiting in
            if waiting.isUrgent { return .zero }
            let dues = [
                waiting.since.map { $0 + Self.writeWait },
                waiting.looksSince.map { $0 + Self.lookWait },
            ]
            return dues.compactMap(\.self).min()
        }
    }

    /// How long what nobody waits for may gather, to be written in one go.
    static let writeWait = TimeSpan.milliseconds(200)
    static let lookWait = TimeSpan.seconds(2)

    func takeAll() -> Waiting {
        waiting.withLock { waiting in
            let taken = waiting
            waiting = Waiting()
            // Whoever ends keeps on ending.
            waiting.isEnding = taken.isEnding
            return taken
        }
    }

    /// Sleeps until the loop has something new, at most for `span`.
    func sleep(atMost span: TimeSpan) {
        let milliseconds = CInt(clamping: (max(.zero, span).nanoseconds + 999_999) / 1_000_000)
        wakeup.sleep(atMost: milliseconds)
        wakeup.clear()
    }
}

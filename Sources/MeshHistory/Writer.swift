import Glibc
import MeshChecks
import MeshCore
import MeshPlatform

/// The one thread that touches the files: it takes everything that waits at once, so that a thousand
/// items cost one `fsync`, and tries again, ever less often, while a file can't be written.
final class Writer {
    /// What may wait in memory while a file can't be written. Beyond, a new item, the oldest flip
    /// and the oldest looks are lost, and counted.
    private static let owedItemsMax = 131_072
    private static let owedFlipsMax = 4_096
    private static let owedFlipByteCountMax = 32 * 1_024 * 1_024
    private static let owedChunksMax = 8_192

    private let options: StateStore.Options
    private let queue: WriteQueue
    private let answers: AnswerBox

    private var ledger: LedgerFile?
    private var history: HistoryFile?
    /// Which file the ledger is, and whether something else has taken its place.
    private var ledgerIdentity: FileIdentity?
    private var isLedgerGone = false
    private var ledgerHealth = FileHealth()
    private var historyHealth = FileHealth()

    private var owed = LedgerFile.Batch()
    private var owedFlips: [HistoryFile.FlipNews] = []
    private var owedChunks: [(CheckID, LookChunk)] = []
    private var looks = LookBuffer()
    private var nextUpkeep = SystemClock.now
    /// What an empty file that takes a corrupt one's place must hold.
    private var lastGeneration: UInt32?

    init(_ options: StateStore.Options, _ queue: WriteQueue, _ answers: AnswerBox) {
        self.options = options
        self.queue = queue
        self.answers = answers
    }

    private func path(_ file: StateFile) -> String { "\(options.directory)/\(file.rawValue)" }

    // MARK: The thread

    /// Returns at the end, or at once where the node must not start.
    func run() {
        let opened = open()
        answers.post(.opened(opened))
        guard case .success = opened else { return }
        while !takeTurn() {}
    }

    /// True after the last.
    private func takeTurn() -> Bool {
        var due = min(queue.due ?? nextUpkeep, nextUpkeep)
        if ledgerHealth.fault != nil { due = min(due, ledgerHealth.retryAt) }
        if historyHealth.fault != nil { due = min(due, historyHealth.retryAt) }
        let now = SystemClock.now
        guard due <= now else {
            queue.sleep(atMost: due - now)
            return false
        }
        var taken = queue.takeAll()
        writeLedger(taken.ledger, ticket: taken.ticket, isLast: taken.isEnding)
        for look in taken.takeLooks() {
            if let full = looks.append(look) { owedChunks.append(full) }
        }
        owedFlips += taken.flips
        if nextUpkeep <= now || taken.isEnding { keepUp(isLast: taken.isEnding) }
        writeHistory(isLast: taken.isEnding)
        for query in taken.queries { answer(query) }
        guard taken.isEnding else { return false }
        ledger = nil
        history = nil
        answers.post(.ended)
        return true
    }

    // MARK: Opening

    private func open() -> Result<RestoredState, StateOpenError> {
        do throws(SystemError) {
            try makeDirectory()
        } catch {
            return .failure(.unusable(path: options.directory, reason: error.description))
        }
        do throws(FileFormat.Failure) {
            let restored = try openLedger()
            lastGeneration = restored.generation == 0 ? nil : restored.generation
            openHistory()
            return .success(restored)
        } catch {
            switch error {
            case .refused(let refusal): return .failure(refusal)
            case .disk(let error):
                return .failure(.unusable(path: path(.state), reason: error.description))
            }
        }
    }

    private func makeDirectory() throws(SystemError) {
        // Reads the path, which lives for the call.
        guard unsafe mkdir(options.directory, 0o700) != 0, errno != EEXIST else { return }
        throw .last("mkdir")
    }

    private func openLedger() throws(FileFormat.Failure) -> RestoredState {
        do throws(FileFormat.Failure) {
            return try openLedgerOnce()
        } catch .disk(let error) where error.isCorruption {
            setAside(.state, because: error)
            return try openLedgerOnce()
        }
    }

    private func openLedgerOnce() throws(FileFormat.Failure) -> RestoredState {
        let database = try LedgerFile.format.open(path(.state), lockWait: options.lockWait)
        do throws(SQLiteError) {
            let file = try LedgerFile(database)
            let restored = try file.load()
            ledger = file
            ledgerIdentity = FileIdentity(path(.state))
            return restored
        } catch {
            throw .disk(error)
        }
    }

    /// A history that can't be opened is a fault, and no reason not to start.
    private func openHistory() {
        do throws(FileFormat.Failure) {
            history = try openHistoryOnce()
        } catch .disk(let error) where error.isCorruption {
            setAside(.history, because: error)
            do throws(FileFormat.Failure) {
                history = try openHistoryOnce()
            } catch {
                noteHistory(error)
            }
        } catch {
            noteHistory(error)
        }
    }

    private func openHistoryOnce() throws(FileFormat.Failure) -> HistoryFile {
        let database = try HistoryFile.format.open(path(.history), lockWait: options.lockWait)
        do throws(SQLiteError) {
            return try HistoryFile(database)
        } catch {
            throw .disk(error)
        }
    }

    private func setAside(_ file: StateFile, because error: SQLiteError) {
        let path = path(file)
        let kept = FileFormat.setAside(path, at: SystemClock.wallTime)
        answers.post(.event(.setAside(file, as: kept ?? path, because: error.description)))
    }

    // MARK: The ledger

    private func writeLedger(_ batch: LedgerFile.Batch, ticket: UInt64, isLast: Bool) {
        var outcome = StoreOutcome.durable
        if let overflow = owe(batch) { outcome = .notDurable(overflow) }
        lastGeneration = owed.generation ?? lastGeneration
        if !owed.isEmpty || ledger == nil {
            if let fault = writeOwed(isLast: isLast) { outcome = .notDurable(fault) }
        }
        if ticket > 0 { answers.post(.settled(upTo: ticket, outcome)) }
    }

    /// Adds to what is to be written; answers what is wrong where some of it found no room.
    private func owe(_ batch: LedgerFile.Batch) -> DiskFault? {
        guard owed.items.count + batch.items.count > Self.owedItemsMax else {
            owed.merge(batch)
            return nil
        }
        var kept = batch
        kept.items = batch.items.filter { owed.items[$0.key] != nil }
        owed.merge(kept)
        let lost = batch.items.count - kept.items.count
        answers.post(.lost(items: lost, flips: 0, looks: 0))
        return DiskFault(.overflow, "\(path(.state)): \(lost) writes found no room in memory")
    }

    /// Writes what is owed; what is wrong where it can't be.
    private func writeOwed(isLast: Bool) -> DiskFault? {
        let now = SystemClock.now
        if let fault = ledgerHealth.fault, now < ledgerHealth.retryAt, !isLast { return fault }
        do throws(FileFormat.Failure) {
            try writeOrReplaceLedger()
        } catch {
            let fault = error.fault
            // A file that is only full is in order; any other is opened anew.
            if fault.kind != .full { ledger = nil }
            if ledgerHealth.fail(fault, now: now) { answers.post(.event(.fault(.state, fault))) }
            return fault
        }
        owed = LedgerFile.Batch()
        if ledgerHealth.recover(), !isLedgerGone { answers.post(.event(.over(.state))) }
        return nil
    }

    private func writeOrReplaceLedger() throws(FileFormat.Failure) {
        do throws(FileFormat.Failure) {
            try writeLedgerOnce()
        } catch .disk(let error) where error.isCorruption {
            ledger = nil
            setAside(.state, because: error)
            if owed.generation == nil { owed.generation = lastGeneration }
            try writeLedgerOnce()
        }
    }

    private func writeLedgerOnce() throws(FileFormat.Failure) {
        if ledger == nil { _ = try openLedgerOnce() }
        do throws(SQLiteError) {
            try ledger?.write(owed)
        } catch {
            throw .disk(error)
        }
    }

    /// A file that is removed under a process goes on taking writes, and none of them is found again.
    private func noteLedgerGone() {
        guard ledger != nil, !isLedgerGone, FileIdentity(path(.state)) != ledgerIdentity else {
            return
        }
        isLedgerGone = true
        let words =
            "\(path(.state)) was removed or replaced under the running node: what it writes is lost"
            + " with its end; restart it when the folder is as it should be"
        answers.post(.event(.fault(.state, DiskFault(.gone, words))))
    }

    // MARK: The history

    /// Once a minute: what has waited in memory, and a slice of what is too old.
    private func keepUp(isLast: Bool) {
        nextUpkeep = SystemClock.now + options.upkeepPeriod
        if !isLast { noteLedgerGone() }
        let wallTime = options.wallTime()
        owedChunks += looks.takeDue(at: wallTime, isLast: isLast)
        guard let history, historyHealth.fault == nil, !isLast else { return }
        do throws(SQLiteError) {
            let hasMore = try history.removeOutdated(
                looksBefore: wallTime.before(options.looksKept),
                flipsBefore: wallTime.before(options.flipsKept),
                byteCountMax: options.historyByteCountMax)
            if hasMore { nextUpkeep = SystemClock.now + .milliseconds(100) }
        } catch {
            noteHistory(.disk(error))
        }
    }

    private func writeHistory(isLast: Bool) {
        dropOwedHistory()
        guard !owedFlips.isEmpty || !owedChunks.isEmpty || historyHealth.fault != nil else {
            return
        }
        if historyHealth.fault != nil, SystemClock.now < historyHealth.retryAt, !isLast { return }
        do throws(FileFormat.Failure) {
            if history == nil { history = try openHistoryOnce() }
            do throws(SQLiteError) {
                try history?.write(owedFlips, owedChunks)
            } catch {
                throw .disk(error)
            }
        } catch {
            return noteHistory(error)
        }
        owedFlips = []
        owedChunks = []
        if historyHealth.recover() { answers.post(.event(.over(.history))) }
    }

    private func noteHistory(_ failure: FileFormat.Failure) {
        let fault = failure.fault
        if fault.kind == .corrupt, history != nil, case .disk(let error) = failure {
            // An empty one is made at the next try.
            history = nil
            setAside(.history, because: error)
        }
        if fault.kind != .full { history = nil }
        if historyHealth.fail(fault, now: SystemClock.now) {
            answers.post(.event(.fault(.history, fault)))
        }
    }

    private func dropOwedHistory() {
        let looksLost = max(0, owedChunks.count - Self.owedChunksMax)
        var byteCount = owedFlips.reduce(0) { $0 + $1.byteCount }
        var flipsLost = 0
        while owedFlips.count - flipsLost > Self.owedFlipsMax
            || byteCount > Self.owedFlipByteCountMax
        {
            byteCount -= owedFlips[flipsLost].byteCount
            flipsLost += 1
        }
        guard looksLost > 0 || flipsLost > 0 else { return }
        let dropped = owedChunks.prefix(looksLost).reduce(0) { $0 + $1.1.count }
        owedChunks.removeFirst(looksLost)
        owedFlips.removeFirst(flipsLost)
        answers.post(.lost(items: 0, flips: flipsLost, looks: dropped))
    }

    // MARK: Questions

    private func answer(_ query: WriteQueue.Query) {
        switch query.what {
        case .looks(let check, let end, let limit):
            answers.post(
                .looks(
                    query.number,
                    read { file throws(SQLiteError) in
                        try allLooks(of: check, until: end, limit: limit, file)
                    }))
        case .incidents(let check, let from, let end, let limit):
            answers.post(
                .incidents(
                    query.number,
                    read { file throws(SQLiteError) in
                        try file.incidents(of: check, from: from, before: end, limit: limit)
                    }))
        case .flip(let flip):
            answers.post(
                .flip(query.number, read { file throws(SQLiteError) in try file.flip(flip) }))
        }
    }

    private func read<Answer>(
        _ body: (HistoryFile) throws(SQLiteError) -> Answer
    ) -> Result<Answer, DiskFault> {
        guard let history else {
            return .failure(
                historyHealth.fault ?? DiskFault(.other, "\(path(.history)): not open"))
        }
        do throws(SQLiteError) {
            return .success(try body(history))
        } catch {
            return .failure(DiskFault(error))
        }
    }

    /// Those in memory are the newest.
    private func allLooks(
        of check: CheckID, until end: WallTime, limit: Int, _ file: HistoryFile
    ) throws(SQLiteError) -> [LookRecord] {
        var chunks = owedChunks.filter { $0.0 == check }.map(\.1)
        if let chunk = looks.chunks[check] { chunks.append(chunk) }
        let fresh = chunks.flatMap { LookChunk.decode($0.bytes, of: check, from: $0.first) }
            .filter { $0.at <= end }.suffix(limit).reversed()
        let old = try file.looks(of: check, until: end, limit: limit - fresh.count)
        return Array(fresh) + old
    }
}

/// Which file a path leads to.
private struct FileIdentity: Equatable {
    private let device: UInt64
    private let number: UInt64

    /// `nil` if it leads to none.
    init?(_ path: String) {
        var status = stat()
        // Reads the path, fills the structure, and keeps neither.
        guard unsafe stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}

/// How long a file that can't be written is left alone.
private struct FileHealth {
    private static let firstWait = TimeSpan.milliseconds(100)
    private static let waitMax = TimeSpan.seconds(10)

    private(set) var fault: DiskFault?
    private(set) var retryAt = Instant.zero
    private var wait = FileHealth.firstWait

    /// True if that is news.
    mutating func fail(_ fault: DiskFault, now: Instant) -> Bool {
        let isNews = self.fault?.kind != fault.kind
        self.fault = fault
        retryAt = SystemClock.now + wait
        wait = min(wait * 2, Self.waitMax)
        return isNews
    }

    /// True if it had failed.
    mutating func recover() -> Bool {
        defer { self = FileHealth() }
        return fault != nil
    }
}

extension FileFormat.Failure {
    fileprivate var fault: DiskFault {
        switch self {
        case .disk(let error): DiskFault(error)
        case .refused(let refusal): DiskFault(.other, refusal.description)
        }
    }
}

extension WallTime {
    fileprivate func before(_ span: TimeSpan) -> WallTime {
        let length = UInt64(span.milliseconds)
        return WallTime(milliseconds: milliseconds > length ? milliseconds - length : 0)
    }
}

package import MeshChecks
package import MeshCore
package import MeshMembership
package import MeshPlatform

/// What a node writes down, and finds again: the loop's side. Nothing here blocks but `open`.
///
/// What is confirmed as durable survives the process and the machine. While the disk is full or
/// broken, writes are confirmed as not durable, kept in memory up to a bound and tried again.
///
/// Bounds: those of `WriteQueue` and `Writer`, where what is dropped is said.
package final class StateStore {
    package struct Options: Sendable {
        /// Made if it is missing; its parent must exist.
        package var directory: String
        package var looksKept = TimeSpan.hours(24)
        package var flipsKept = TimeSpan.hours(400 * 24)
        /// Of `history.db`. Beyond, the oldest looks give way before their time.
        package var historyByteCountMax: Int64 = 1 << 30
        /// Milliseconds that another process may take to let go of the files.
        package var lockWait: Int32 = 2_000
        package var upkeepPeriod = TimeSpan.minutes(1)
        /// How long who waits for a write is kept waiting before it is told that it may never be
        /// durable. A disk that hangs must not keep a node silent.
        package var patience = TimeSpan.seconds(2)
        package var wallTime: @Sendable () -> WallTime = { SystemClock.wallTime }

        package init(directory: String) { self.directory = directory }
    }

    /// What was dropped or refused, and why; each becomes a metric.
    package struct Counters: Hashable, Sendable {
        /// Looks that gave way in memory: the disk is too slow, or broken.
        package var looksDropped = 0
        package var flipsDropped = 0
        package var itemsRefused = 0
        package var queriesRefused = 0
        /// Writes confirmed as not durable.
        package var writesNotDurable = 0

        package init() {}
    }

    /// What was found at the start.
    package private(set) var restored = RestoredState()
    /// What is wrong now; empty in health.
    package private(set) var faults: [StateFile: DiskFault] = [:]
    package private(set) var counters = Counters()
    /// Called on the loop, for each change of the disk's condition.
    package var report: (DiskEvent) -> Void = { _ in }

    private let loop: EventLoop
    private let patience: TimeSpan
    private let queue: WriteQueue
    private let answers: AnswerBox
    private var watch: EventLoop.Watch?
    private var lastTicket: UInt64 = 0
    /// Who waits, in the order of tickets.
    private var waiting: [Waiter] = []
    private var firstWaiting = 0
    private var isPatienceTimed = false
    private var lastQuery: UInt64 = 0
    private var queries: [UInt64: QueryWaiter] = [:]
    private var ended: (() -> Void)?
    private var isEnding = false

    private struct Waiter {
        var ticket: UInt64
        var since: Instant
        var then: (StoreOutcome) -> Void
    }

    private enum QueryWaiter {
        case looks((Result<[LookRecord], DiskFault>) -> Void)
        case incidents((Result<[IncidentRecord], DiskFault>) -> Void)
        case flip((Result<FlipRecord?, DiskFault>) -> Void)
    }

    /// Opens a node's files, and reads what is in them, before it returns. Corrupt files are set
    /// aside, told (`report`, from the loop's next turn on) and replaced by empty ones.
    package static func open(
        _ options: Options, on loop: EventLoop
    ) throws(StateOpenError) -> StateStore {
        let store: StateStore
        let opened: Result<RestoredState, StateOpenError>
        do throws(SystemError) {
            let queue = try WriteQueue()
            let answers = try AnswerBox()
            try DetachedThread.start { Writer(options, queue, answers).run() }
            let early: [AnswerBox.Answer]
            (opened, early) = answers.waitForOpening()
            store = try StateStore(options, on: loop, queue, answers, early)
        } catch {
            throw .unusable(path: options.directory, reason: error.description)
        }
        store.restored = try opened.get()
        return store
    }

    private init(
        _ options: Options, on loop: EventLoop, _ queue: WriteQueue, _ answers: AnswerBox,
        _ early: [AnswerBox.Answer]
    ) throws(SystemError) {
        self.loop = loop
        patience = options.patience
        self.queue = queue
        self.answers = answers
        // Cancelled in `deinit`, so it is never called without the store.
        watch = try loop.watch(answers.descriptor, for: .read) { [unowned self] _ in
            for answer in self.answers.takeAll() { handle(answer) }
        }
        guard !early.isEmpty else { return }
        loop.schedule(at: loop.now) { [weak self] in
            for answer in early { self?.handle(answer) }
        }
    }

    deinit {
        if let watch { loop.cancel(watch) }
        // The writer writes what it has, and ends.
        queue.end(now: loop.now)
    }

    // MARK: Writing

    /// Writes an item down. `then` is called on the loop, once: durable, or not and why. Without it
    /// the item may wait 200 ms for others.
    package func store(_ item: StoredItem, then: ((StoreOutcome) -> Void)? = nil) {
        let ticket = then.map(enlist)
        guard !queue.put(item, ticket: ticket, now: loop.now) else { return }
        counters.itemsRefused += 1
        if let ticket { refuse(ticket) }
    }

    package func storeGeneration(_ generation: UInt32, then: @escaping (StoreOutcome) -> Void) {
        queue.put(generation: generation, ticket: enlist(then), now: loop.now)
    }

    /// Whom the node knows, in place of what was stored before.
    package func storeMembers(_ members: [MemberEntry]) {
        queue.put(members: members, now: loop.now)
    }

    /// A look of this node's own. It is written when it has company, within five minutes.
    package func record(_ look: LookRecord) {
        if !queue.put(look, now: loop.now) { counters.looksDropped += 1 }
    }

    /// A flip that this node believes; one that it has already changes nothing.
    package func record(_ flip: FlipRecord) {
        if !queue.put(.certified(flip), now: loop.now) { counters.flipsDropped += 1 }
    }

    /// A flip of a chain that was followed and has lost: no incident is made of it.
    package func recordLost(_ flip: FlipID) {
        if !queue.put(.lost(flip), now: loop.now) { counters.flipsDropped += 1 }
    }

    // MARK: Reading

    /// Rows that one question is answered with at the most.
    package static let rowsMax = 1_000

    /// This node's looks at a check, newest first.
    package func looks(
        of check: CheckID, until end: WallTime = .init(milliseconds: .max), limit: Int,
        then: @escaping (Result<[LookRecord], DiskFault>) -> Void
    ) {
        ask(.looks(of: check, until: end, limit: min(limit, Self.rowsMax)), .looks(then))
    }

    /// Incidents that began at or after `from` and before `end`, newest first.
    package func incidents(
        of check: CheckID? = nil, from: WallTime = .init(milliseconds: 0),
        before end: WallTime = .init(milliseconds: .max), limit: Int,
        then: @escaping (Result<[IncidentRecord], DiskFault>) -> Void
    ) {
        ask(
            .incidents(of: check, from: from, before: end, limit: min(limit, Self.rowsMax)),
            .incidents(then))
    }

    package func flip(
        _ id: FlipID, then: @escaping (Result<FlipRecord?, DiskFault>) -> Void
    ) {
        ask(.flip(id), .flip(then))
    }

    private func ask(_ what: WriteQueue.Query.What, _ waiter: QueryWaiter) {
        lastQuery += 1
        let number = lastQuery
        queries[number] = waiter
        guard !isEnding, queue.put(.init(number: number, what: what), now: loop.now) else {
            counters.queriesRefused += 1
            let fault = DiskFault(.overflow, "too many questions about the history at once")
            loop.schedule(at: loop.now) { [weak self] in self?.fail(number, fault) }
            return
        }
    }

    private func fail(_ number: UInt64, _ fault: DiskFault) {
        switch queries.removeValue(forKey: number) {
        case .looks(let then): then(.failure(fault))
        case .incidents(let then): then(.failure(fault))
        case .flip(let then): then(.failure(fault))
        case nil: break
        }
    }

    // MARK: The end

    /// Writes everything that waits, closes the files, and calls `then`. Nothing may be handed over
    /// afterwards. On a disk that hangs it may never be called.
    package func end(then: @escaping () -> Void) {
        isEnding = true
        ended = then
        queue.end(now: loop.now)
    }

    // MARK: Who waits

    private func enlist(_ then: @escaping (StoreOutcome) -> Void) -> UInt64 {
        lastTicket += 1
        waiting.append(Waiter(ticket: lastTicket, since: loop.now, then: then))
        timePatience()
        return lastTicket
    }

    /// Never in the same breath: who asked is in the middle of something.
    private func refuse(_ ticket: UInt64) {
        let fault = DiskFault(.overflow, "too many writes wait for the disk")
        loop.schedule(at: loop.now) { [weak self] in
            guard let self,
                let place = waiting[firstWaiting...].firstIndex(where: { $0.ticket == ticket })
            else { return }
            counters.writesNotDurable += 1
            waiting.remove(at: place).then(.notDurable(fault))
        }
    }

    private func settle(upTo ticket: UInt64, _ outcome: StoreOutcome) {
        while firstWaiting < waiting.count, waiting[firstWaiting].ticket <= ticket {
            let waiter = waiting[firstWaiting]
            firstWaiting += 1
            if case .notDurable = outcome { counters.writesNotDurable += 1 }
            waiter.then(outcome)
        }
        // Those that are over leave together, or each would move all the others.
        guard firstWaiting == waiting.count || firstWaiting > 4_096 else { return }
        waiting.removeFirst(firstWaiting)
        firstWaiting = 0
    }

    private func timePatience() {
        guard !isPatienceTimed, firstWaiting < waiting.count else { return }
        isPatienceTimed = true
        loop.schedule(at: waiting[firstWaiting].since + patience) { [weak self] in
            self?.losePatience()
        }
    }

    private func losePatience() {
        isPatienceTimed = false
        defer { timePatience() }
        let late = waiting[firstWaiting...].last { loop.now - $0.since >= patience }
        guard let late else { return }
        let fault = DiskFault(.slow, "a write has not come back for \(patience.milliseconds) ms")
        if faults[.state] == nil { handle(.event(.fault(.state, fault))) }
        settle(upTo: late.ticket, .notDurable(fault))
    }

    // MARK: What the writer says

    private func handle(_ answer: AnswerBox.Answer) {
        switch answer {
        case .opened: break
        case .settled(let ticket, let outcome):
            settle(upTo: ticket, outcome)
            if outcome == .durable, faults[.state]?.kind == .slow {
                handle(.event(.over(.state)))
            }
        case .event(let event):
            switch event {
            case .fault(let file, let fault): faults[file] = fault
            case .over(let file): faults[file] = nil
            case .setAside: break
            }
            report(event)
        case .lost(let items, let flips, let looks):
            counters.itemsRefused += items
            counters.flipsDropped += flips
            counters.looksDropped += looks
        case .looks(let number, let found):
            if case .looks(let then)? = queries.removeValue(forKey: number) { then(found) }
        case .incidents(let number, let found):
            if case .incidents(let then)? = queries.removeValue(forKey: number) { then(found) }
        case .flip(let number, let found):
            if case .flip(let then)? = queries.removeValue(forKey: number) { then(found) }
        case .ended:
            ended?()
            ended = nil
        }
    }
}

import Glibc
import MeshChecks
import MeshCore
import MeshHistory
import MeshPlatform
import Synchronization
import Testing

@Suite struct FaultTests {
    /// A child writes one item after the other, notes each that was confirmed, and is killed at a
    /// random moment; whatever it noted must be there.
    @Test(arguments: 0..<8)
    func `kill -9 loses nothing that was confirmed`(_ round: Int) async throws {
        let desk = try Desk()
        let directory = desk.directory
        let microseconds = UInt32(20_000 + 23_000 * round)
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [directory = directory as String, microseconds = microseconds as UInt32] in
            try DetachedThread.start {
                usleep(microseconds)
                _ = kill(getpid(), SIGKILL)
            }
            let loop = try EventLoop()
            let store = try StateStore.open(.init(directory: directory), on: loop)
            let noted = unsafe open("\(directory)/noted", O_WRONLY | O_CREAT | O_APPEND, 0o600)
            var number: UInt32 = 0
            func writeNext() {
                number += 1
                let own = number
                if own % 3 == 0 { store.store(item("batched \(own)", "x")) }
                store.record(flip(UInt64(own), to: .down, from: .up, at: UInt64(own)))
                store.store(item("\(own)", "value \(own)")) { outcome in
                    precondition(outcome == .durable)
                    var bytes = own
                    // Four bytes of our own; a file's pages survive the process.
                    precondition(unsafe write(noted, &bytes, 4) == 4)
                    writeNext()
                }
            }
            for _ in 0..<8 { writeNext() }
            try loop.run()
        }
        let noted = try Self.numbers(in: "\(directory)/noted")
        desk.options.lockWait = 2_000
        let store = try desk.open()
        let values = Dictionary(
            uniqueKeysWithValues: store.restored.items.map { ($0.key, $0.value ?? []) })
        for number in noted {
            #expect(values[Array("\(number)".utf8)] == Array("value \(number)".utf8))
        }
        #expect(desk.events.isEmpty)
        try desk.end(store)
    }

    private static func numbers(in path: String) throws -> [UInt32] {
        let descriptor = unsafe open(path, O_RDONLY)
        // Killed before it had opened it.
        guard descriptor >= 0 else { return [] }
        defer { _ = close(descriptor) }
        var numbers: [UInt32] = []
        var number: UInt32 = 0
        while unsafe read(descriptor, &number, 4) == 4 { numbers.append(number) }
        return numbers
    }

    /// A limit on the size of files needs no rights and no second disk.
    @Test func `a file that can't grow is told, keeps nobody waiting, and is caught up with later`()
        async throws
    {
        let desk = try Desk()
        let directory = desk.directory
        await #expect(processExitsWith: .success) {
            [directory = directory as String] in
            signal(SIGXFSZ, SIG_IGN)
            let loop = try EventLoop()
            let store = try StateStore.open(.init(directory: directory), on: loop)
            var events: [DiskEvent] = []
            store.report = { events.append($0) }
            var limit = rlimit(rlim_cur: 200_000, rlim_max: rlim_t.max)
            precondition(unsafe setrlimit(__rlimit_resource_t(1), &limit) == 0)
            var outcomes: [StoreOutcome] = []
            for number in 0..<100 {
                let value = String(repeating: "x", count: 5_000)
                store.store(item("k\(number)", value)) { outcomes.append($0) }
                while outcomes.count <= number { try loop.turn(waitMax: .seconds(1)) }
            }
            // SQLite calls a file that may not grow an I/O error, and only ENOSPC full.
            guard case .notDurable(let fault)? = outcomes.last, fault.kind == .inputOutput,
                outcomes.first == .durable, store.faults[.state]?.kind == .inputOutput
            else { exit(1) }
            limit.rlim_cur = rlim_t.max
            precondition(unsafe setrlimit(__rlimit_resource_t(1), &limit) == 0)
            while !events.contains(.over(.state)) { try loop.turn(waitMax: .seconds(1)) }
            precondition(store.faults[.state] == nil)
            var isEnded = false
            store.end { isEnded = true }
            while !isEnded { try loop.turn(waitMax: .seconds(1)) }
            exit(0)
        }
        let store = try desk.open()
        #expect(store.restored.items.count == 100)
        try desk.end(store)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "takes root, and a kernel that lets it mount"))
    func `a full disk is told, keeps nobody waiting, and is caught up with once it has room`()
        throws
    {
        let desk = try Desk()
        let disk = try SmallDisk(at: "\(desk.directory)/disk", byteCount: 1 << 20)
        desk.options.directory = disk.path
        let store = try desk.open()
        #expect(try desk.store(item("first", "x"), in: store) == .durable)
        try disk.fill()
        var outcomes: [StoreOutcome] = []
        for number in 0..<20 {
            let value = String(repeating: "x", count: 5_000)
            outcomes.append(try desk.store(item("k\(number)", value), in: store))
        }
        guard case .notDurable(let fault)? = outcomes.last else {
            Issue.record("expected a full disk: \(outcomes)")
            return
        }
        #expect(fault.kind == .full)
        #expect(desk.events == [.fault(.state, fault)])

        // A node that starts on a full disk has what it wrote down, and goes on.
        let stored = outcomes.count { $0 == .durable } + 1
        try desk.end(store)
        let second = try desk.open()
        #expect(second.restored.items.count >= stored)
        guard case .notDurable = try desk.store(item("again", fault.description), in: second)
        else {
            Issue.record("expected a full disk still")
            return
        }
        try disk.makeRoom()
        try desk.run { desk.events.contains(.over(.state)) }
        #expect(second.faults.isEmpty)
        try desk.end(second)
        let third = try desk.open()
        #expect(third.restored.items.contains(item("again", fault.description)))
        try desk.end(third)
    }

    @Test func `a file that is removed under the node is told of, once and for good`() throws {
        let desk = try Desk()
        desk.options.upkeepPeriod = .milliseconds(1)
        let store = try desk.open()
        #expect(try desk.store(item("a", "1"), in: store) == .durable)
        #expect(store.faults.isEmpty)
        #expect(unsafe unlink("\(desk.directory)/state.db") == 0)
        try desk.run { store.faults[.state]?.kind == .gone }
        #expect(try desk.store(item("a", "2"), in: store) == .durable)
        #expect(store.faults[.state]?.kind == .gone)
        #expect(desk.events.count == 1)
        try desk.end(store)
    }

    @Test func `a disk that hangs keeps nobody waiting`() throws {
        let desk = try Desk()
        let isHanging = Mutex(false)
        desk.options.upkeepPeriod = .milliseconds(1)
        desk.options.patience = .milliseconds(500)
        // Asked for by the writer's own thread: who does not answer holds it up.
        desk.options.wallTime = {
            while isHanging.withLock({ $0 }) { usleep(1_000) }
            return time(0)
        }
        let store = try desk.open()
        #expect(try desk.store(item("a", "1"), in: store) == .durable)
        isHanging.withLock { $0 = true }
        var outcome: StoreOutcome?
        // One may be written before the writer comes to its upkeep.
        try desk.run {
            if outcome != .durable, outcome != nil { return true }
            store.store(item("a", "2")) { outcome = $0 }
            return false
        }
        guard case .notDurable(let fault)? = outcome else { return }
        #expect(fault.kind == .slow)
        #expect(store.faults[.state]?.kind == .slow)
        isHanging.withLock { $0 = false }
        try desk.run { desk.events.contains(.over(.state)) }
        #expect(store.faults.isEmpty)
        try desk.end(store)
    }
}

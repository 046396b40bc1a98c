import Glibc
import MeshChecks
import MeshCore
import MeshHistory
import MeshMembership
import MeshPlatform
import Testing

@Suite struct StoreTests {
    @Test func `what was confirmed is found again`() throws {
        let desk = try Desk()
        let members = (0..<3).map { number in
            MemberEntry(
                secondsEnded: 0, alive: Update(kind: UpdateKind.alive, body: [number, 2, 3]),
                claim: nil)
        }
        do {
            let store = try desk.open()
            #expect(store.restored.generation == 0 && store.restored.items.isEmpty)
            var generation: StoreOutcome?
            store.storeGeneration(7) { generation = $0 }
            store.store(item("a", "1"))
            store.store(item("b", "2"))
            store.storeMembers(members)
            #expect(try desk.store(item("a", "3"), in: store) == .durable)
            #expect(try desk.store(item("b", nil), in: store) == .durable)
            #expect(try desk.store(item("empty", ""), in: store) == .durable)
            #expect(generation == .durable)
            try desk.end(store)
        }
        let store = try desk.open()
        #expect(store.restored.generation == 7)
        #expect(store.restored.items == [item("a", "3"), item("empty", "")])
        #expect(store.restored.members == members)
        try desk.end(store)
    }

    @Test func `the files are readable by their owner alone`() throws {
        let desk = try Desk()
        let store = try desk.open()
        #expect(try desk.store(item("a", "1"), in: store) == .durable)
        for file in desk.files {
            var found = stat()
            #expect(unsafe stat("\(desk.directory)/\(file)", &found) == 0)
            #expect(found.st_mode & 0o777 == 0o600, "\(file)")
        }
        try desk.end(store)
    }

    @Test func `items that nobody waits for are written soon, all the same`() throws {
        let desk = try Desk()
        var store: StateStore? = try desk.open()
        for number in 0..<100 { store?.store(item("k\(number)", "v")) }
        var looks: [IncidentRecord]?
        // An answer to a later question comes after the writes before it.
        store?.incidents(limit: 1) { looks = try? $0.get() }
        try desk.run { looks != nil }
        // Let go of without a word, it writes what it has.
        store = nil
        var found = 0
        try desk.run {
            guard let again = try? desk.open() else { return false }
            found = again.restored.items.count
            return true
        }
        #expect(found == 100)
    }

    @Test func `a thousand items that all wait are confirmed together`() throws {
        let desk = try Desk()
        let store = try desk.open()
        var confirmed: [Int] = []
        let began = SystemClock.now
        for number in 0..<1_000 {
            store.store(item("k\(number)", "v\(number)")) { outcome in
                #expect(outcome == .durable)
                confirmed.append(number)
            }
        }
        try desk.run { confirmed.count == 1_000 }
        #expect(confirmed == Array(0..<1_000))
        // A thousand commits of their own would take a thousand times the disk's latency.
        #expect(SystemClock.now - began < .seconds(2))
        try desk.end(store)
    }

    @Test func `a second node on one data directory is refused`() throws {
        let desk = try Desk()
        let store = try desk.open()
        #expect(throws: StateOpenError.inUse(path: "\(desk.directory)/state.db")) {
            _ = try StateStore.open(desk.options, on: desk.loop)
        }
        #expect(try desk.store(item("a", "1"), in: store) == .durable)
        try desk.end(store)
        try desk.end(try desk.open())
    }

    @Test func `a corrupt file is set aside and told, and an empty one takes its place`() throws {
        let desk = try Desk()
        let first = try desk.open()
        for number in 0..<2_000 { first.store(item("k\(number)", "some value")) }
        try desk.end(first)
        // In the middle of a page, so that only reading through finds it.
        try desk.damage(.state, at: 3 * 4_096, with: Array(repeating: 0xAB, count: 2_000))
        let store = try desk.open()
        #expect(store.restored.items.isEmpty)
        try desk.run { !desk.events.isEmpty }
        guard case .setAside(.state, let path, _) = desk.events[0] else {
            Issue.record("expected it to be set aside: \(desk.events)")
            return
        }
        #expect(path.hasPrefix("\(desk.directory)/state.db.corrupt-20"))
        #expect(desk.files.contains { path.hasSuffix($0) })
        #expect(store.faults.isEmpty)
        #expect(try desk.store(item("a", "1"), in: store) == .durable)
        try desk.end(store)
        let again = try desk.open()
        #expect(again.restored.items == [item("a", "1")])
        try desk.end(again)
    }

    @Test(arguments: StateFile.allCases)
    func `what is no database at all is set aside`(_ file: StateFile) throws {
        let desk = try Desk()
        try desk.damage(file, at: 0, with: Array("this is not a database, is it?".utf8))
        let store = try desk.open()
        try desk.run { !desk.events.isEmpty }
        guard case .setAside(file, _, _) = desk.events[0] else {
            Issue.record("expected it to be set aside: \(desk.events)")
            return
        }
        #expect(try desk.store(item("a", "1"), in: store) == .durable)
        try desk.end(store)
    }

    @Test func `another program's file, or a later version's, is refused and left alone`() throws {
        let desk = try Desk()
        try desk.end(try desk.open())
        // The header's user_version, and its application_id.
        try desk.damage(.state, at: 60, with: [0, 0, 0, 99])
        #expect(
            throws: StateOpenError.tooNew(
                path: "\(desk.directory)/state.db", version: 99, known: 1)
        ) { _ = try StateStore.open(desk.options, on: desk.loop) }
        try desk.damage(.state, at: 68, with: [1, 2, 3, 4])
        #expect(throws: StateOpenError.foreign(path: "\(desk.directory)/state.db")) {
            _ = try StateStore.open(desk.options, on: desk.loop)
        }
        #expect(!desk.files.contains { $0.contains("corrupt") })
    }

    @Test func `a directory that can't be made is told with its path`() throws {
        let desk = try Desk()
        desk.options.directory = "\(desk.directory)/missing/too"
        #expect {
            _ = try StateStore.open(desk.options, on: desk.loop)
        } throws: { error in
            "\(error)".hasPrefix("\(desk.options.directory): mkdir: No such file")
        }
    }
}

import MeshChecks
import MeshCore
import MeshHistory
import MeshPlatform
import Synchronization
import Testing

@Suite struct HistoryTests {
    private func looks(
        _ desk: Desk, _ store: StateStore, of checked: CheckID = check(1), limit: Int = 1_000
    ) throws -> [LookRecord] {
        var found: Result<[LookRecord], DiskFault>?
        store.looks(of: checked, limit: limit) { found = $0 }
        try desk.run { found != nil }
        return try #require(found).get()
    }

    private func incidents(
        _ desk: Desk, _ store: StateStore, of checked: CheckID? = nil,
        from: WallTime = time(0), limit: Int = 100
    ) throws -> [IncidentRecord] {
        var found: Result<[IncidentRecord], DiskFault>?
        store.incidents(of: checked, from: from, limit: limit) { found = $0 }
        try desk.run { found != nil }
        return try #require(found).get()
    }

    @Test func `looks come back as they were, newest first, from memory and from the file`() throws
    {
        let desk = try Desk()
        desk.options.wallTime = { time(101) }
        let outcomes: [Observation.Outcome] = [
            .saw(.up, .none), .saw(.down, Reason("connection refused")),
            .saw(.down, Reason("connection refused")), .abstained(.noResolver),
            .saw(.degraded, Reason("slow — 3 s")),
        ]
        let written = (0..<100).map { number in
            LookRecord(
                check: check(1), at: time(UInt64(number)),
                observation: Observation(
                    outcomes[number % 5], latency: .microseconds(Int64(number) * 1_234)))
        }
        do {
            let store = try desk.open()
            for look in written {
                store.record(look)
                var other = look
                other.check = check(2)
                store.record(other)
            }
            #expect(try looks(desk, store) == written.reversed())
            #expect(try looks(desk, store, limit: 40) == Array(written.reversed().prefix(40)))
            try desk.end(store)
        }
        let store = try desk.open()
        #expect(try looks(desk, store) == written.reversed())
        #expect(try looks(desk, store, of: check(2)).count == 100)
        #expect(try looks(desk, store, of: check(3)).isEmpty)
        try desk.end(store)
    }

    @Test func `looks older than they are kept go, slice by slice`() throws {
        let desk = try Desk()
        let clock = Mutex(time(0))
        desk.options.wallTime = { clock.withLock { $0 } }
        desk.options.upkeepPeriod = .milliseconds(5)
        let store = try desk.open()
        // More checks than a slice has rows; each look in a chunk of its own.
        for number in 0..<1_200 {
            store.record(
                LookRecord(
                    check: check(UInt64(number)), at: time(0),
                    observation: Observation(.saw(.up, .none), latency: .zero)))
        }
        #expect(try looks(desk, store, of: check(1_100)).count == 1)
        clock.withLock { $0 = time(24 * 3_600 - 1) }
        #expect(try looks(desk, store, of: check(1_100)).count == 1)
        clock.withLock { $0 = time(24 * 3_600 + 1) }
        var left = 1_200
        try desk.run {
            left = (0..<1_200).count { number in
                number % 100 == 0
                    && (try? looks(desk, store, of: check(UInt64(number))).isEmpty) == false
            }
            return left == 0
        }
        try desk.end(store)
    }

    @Test func `an incident is from the flip away from up to the flip back`() throws {
        let desk = try Desk()
        let store = try desk.open()
        store.record(flip(1, to: .up, from: nil, at: 0))
        store.record(flip(2, to: .degraded, from: .up, at: 10))
        store.record(flip(3, to: .down, from: .degraded, at: 20))
        store.record(flip(4, to: .up, from: .down, at: 30))
        store.record(flip(5, to: .down, from: .up, at: 40))
        store.record(flip(1, of: check(2), to: .down, from: nil, at: 25, birth: 9))
        let found = try incidents(desk, store)
        #expect(found.map(\.startedAt) == [time(40), time(25), time(10)])
        #expect(found.map(\.endedAt) == [nil, nil, time(30)])
        #expect(found.map(\.state) == [.down, .down, .down])
        #expect(found.map(\.epoch) == [5, 1, 2])
        #expect(found[2].flip == flip(2, to: .up, from: nil, at: 0).id)
        #expect(found[2].reason.text == "because 2")
        #expect(found[2].confirmedBy.count == 2)
        #expect(found[2].name == "website")
        #expect(try incidents(desk, store, of: check(2)).count == 1)
        #expect(try incidents(desk, store, from: time(25)).count == 2)
        #expect(try incidents(desk, store, limit: 1).map(\.epoch) == [5])
        try desk.end(store)
    }

    @Test func `flips that come late, twice or not at all make no second incident`() throws {
        let desk = try Desk()
        let store = try desk.open()
        // 4 was never heard of; 3 comes after 5; 2 comes again.
        store.record(flip(2, to: .down, from: .up, at: 10))
        store.record(flip(5, to: .down, from: .up, at: 40))
        store.record(flip(3, to: .up, from: .down, at: 20))
        store.record(flip(2, to: .down, from: .up, at: 10))
        // Its parent, the flip away from up, was never heard of.
        store.record(flip(8, of: check(2), to: .down, from: .degraded, at: 50, birth: 3))
        let found = try incidents(desk, store)
        #expect(found.map(\.startedAt) == [time(50), time(40), time(10)])
        #expect(found.map(\.endedAt) == [nil, nil, time(20)])
        try desk.end(store)
    }

    @Test func `an incident whose end nobody here saw ends where the next begins`() throws {
        let desk = try Desk()
        let store = try desk.open()
        store.record(flip(2, to: .down, from: .up, at: 10))
        store.record(flip(4, to: .down, from: .up, at: 40))
        #expect(try incidents(desk, store).map(\.endedAt) == [nil, time(40)])
        try desk.end(store)
    }

    @Test func `a flip of a chain that lost makes no incident, until it wins after all`() throws {
        let desk = try Desk()
        let store = try desk.open()
        let lost = flip(2, to: .down, from: .up, at: 10)
        store.record(lost)
        store.recordLost(lost.id)
        #expect(try incidents(desk, store).isEmpty)
        store.record(lost)
        #expect(try incidents(desk, store).count == 1)
        try desk.end(store)
    }

    @Test func `a flip's certificate is found by its id`() throws {
        let desk = try Desk()
        let store = try desk.open()
        let kept = flip(2, to: .down, from: .up, at: 10)
        store.record(kept)
        var found: [FlipRecord?] = []
        store.flip(kept.id) { found.append(try? $0.get()) }
        store.flip(flipID(99)) { found.append(try? $0.get()) }
        try desk.run { found.count == 2 }
        #expect(found == [kept, nil])
        try desk.end(store)
    }

    @Test func `too many questions at once are refused, and answered all the same`() throws {
        let desk = try Desk()
        let store = try desk.open()
        var answered = 0
        var refused = 0
        for _ in 0..<2_000 {
            store.incidents(limit: 1) { result in
                answered += 1
                if case .failure(let fault) = result, fault.kind == .overflow { refused += 1 }
            }
        }
        try desk.run { answered == 2_000 }
        #expect(refused > 0 && refused == store.counters.queriesRefused)
        try desk.end(store)
    }
}

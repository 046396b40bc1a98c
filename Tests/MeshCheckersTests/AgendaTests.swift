import MeshCore
import MeshPlatform
import MeshTestSupport
import Testing

@testable import MeshCheckers

struct AgendaTests {
    private let loop: EventLoop
    private let called = Heard<UInt64>()
    private let agenda: Agenda

    init() throws {
        loop = try EventLoop()
        agenda = Agenda(on: loop) { [called] in called.all.append($0) }
    }

    @Test func `a number is called once, at the last time that it was given`() throws {
        let now = loop.now
        agenda.set(1, at: now + .milliseconds(5))
        agenda.set(2, at: now + .milliseconds(20))
        agenda.set(3, at: now + .milliseconds(10))
        // Put off, and brought forward.
        agenda.set(1, at: now + .milliseconds(30))
        agenda.set(2, at: now + .milliseconds(2))
        try loop.run { called.count == 3 }
        #expect(called.all == [2, 3, 1] && loop.now >= now + .milliseconds(30))
        #expect(agenda.queuedCount == 0)
    }

    @Test func `one that was removed is not called`() throws {
        let now = loop.now
        for number in 1...3 { agenda.set(UInt64(number), at: now + .milliseconds(5)) }
        agenda.remove(2)
        // One without a time of its own would go on by what it left behind.
        agenda.remove(1)
        agenda.set(1, at: now + .milliseconds(10))
        try loop.run { called.count == 2 }
        #expect(called.all == [3, 1])
    }

    @Test func `times left behind do not pile up, and none that counts is lost`() throws {
        let now = loop.now
        agenda.set(1, at: now + .milliseconds(50))
        for number in 0..<10_000 {
            let number = UInt64(number) + 2
            agenda.set(number, at: now + .seconds(60))
            agenda.remove(number)
        }
        #expect(agenda.queuedCount <= Agenda.leftOverMax + 3)
        try loop.run { called.count == 1 }
        // What is behind it counts for nothing, and the loop is not woken for it.
        #expect(called.all == [1] && agenda.queuedCount == 0)
    }
}

import MeshChecks
import MeshCore
import MeshNotices
import Testing

@testable import MeshEngine

/// What a node reports of itself, and which views of its side of a cut are ripe.
struct WatchTests {
    private static let check = CheckID(Bytes16(high: 7, low: 7))

    private static let own = NodeID(Bytes16(high: 1, low: 1))
    private static func name(_ node: NodeID) -> String { "\(node.bytes.high)" }

    private func at(_ seconds: Int64) -> Instant { .zero + .seconds(seconds) }

    // MARK: Itself

    @Test func `a healthy node never reports`() {
        var watch = SelfWatch(.init(), id: Self.own)
        watch.restore(NodeReport([], RecordText("")), now: at(0))
        for second in 1...600 as ClosedRange<Int64> {
            watch.note(unwatched: [], UnwatchedSight(), name: Self.name, now: at(second))
            #expect(watch.takeReport(now: at(second)) == nil)
        }
    }

    @Test func `a fault is reported once, and that it is over, at most twice a minute`() {
        var watch = SelfWatch(.init(), id: Self.own)
        watch.restore(NodeReport([], RecordText("")), now: at(0))
        watch.note(.fullDisk, "/var is full")
        #expect(watch.takeReport(now: at(29)) == nil)
        #expect(
            watch.takeReport(now: at(30)) == NodeReport(.fullDisk, RecordText("/var is full")))
        watch.note(.fullDisk, "/var is still full")
        #expect(watch.takeReport(now: at(100)) == nil)
        watch.note(.fullDisk, nil)
        #expect(watch.takeReport(now: at(110)) == NodeReport([], RecordText("")))
        #expect(watch.takeReport(now: at(200)) == nil)
    }

    @Test func `what was reported before the start is taken back if it is over`() {
        var watch = SelfWatch(.init(), id: Self.own)
        watch.restore(NodeReport(.wrongClock, RecordText("")), now: at(0))
        #expect(watch.takeReport(now: at(30)) == NodeReport([], RecordText("")))
    }

    // MARK: Partial views

    @Test func `a view is ripe when it has stood for the grace, each state for itself`() {
        var watch = PartialWatch()
        watch.note(.degraded, of: Self.check, now: at(0))
        watch.note(.down, of: Self.check, now: at(200))
        #expect(watch.due(after: .minutes(5), now: at(499)).isEmpty)
        let due = watch.due(after: .minutes(5), now: at(500))
        #expect(due.map(\.view.state) == [.down])
    }

    @Test func `one that is gone for a moment has not begun anew`() {
        var watch = PartialWatch()
        watch.note(.down, of: Self.check, now: at(0))
        watch.note(nil, of: Self.check, now: at(290))
        #expect(watch.due(after: .minutes(5), now: at(300)).isEmpty)
        #expect(watch.takePassed(after: .seconds(30), now: at(300)).isEmpty)
        watch.note(.down, of: Self.check, now: at(310))
        #expect(watch.due(after: .minutes(5), now: at(310)).count == 1)
        watch.note(nil, of: Self.check, now: at(320))
        #expect(watch.takePassed(after: .seconds(30), now: at(350)) == [Self.check])
        #expect(watch.isEmpty)
    }

    @Test func `the chain's time to confirm counts from when the view is known with the majority`()
    {
        var watch = PartialWatch()
        #expect(watch.ages(ofOpen: [Self.check], now: at(10)).map(\.since) == [at(10)])
        #expect(watch.ages(ofOpen: [Self.check], now: at(20)).map(\.since) == [at(10)])
        watch.forgetOpen()
        #expect(watch.ages(ofOpen: [Self.check], now: at(30)).map(\.since) == [at(30)])
        #expect(watch.ages(ofOpen: [], now: at(40)).isEmpty)
        #expect(watch.ages(ofOpen: [Self.check], now: at(50)).map(\.since) == [at(50)])
    }
}

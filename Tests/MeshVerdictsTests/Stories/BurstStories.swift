import MeshChecks
import MeshCore
import Testing

@testable import MeshVerdicts

/// Many checks that fail at once: a dead uplink or a dead region (section 6).
struct BurstStories {
    private func bench(_ nodes: Int = 5, zones: [String] = ["eu", "us"]) -> Bench {
        var bench = Bench(nodes, zones: zones, checks: 48)
        bench.run(for: .seconds(25))
        return bench
    }

    private func standing(of seat: Int, at reader: Int, _ bench: Bench) -> Int {
        bench.checks.count { check in
            bench.seats[reader].verdicts.view(of: check.id, now: bench.now)?.verdicts
                .contains { $0.node == bench.seats[seat].node && $0.stance == .dissents(.down) }
                ?? false
        }
    }

    @Test func `a dead uplink of one node is silent`() {
        var bench = bench()
        for check in bench.checks.indices { bench.targetFails(check: check, for: [0]) }
        bench.run(for: .seconds(60))
        for check in bench.checks.indices { #expect(bench.epoch(check: check) == 1) }
        for reader in bench.all { #expect(standing(of: 0, at: reader, bench) == 0) }
    }

    @Test func `one whose uplink is back says again what it sees`() {
        var bench = bench()
        for check in bench.checks.indices { bench.targetFails(check: check, for: [0]) }
        bench.run(for: .seconds(60))
        bench.seeAsItIs(at: 0)
        bench.run(for: .seconds(15))
        bench.targetFails()
        bench.run(for: .seconds(25))
        #expect(bench.state() == .down)
        #expect(bench.stances(at: 0).last == .dissents(.down))
    }

    @Test func `what really fails in many places is told`() {
        var bench = bench()
        for check in bench.checks.indices { bench.targetFails(check: check) }
        bench.run(for: .seconds(60))
        for check in bench.checks.indices { #expect(bench.state(check: check) == .down) }
    }

    @Test func `a zone that is alone believes its own`() {
        var bench = bench(3, zones: ["eu"])
        for check in bench.checks.indices { bench.targetFails(check: check) }
        bench.run(for: .seconds(60))
        for check in bench.checks.indices { #expect(bench.state(check: check) == .down) }
    }

    @Test func `a zone that cannot see what another can is silent`() {
        var bench = bench(6, zones: ["eu", "us"])
        for check in bench.checks.indices { bench.targetFails(check: check, for: [0, 2, 4]) }
        bench.run(for: .seconds(60))
        for check in bench.checks.indices { #expect(bench.epoch(check: check) == 1) }
    }

    @Test func `a zone that is left alone believes its own after the grace, not before`() {
        // 0, 2 and 4 are in eu; us is lost, and much with it.
        var bench = bench(5, zones: ["eu", "us"])
        bench.kill(1)
        bench.kill(3)
        bench.run(for: .seconds(4))
        for check in bench.checks.indices { bench.targetFails(check: check) }
        bench.run(for: .seconds(40))
        for check in bench.checks.indices { #expect(bench.epoch(check: check) == 1) }
        bench.run(for: .seconds(50))
        for check in bench.checks.indices { #expect(bench.state(check: check) == .down) }
    }

    @Test(arguments: [(15, false), (16, true)])
    func `sixteen checks are a burst, if they are a quarter of all`(_ count: Int, _ isOne: Bool) {
        for duties in [4 * count, 4 * count + 4] {
            var guarded = BurstGuard(VerdictParameters())
            for check in 0..<count {
                _ = guarded.fail(check, duties: duties, window: .seconds(10), now: Bench.start)
            }
            #expect(guarded.allowsDissent == !(isOne && duties == 4 * count))
        }
    }

    @Test func `half of a sample of sixteen that others see ends the doubt`() {
        var guarded = BurstGuard(VerdictParameters())
        for check in 0..<40 {
            _ = guarded.fail(check, duties: 60, window: .seconds(10), now: Bench.start)
        }
        #expect(guarded.sample.count == 16)
        #expect(!guarded.allowsDissent)
        for check in guarded.sample.prefix(7) {
            let isOver = guarded.corroborate(check, now: Bench.start)
            #expect(!isOver)
        }
        // What is not in the sample proves nothing about it.
        let isOver = guarded.corroborate(39, now: Bench.start)
        #expect(!isOver && !guarded.allowsDissent)
        let isOverNow = guarded.corroborate(guarded.sample[7], now: Bench.start)
        #expect(isOverNow && guarded.allowsDissent)
    }

    @Test func `a lone node has nobody to ask`() {
        var bench = Bench(1, checks: 40)
        bench.run(for: .seconds(25))
        for check in bench.checks.indices { bench.targetFails(check: check) }
        bench.run(for: .seconds(40))
        for check in bench.checks.indices { #expect(bench.state(check: check) == .down) }
    }

    @Test func `one check that comes and goes is no burst`() {
        var guarded = BurstGuard(VerdictParameters())
        var now = Bench.start
        for _ in 0..<40 {
            let isBurst = guarded.fail(7, duties: 20, window: .seconds(60), now: now)
            #expect(!isBurst)
            guarded.clear(7)
            now = now + .milliseconds(600)
        }
        #expect(guarded.allowsDissent)
    }

    @Test func `failures that are long past do not make a burst with new ones`() {
        var guarded = BurstGuard(VerdictParameters())
        for check in 0..<15 {
            _ = guarded.fail(check, duties: 20, window: .seconds(10), now: Bench.start)
        }
        let later = Bench.start + .seconds(11)
        let isBurst = guarded.fail(15, duties: 20, window: .seconds(10), now: later)
        #expect(!isBurst)
    }
}

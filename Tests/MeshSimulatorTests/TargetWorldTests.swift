import MeshChecks
import MeshCore
import Testing

@testable import MeshSimulator

struct TargetWorldTests {
    private func second(_ count: Int64) -> Instant { .zero + .seconds(count) }

    @Test func `a place's own sight outweighs its zone's, which outweighs everybody's`() {
        var targets = TargetWorld(checkCount: 2, placeCount: 3)
        targets.set(0, .degraded, at: second(1))
        targets.set(0, inZone: 1, .refusing, at: second(2))
        targets.set(0, atPlace: 2, .up, at: second(3))
        let states = [(0, 0), (1, 1), (2, 1)].map { place, zone in
            targets.state(of: 0, from: place, in: zone, at: second(4))
        }
        #expect(states == [.degraded, .down, .up])
        #expect(targets.state(of: 1, from: 1, in: 1, at: second(4)) == .up, "another check")
        targets.set(0, inZone: 1, nil, at: second(5))
        #expect(targets.state(of: 0, from: 1, in: 1, at: second(6)) == .degraded)
    }

    @Test func `a flapping target is up for the first half of its period`() {
        var targets = TargetWorld(checkCount: 1, placeCount: 1)
        targets.set(0, .flapping(period: .seconds(10)), at: second(100))
        let seen = [100, 104, 105, 109, 110].map {
            targets.state(of: 0, from: 0, in: 0, at: second($0))
        }
        #expect(seen == [.up, .up, .down, .down, .up])
        #expect(targets.isFlapping(0))
    }

    @Test func `whether a target was down is known afterwards, and for whom`() {
        var targets = TargetWorld(checkCount: 1, placeCount: 2)
        targets.set(0, inZone: 1, .hanging, at: second(10))
        targets.set(0, inZone: 1, nil, at: second(20))
        #expect(targets.wasDown(0, from: 1, in: 1, since: second(15)))
        #expect(!targets.wasDown(0, from: 1, in: 1, since: second(21)))
        #expect(!targets.wasDown(0, from: 0, in: 0, since: .zero), "another zone")
    }

    @Test func `a place is blind by its uplink or by its checker, and counted once`() {
        var targets = TargetWorld(checkCount: 1, placeCount: 2)
        targets.set(.dead, of: 0, at: second(1))
        targets.setCheckerHangs(true, at: 0)
        #expect(targets.blindCount == 1)
        targets.set(.works, of: 0, at: second(5))
        #expect(!targets.canLook(from: 0))
        #expect(targets.wasDead(uplinkOf: 0, since: second(4)))
        #expect(!targets.wasDead(uplinkOf: 0, since: second(6)))
        targets.setCheckerHangs(false, at: 0)
        #expect(targets.blindCount == 0)
    }
}

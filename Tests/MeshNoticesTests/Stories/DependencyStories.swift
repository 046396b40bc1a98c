import MeshChecks
import MeshCore
import Testing

@testable import MeshNotices

/// Of what stands on something that is down nobody is told.
struct DependencyStories {
    private static let base = CheckID(Bytes16(high: 5, low: 5))
    private static let grace = TimeSpan.seconds(30)

    private func village(_ count: Int = 3) throws -> Village {
        let name = try #require(CheckName("gateway"))
        var village = Village(count)
        let dependency = Dependency([.init(Self.base, name)], grace: Self.grace)
        for number in village.all {
            village.act(number) { $0.setDependencies([Names.check: dependency], now: $1) }
        }
        return village
    }

    private func set(_ village: inout Village, down isDown: Bool) {
        for number in village.all {
            village.act(number) { $0.setDown(Self.base, isDown, now: $1) }
        }
    }

    @Test func `an outage is held while what it stands on is down, and says why`() throws {
        var village = try village()
        set(&village, down: true)
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .minutes(10))
        #expect(village.told.isEmpty)
        let status = village.residents[0].notices.views(of: Names.check).map(\.status)
        #expect(status == [.held(Reason("depends on gateway, which is down"))])
        #expect(status.first?.error == "depends on gateway, which is down")
    }

    @Test func `it is told once what it stands on is up again, and it is not`() throws {
        var village = try village()
        set(&village, down: true)
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .minutes(1))
        set(&village, down: false)
        // It is given the time to be seen up itself.
        village.run(for: .seconds(29))
        #expect(village.told.isEmpty)
        let status = village.residents[0].notices.views(of: Names.check).map(\.status)
        #expect(status == [.held(Reason("depends on gateway, which was down until now"))])
        village.run(for: .seconds(5))
        #expect(village.told.map(\.notice.state) == [.down])
    }

    @Test func `what comes up with it is never told`() throws {
        var village = try village()
        set(&village, down: true)
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .minutes(1))
        set(&village, down: false)
        village.run(for: .seconds(10))
        village.learn(village.flip(2, .up, from: .down))
        village.run(for: .minutes(10))
        #expect(village.told.isEmpty)
    }

    @Test func `a recovery is told in any case to who was told of the outage`() throws {
        var village = try village()
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(10))
        set(&village, down: true)
        village.learn(village.flip(2, .up, from: .down))
        village.run(for: .seconds(10))
        #expect(village.told.map(\.notice.state) == [.down, .up])
    }

    @Test func `what goes down again while it is held stays held`() throws {
        var village = try village()
        set(&village, down: true)
        village.learn(village.flip(1, .down, from: .up))
        set(&village, down: false)
        village.run(for: .seconds(20))
        set(&village, down: true)
        village.run(for: .minutes(5))
        #expect(village.told.isEmpty)
    }

    @Test func `another check is told of as ever, and a reload can let go`() throws {
        var village = try village()
        for number in village.all {
            village.act(number) { notices, now in
                let other = CheckID(Bytes16(high: 6, low: 6))
                notices.setDown(other, true, now: now)
            }
        }
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(5))
        #expect(village.told.count == 1)
        var held = try self.village()
        set(&held, down: true)
        held.learn(held.flip(1, .down, from: .up))
        held.run(for: .seconds(5))
        #expect(held.told.isEmpty)
        for number in held.all { held.act(number) { $0.setDependencies([:], now: $1) } }
        held.run(for: .seconds(5))
        #expect(held.told.count == 1)
    }
}

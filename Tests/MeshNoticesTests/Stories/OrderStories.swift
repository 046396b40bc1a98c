import MeshChecks
import MeshCore
import Testing

@testable import MeshNotices

/// Order per check and contact: a recovery after its outage, what was not sent as one.
struct OrderStories {
    @Test func `an outage and its recovery are told in order, under one incident`() {
        var village = Village(5)
        village.learn(village.flip(1, .up, from: nil))
        village.learn(village.flip(2, .down, from: .up))
        village.run(for: .seconds(30))
        village.learn(village.flip(3, .up, from: .down))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.state) == [.down, .up])
        #expect(village.told.map(\.notice.previous) == [.up, .down])
        #expect(Set(village.told.map(\.notice.incident)).count == 1)
    }

    @Test func `unknown to up is never told, unknown to down is`() {
        var village = Village(3)
        village.learn(village.flip(1, .up, from: nil))
        village.run(for: .minutes(5))
        #expect(village.told.isEmpty)
        var other = Village(3)
        other.learn(other.flip(1, .down, from: nil))
        other.run(for: .minutes(5))
        #expect(other.told.map(\.notice.state) == [.down])
    }

    @Test func `a recovery waits for the receipt of an outage that is being sent`() {
        var village = Village(5)
        village.receiversOfNode = [0: .hangs, 1: .hangs, 2: .hangs, 3: .hangs, 4: .hangs]
        village.learn(village.flip(1, .down, from: nil))
        village.run(for: .seconds(2))
        village.learn(village.flip(2, .up, from: .down))
        village.run(for: .seconds(20))
        #expect(village.requests.map(\.state) == [.down])
        // Its lease is renewed all the while.
        #expect(village.claimsSent > 10)
        // The provider says yes after all: the outage was told, now the recovery is.
        village.receiversOfNode = [:]
        let token = village.residents[0].notices.deliveries.keys.first
        if let token { village.act(0) { $0.handle(.sent, for: token, now: $1) } }
        village.run(for: .minutes(5))
        #expect(village.told.map(\.notice.state) == [.up])
        #expect(village.told.map(\.notice.previous) == [.down])
    }

    @Test func `an outage that could not be sent and its recovery become one notice`() {
        var village = Village(3)
        village.receivers = [Names.oncall: .refuses]
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(10))
        village.receivers = [:]
        village.learn(village.flip(2, .up, from: .down))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.state) == [.up])
        #expect(village.told.map(\.notice.previous) == [.down])
        #expect(village.told.map(\.notice.epoch) == [2])
    }

    /// Seed 37 of chaos with 5 nodes and 1,000 checks at 5 % loss: a node came back from a cut of
    /// 42 s, had the majority's ear before anybody had told it what was over, asked owners whom it
    /// still took for dead, and told of an outage 18 s after its recovery had been told.
    @Test func `who was cut off tells nothing from before until the others had time to speak`() {
        var village = Village(5)
        village.receivers = [Names.oncall: .refuses]
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(2))
        village.cut([[0, 1, 2, 3], [4]])
        village.run(for: .seconds(30))
        village.receivers = [:]
        village.learn(village.flip(2, .up, from: .down), at: [0, 1, 2, 3])
        village.run(for: .seconds(20))
        #expect(village.told.map(\.notice.state) == [.up])
        // It has the majority's ear, still takes the owners for dead, and their answers are slow.
        for owner in 0...2 {
            village.act(4) { [node = Names.node(owner)] in
                $0.memberChanged(node, isAlive: false, now: $1)
            }
        }
        for other in 0...3 { village.pause(other, for: .seconds(2)) }
        village.cut([Array(village.all)])
        village.run(for: .seconds(3))
        #expect(village.told.map(\.notice.state) == [.up])
        village.heal()
        village.run(for: .minutes(5))
        #expect(village.told.map(\.notice.state) == [.up])
    }

    /// Seed 211 of chaos with 20 nodes, 100 checks and 25 % loss: a node came back from a cut, heard
    /// of the last flip before it heard what had been told, and told an end for the second time.
    @Test func `who missed that an outage was taken back does not tell its end again`() {
        var village = Village(5)
        village.learn(village.flip(1, .up, from: nil))
        village.learn(village.flip(2, .down, from: .up))
        village.run(for: .seconds(5))
        village.cut([[0, 1, 2, 3], [4]])
        village.learn(village.flip(3, .degraded, from: .down), at: [0, 1, 2, 3])
        // Until its receipt is gossip no more.
        village.run(for: .minutes(2))
        #expect(village.told.map(\.notice.state) == [.down, .degraded])
        village.cut([Array(village.all)])
        village.learn(village.flip(4, .up, from: .degraded))
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.state) == [.down, .degraded])
    }

    @Test func `whoever wants outages alone is not told of one that ended unsent`() {
        var village = Village(3, routes: [Route(contact: Names.oncall, on: .offline)])
        village.receivers = [Names.oncall: .refuses]
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(10))
        village.receivers = [:]
        village.learn(village.flip(2, .up, from: .down))
        village.run(for: .minutes(10))
        #expect(village.told.isEmpty)
        #expect(village.residents.allSatisfy { $0.notices.openCount == 0 })
    }

    @Test func `whoever wants outages alone is told of each`() {
        var village = Village(3, routes: [Route(contact: Names.oncall, on: .offline)])
        for epoch in 1...6 as ClosedRange<UInt32> {
            let isDown = epoch % 2 == 1
            village.learn(village.flip(epoch, isDown ? .down : .up, from: isDown ? .up : .down))
            village.run(for: .seconds(30))
        }
        #expect(village.told.map(\.notice.epoch) == [1, 3, 5])
        #expect(Set(village.told.map(\.notice.incident)).count == 3)
    }

    @Test func `whoever wants recoveries alone is told of each`() {
        var village = Village(3, routes: [Route(contact: Names.oncall, on: .online)])
        for epoch in 1...6 as ClosedRange<UInt32> {
            let isDown = epoch % 2 == 1
            village.learn(village.flip(epoch, isDown ? .down : .up, from: isDown ? .up : .down))
            village.run(for: .seconds(30))
        }
        #expect(village.told.map(\.notice.epoch) == [2, 4, 6])
    }

    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func `a flapping target: no recovery without its outage, and the last state is told`(
        seed: UInt64
    ) {
        var village = Village(5, seed: seed)
        village.loss = 10
        var generator = SeededGenerator(seed: seed)
        for epoch in 1...21 as ClosedRange<UInt32> {
            let isDown = epoch % 2 == 1
            village.learn(village.flip(epoch, isDown ? .down : .up, from: isDown ? .up : .down))
            village.run(for: .milliseconds(Int64(generator.next() % 400)))
        }
        village.run(for: .minutes(10))
        let told = village.told.map(\.notice)
        #expect(told.last?.state == .down)
        #expect(Set(told.map(\.id)).count == told.count)
        #expect(told.map(\.epoch) == told.map(\.epoch).sorted())
        var believed = TargetState.up
        for notice in told {
            #expect(notice.state != believed || notice.previous == .down)
            believed = notice.state
        }
    }

    @Test func `two contacts are each told, whatever becomes of the other`() {
        var village = Village(
            3,
            routes: [
                Route(contact: Names.oncall, on: .both), Route(contact: Names.chat, on: .both),
            ])
        village.receivers = [Names.chat: .refuses]
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.contact) == [Names.oncall])
    }

    @Test
    func `what forked is told when it is confirmed, and only if it differs from what was told`() {
        var village = Village(3)
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(10))
        village.learn(village.flip(2, .up, from: .down, isContested: true))
        village.run(for: .minutes(1))
        #expect(village.told.count == 1)
        for number in village.all {
            village.act(number) { $0.confirm(Names.check, Names.flip(2), now: $1) }
        }
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.state) == [.down, .up])
        village.learn(village.flip(4, .up, from: .down, isContested: true))
        for number in village.all {
            village.act(number) { $0.confirm(Names.check, Names.flip(4), now: $1) }
        }
        village.run(for: .minutes(1))
        #expect(village.told.count == 2)
    }

    @Test(arguments: [TargetState.down, .up])
    func `after a birth is lost, told only if the state differs from the last receipt's`(
        state: TargetState
    ) {
        var village = Village(3)
        village.learn(village.flip(5, .down, from: .up))
        village.run(for: .seconds(10))
        let older = Birth(Bytes16(high: 40, low: 0))
        village.learn(village.flip(1, state, from: nil, birth: older, id: Names.flip(77)))
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.state) == (state == .down ? [.down] : [.down, .up]))
    }

    @Test func `a contact that a changed configuration adds hears of what is wrong now alone`() {
        for state in [TargetState.down, .up] {
            var village = Village(3)
            village.learn(village.flip(1, .down, from: .up))
            if state == .up { village.learn(village.flip(2, .up, from: .down)) }
            village.run(for: .seconds(20))
            let before = village.told.count
            village.routes[Names.check]?.append(Route(contact: Names.chat, on: .online))
            village.routes[Names.check]?.append(Route(contact: Names.chat, on: .offline))
            let (routes, contacts) = (village.routes, village.residents[0].contacts)
            for number in village.all {
                village.act(number) {
                    $0.setRoutes(routes, contacts: contacts, meshCheck: Names.meshCheck, now: $1)
                }
            }
            village.run(for: .minutes(1))
            #expect(village.told.count - before == (state == .down ? 1 : 0))
        }
    }
}

import MeshChecks
import MeshCore
import Testing

@testable import MeshNotices

/// Silences, acknowledgements and messages; what is told of the mesh, and of one side of a cut.
struct RecordStories {
    static func wall(_ seconds: UInt64) -> WallTime {
        WallTime(milliseconds: Village.wallStart.milliseconds + seconds * 1_000)
    }

    @Test func `a silenced notice is held, and sent at the silence's end if the state stands`() {
        var village = Village(5)
        village.act(3) { $0.silence(Names.check, until: Self.wall(120), actor: "ann", now: $1) }
        village.run(for: .seconds(2))
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(110))
        #expect(village.told.isEmpty)
        #expect(
            village.residents[0].notices.views(of: Names.check).map(\.status) == [.held(.none)])
        village.run(for: .minutes(2))
        #expect(village.told.map(\.by) == [0])
        #expect(village.told.allSatisfy { $0.at - Village.start < .seconds(122) })
    }

    @Test func `what began and ended within a silence is never told`() {
        var village = Village(5)
        village.act(3) { $0.silence(Names.check, until: Self.wall(120), actor: "ann", now: $1) }
        village.run(for: .seconds(2))
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(20))
        village.learn(village.flip(2, .up, from: .down))
        village.run(for: .minutes(10))
        #expect(village.told.isEmpty)
    }

    @Test func `unsilence ends it early`() {
        var village = Village(5)
        village.act(3) { $0.silence(Names.check, until: Self.wall(9_000), actor: "ann", now: $1) }
        village.run(for: .seconds(2))
        village.learn(village.flip(1, .down, from: .up))
        village.run(for: .seconds(20))
        village.act(1) { $0.unsilence(Names.check, actor: "bob", now: $1) }
        village.run(for: .seconds(5))
        #expect(village.told.map(\.by) == [0])
    }

    @Test func `a wall clock that is set ends a silence by what it shows`() {
        var village = Village(1)
        village.act(0) { $0.silence(Names.check, until: Self.wall(9_000), actor: "ann", now: $1) }
        village.run(for: .seconds(2))
        village.learn(village.flip(1, .down, from: .up, owners: 1))
        village.run(for: .seconds(20))
        #expect(village.told.isEmpty)
        village.act(0) { $0.set(WallClock(reading: Self.wall(9_001), at: $1), now: $1) }
        village.run(for: .seconds(1))
        #expect(village.told.count == 1)
    }

    @Test func `of two records on one subject the higher revision counts, then the higher node`() {
        var village = Village(3)
        // Two at once, each the first revision.
        village.act(0) { $0.silence(Names.check, until: Self.wall(50), actor: "ann", now: $1) }
        village.act(2) { $0.silence(Names.check, until: Self.wall(60), actor: "bob", now: $1) }
        village.run(for: .seconds(5))
        let subject = RecordSubject(silenceOf: Names.check, using: Names.cryptography)
        for resident in village.residents {
            #expect(resident.notices.record(of: subject)?.actor.text == "bob")
        }
        village.act(0) { $0.unsilence(Names.check, actor: "ann", now: $1) }
        village.run(for: .seconds(5))
        for resident in village.residents {
            #expect(resident.notices.record(of: subject)?.revision == 2)
            #expect(resident.notices.record(of: subject)?.content == .unsilence(Names.check))
        }
        #expect(Set(village.residents.map(\.notices.dossierRoot)).count == 1)
    }

    @Test func `messages stand beside one another, an acknowledgement names its flip`() {
        var village = Village(3)
        village.act(0) { $0.post("one", about: nil, actor: "ann", now: $1) }
        village.act(0) { $0.post("two", about: Names.check, actor: "ann", now: $1) }
        village.learn(village.flip(1, .down, from: .up))
        village.act(1) { $0.acknowledge(Names.check, actor: "bob", now: $1) }
        village.run(for: .seconds(5))
        #expect(village.residents[2].notices.subjectsWithDossier.count == 3)
        let subject = RecordSubject(acknowledgementOf: Names.check, using: Names.cryptography)
        #expect(
            village.residents[2].notices.record(of: subject)?.content
                == .acknowledgement(Names.check, Names.flip(1)))
    }

    func news(_ revision: UInt64, _ state: TargetState, isLostQuorum: Bool = false) -> MeshNews {
        MeshNews(
            subject: Bytes16(high: 3, low: 3), revision: revision, state: state,
            since: Village.wallStart, reason: Reason("node dead"),
            group: [Names.node(0), Names.node(1)], ladder: (0..<5).map(Names.node),
            isLostQuorum: isLostQuorum)
    }

    @Test func `the mesh's own notices go to the routes of mesh, without the majority`() {
        var village = Village(5)
        village.routes[Names.meshCheck] = [Route(contact: Names.chat, on: .both)]
        let (routes, contacts) = (village.routes, village.residents[0].contacts)
        for number in village.all {
            village.act(number) {
                $0.setRoutes(routes, contacts: contacts, meshCheck: Names.meshCheck, now: $1)
            }
        }
        village.cut([[0, 1], [2], [3], [4]])
        for number in [0, 1] { village.act(number) { $0.tellMesh(news(4, .down), now: $1) } }
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.kind) == [.mesh])
        #expect(village.told.map(\.notice.contact) == [Names.chat])
        for number in [0, 1] { village.act(number) { $0.tellMesh(news(5, .up), now: $1) } }
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.state) == [.down, .up])
        #expect(Set(village.told.map(\.notice.incident)).count == 1)
    }

    @Test func `without a route of mesh, lost quorum is told to every contact and nothing else is`()
    {
        var village = Village(5)
        village.cut([[0, 1], [2], [3], [4]])
        for number in [0, 1] { village.act(number) { $0.tellMesh(news(4, .down), now: $1) } }
        village.run(for: .minutes(1))
        #expect(village.told.isEmpty)
        for number in [0, 1] {
            village.act(number) { $0.tellMesh(news(5, .down, isLostQuorum: true), now: $1) }
        }
        village.run(for: .minutes(1))
        #expect(Set(village.told.map(\.notice.contact)) == [Names.oncall, Names.chat])
        #expect(village.told.count == 2)
    }

    func partial(_ state: TargetState = .down) -> PartialNews {
        PartialNews(
            check: Names.check, parent: Names.flip(1), birth: Names.birth, epoch: 1, state: state,
            previous: .up, since: Village.wallStart, reason: Reason("refused"),
            group: [Names.node(0), Names.node(1)], ladder: [Names.node(0), Names.node(1)],
            lowest: Names.node(0))
    }

    @Test func `a partial view that was told and that the chain does not confirm gets an end`() {
        var village = Village(5)
        village.learn(village.flip(1, .up, from: nil))
        village.cut([[0, 1], [2, 3, 4]])
        for number in [0, 1] { village.act(number) { $0.tellPartial(partial(), now: $1) } }
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.isPartialView) == [true])
        #expect(village.told.map(\.notice.kind) == [.partial])
        village.heal()
        for number in [0, 1] { village.act(number) { $0.dropPartials(Names.check, now: $1) } }
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.ordinal) == [0, 1])
        #expect(village.told.map(\.notice.state) == [.down, .up])
    }

    @Test func `one that the chain confirms ends without a word, and the flip is told`() {
        var village = Village(5)
        village.learn(village.flip(1, .up, from: nil))
        village.cut([[0, 1], [2, 3, 4]])
        for number in [0, 1] { village.act(number) { $0.tellPartial(partial(), now: $1) } }
        village.run(for: .minutes(1))
        village.heal()
        village.learn(village.flip(2, .down, from: .up))
        for number in [0, 1] { village.act(number) { $0.dropPartials(Names.check, now: $1) } }
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.kind) == [.partial, .flip])
    }

    @Test func `an unsent partial view is dropped on healing`() {
        var village = Village(5)
        village.receivers = [Names.oncall: .refuses]
        village.learn(village.flip(1, .up, from: nil))
        village.cut([[0, 1], [2, 3, 4]])
        for number in [0, 1] { village.act(number) { $0.tellPartial(partial(), now: $1) } }
        village.run(for: .seconds(10))
        village.receivers = [:]
        village.heal()
        for number in [0, 1] { village.act(number) { $0.dropPartials(Names.check, now: $1) } }
        village.run(for: .minutes(5))
        #expect(village.told.isEmpty)
        #expect(village.residents.allSatisfy { $0.notices.openCount == 0 })
    }
}

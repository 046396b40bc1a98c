import MeshChecks
import MeshCore
import MeshTestSupport
import Testing

@testable import MeshNotices

/// Notices of the mesh itself and of partial views: what becomes of them when they are not sent,
/// when their teller is started again, and when two sides tell.
struct MeshStories {
    private func village(_ count: Int = 5) -> Village {
        var village = Village(count)
        village.routes[Names.meshCheck] = [Route(contact: Names.chat, on: .both)]
        let (routes, contacts) = (village.routes, village.residents[0].contacts)
        for number in village.all {
            village.act(number) {
                $0.setRoutes(routes, contacts: contacts, meshCheck: Names.meshCheck, now: $1)
            }
        }
        return village
    }

    private func news(
        _ subject: MeshSubject, _ revision: UInt64, _ state: TargetState,
        first: UInt64? = nil, isLostQuorum: Bool = false
    ) -> MeshNews {
        MeshNews(
            subject: subject.bytes, revision: revision, first: first, state: state,
            since: Village.wallStart,
            reason: Reason("so"), group: (0..<5).map(Names.node), ladder: (0..<5).map(Names.node),
            isLostQuorum: isLostQuorum)
    }

    private static let dead = MeshSubject(.deadNode, of: Names.node(4))
    private static let full = MeshSubject(.fullDisk, of: Names.node(4))

    @Test func `a subject says what it is about`() {
        let subject = MeshSubject(.fullDisk, of: NodeID(Bytes16(high: 0x1122, low: 7)))
        #expect(subject.kind == .fullDisk)
        #expect(subject.bytes == Bytes16(high: 0x0600_0000_0000_1122, low: 7))
        #expect(subject.isAbout(Bytes16(high: 0xFF00_0000_0000_1122, low: 7)))
        #expect(!subject.isAbout(Bytes16(high: 0x1122, low: 8)))
        #expect(MeshSubject(Bytes16(high: 0xFF << 56, low: 7)).kind == nil)
    }

    @Test func `a trouble that is over before anybody tried to tell it is not told`() {
        var village = village()
        village.cut([[0], [1], [2], [3], [4]])
        // Nobody's turn has come: the first on the ladder does not know the contact.
        village.act(4) { $0.tellMesh(news(Self.dead, 1, .down), now: $1) }
        village.act(4) { $0.tellMesh(news(Self.dead, 2, .up), now: $1) }
        village.run(for: .minutes(10))
        #expect(village.told.isEmpty)
        #expect(village.residents[4].notices.openCount == 0)
    }

    @Test func `one that was tried is told with its end: its yes may have been lost`() {
        var village = village()
        village.receivers = [Names.chat: .refuses]
        for number in village.all {
            village.act(number) { $0.tellMesh(news(Self.dead, 1, .down), now: $1) }
        }
        village.run(for: .seconds(20))
        village.receivers = [:]
        for number in village.all {
            village.act(number) { $0.tellMesh(news(Self.dead, 2, .up), now: $1) }
        }
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.state) == [.up])
        #expect(village.told.map(\.notice.previous) == [.down])
    }

    @Test func `the end of what another has tried is told by those who never saw it`() {
        var village = village()
        village.receivers = [Names.chat: .refuses]
        village.act(3) { $0.tellMesh(news(Self.dead, 1, .down), now: $1) }
        village.run(for: .seconds(20))
        village.kill(3)
        village.receivers = [:]
        for number in [0, 1, 2, 4] {
            #expect(
                village.residents[number].notices.troublesTold.map(\.subject) == [Self.dead])
            village.act(number) { $0.tellMesh(news(Self.dead, 2, .up), now: $1) }
        }
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.state) == [.up])
        #expect(village.residents[0].notices.troublesTold.isEmpty)
    }

    @Test func `a side that tells after the other has told the end is contradicted when both meet`()
        throws
    {
        var village = village()
        village.cut([[0, 1, 2], [3, 4]])
        for number in [0, 1, 2] {
            village.act(number) { $0.tellMesh(news(Self.full, 2, .down), now: $1) }
        }
        village.run(for: .seconds(20))
        for number in [0, 1, 2] {
            village.act(number) { $0.tellMesh(news(Self.full, 3, .up), now: $1) }
        }
        village.run(for: .seconds(20))
        for number in [3, 4] {
            village.act(number) { $0.tellMesh(news(Self.full, 2, .down), now: $1) }
        }
        village.run(for: .seconds(20))
        #expect(village.told.map(\.notice.state) == [.down, .up, .down])
        village.heal()
        village.run(for: .seconds(20))
        for number in village.all {
            let notices = village.residents[number].notices
            #expect(notices.troublesTold.map(\.subject) == [Self.full])
            #expect(notices.meshRevision(of: Self.full)?.revision == 3)
            #expect(notices.needsAnotherEnd(of: Self.full))
            village.act(number) { $0.tellMesh(news(Self.full, 4, .up), now: $1) }
            #expect(!village.residents[number].notices.needsAnotherEnd(of: Self.full))
        }
        village.run(for: .seconds(20))
        #expect(village.told.map(\.notice.state) == [.down, .up, .down, .up])
        #expect(village.residents.allSatisfy { $0.notices.troublesTold.isEmpty })
    }

    @Test func `what only the majority decides, a side that has lost it keeps to itself`() {
        var village = village()
        village.receivers = [Names.chat: .refuses]
        for number in village.all {
            village.act(number) { $0.tellMesh(news(Self.dead, 1, .down), now: $1) }
        }
        village.run(for: .seconds(20))
        village.cut([[0, 1, 2], [3, 4]])
        for number in [0, 1, 2] {
            village.act(number) { $0.tellMesh(news(Self.dead, 2, .up), now: $1) }
        }
        village.receivers = [:]
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.state) == [.up])
        village.heal()
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.state) == [.up])
        #expect(village.residents.allSatisfy { $0.notices.troublesTold.isEmpty })
    }

    @Test func `a contact is not told that it fails itself`() {
        var village = village()
        let subject = MeshSubject(failing: Names.chat)
        for number in village.all {
            village.act(number) { $0.tellMesh(news(subject, 1, .down), now: $1) }
        }
        village.run(for: .minutes(10))
        #expect(village.told.isEmpty)
    }

    @Test func `what was told is known at a node that has been started again`() {
        var village = village()
        for number in village.all {
            village.act(number) { $0.tellMesh(news(Self.dead, 7, .down), now: $1) }
        }
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.subject) == [Self.dead])
        village.kill(2)
        village.restart(2)
        let notices = village.residents[2].notices
        #expect(notices.troublesTold.map(\.subject) == [Self.dead])
        #expect(notices.troublesTold.map(\.node) == village.told.map { Names.node($0.by) })
        #expect(notices.meshRevision(of: Self.dead)?.revision == 7)
        #expect(notices.meshRevision(of: Self.dead)?.state == .down)
        #expect(notices.meshRevision(of: MeshSubject(failing: Names.chat)) == nil)
    }

    // MARK: Further words

    @Test func `unwatched checks are told with a word for what is new, by one node, and one end`() {
        var village = village()
        func tell(_ revision: UInt64, _ state: TargetState, by numbers: some Sequence<Int>) {
            for number in numbers {
                village.act(number) {
                    $0.tellMesh(
                        news(.unwatchedChecks, revision, state, first: state == .up ? nil : 1),
                        now: $1)
                }
            }
            village.run(for: .minutes(1))
        }
        tell(1, .down, by: village.all)
        tell(1, .down, by: village.all)
        #expect(village.told.map(\.notice.epoch) == [1])
        tell(2, .down, by: village.all)
        tell(2, .down, by: village.all)
        #expect(village.told.map(\.notice.epoch) == [1, 2])
        // Whoever was started since knows it as well.
        village.kill(3)
        village.restart(3)
        tell(2, .down, by: [3])
        tell(3, .up, by: village.all)
        tell(3, .up, by: village.all)
        #expect(village.told.map(\.notice.epoch) == [1, 2, 3])
        #expect(village.told.map(\.notice.state) == [.down, .down, .up])
        #expect(Set(village.told.map(\.notice.incident)).count == 1)
        #expect(Set(village.told.map(\.notice.id)).count == 3)
        #expect(village.residents.allSatisfy { $0.notices.troublesTold.isEmpty })
    }

    @Test func `a word whose former one nobody got is of the same incident, at every node`() {
        var village = village()
        village.receivers = [Names.chat: .refuses]
        for number in village.all {
            village.act(number) {
                $0.tellMesh(news(.unwatchedChecks, 4, .down, first: 4), now: $1)
            }
        }
        village.run(for: .seconds(20))
        village.kill(2)
        village.restart(2)
        village.receivers = [:]
        village.act(2) { $0.tellMesh(news(.unwatchedChecks, 5, .down, first: 4), now: $1) }
        village.run(for: .minutes(1))
        let begun = FlipID(
            meshSubject: MeshSubject.unwatchedChecks.bytes, revision: 4, in: Names.mesh,
            using: Names.cryptography)
        #expect(village.told.map(\.notice.epoch) == [5])
        #expect(
            village.told.map(\.notice.incident) == [
                IncidentID(of: Names.meshCheck, beginning: begun, using: Names.cryptography)
            ])
    }

    @Test func `what began anew before its end was told is no further word`() {
        var village = village()
        for number in village.all {
            village.act(number) {
                $0.tellMesh(news(.unwatchedChecks, 1, .down, first: 1), now: $1)
            }
        }
        village.run(for: .minutes(1))
        for number in village.all {
            village.act(number) {
                $0.tellMesh(news(.unwatchedChecks, 3, .down, first: 3), now: $1)
            }
        }
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.epoch) == [1])
    }

    // MARK: Partial views

    private func partial(_ lowest: Int, _ group: [Int]) -> PartialNews {
        PartialNews(
            check: Names.check, parent: Names.flip(1), birth: Names.birth, epoch: 1, state: .down,
            previous: .up, since: Village.wallStart, reason: Reason("refused"),
            group: group.map(Names.node), ladder: group.map(Names.node),
            lowest: Names.node(lowest))
    }

    @Test func `each of two sides tells its view, and each is ended, by whoever is there`() {
        var village = Village(5)
        village.learn(village.flip(1, .up, from: nil))
        village.cut([[0, 1], [2, 3], [4]])
        for number in [0, 1] {
            village.act(number) { $0.tellPartial(partial(0, [0, 1]), now: $1) }
        }
        for number in [2, 3] {
            village.act(number) { $0.tellPartial(partial(2, [2, 3]), now: $1) }
        }
        village.run(for: .minutes(1))
        #expect(village.told.count == 2)
        #expect(Set(village.told.map(\.notice.id)).count == 2)
        village.heal()
        // All who told are gone for good; the fifth has heard of it since.
        village.run(for: .minutes(1))
        let receipts = village.residents.flatMap { $0.notices.dossier(of: Names.check) }
        var last = village.residents[4].notices
        for receipt in receipts {
            _ = last.receive(receipt: receipt, isTrusted: { _ in true }, now: village.now)
        }
        #expect(Set(last.openPartials.map(\.group)) == [Names.node(0), Names.node(2)])
        village.residents[4].notices = last
        for number in 0..<4 { village.kill(number) }
        village.run(for: .seconds(10))
        village.act(4) { $0.dropPartials(Names.check, ladder: [Names.node(4)], now: $1) }
        village.run(for: .minutes(1))
        #expect(village.told.map(\.notice.ordinal) == [0, 0, 1, 1])
        #expect(Set(village.told.map(\.notice.incident)).count == 2)
        #expect(village.residents[4].notices.openPartials.isEmpty)
    }

    @Test func `a view that is known from receipts only is not ended if the chain has moved on`() {
        var village = Village(3)
        village.learn(village.flip(1, .up, from: nil))
        for number in village.all {
            village.act(number) { $0.tellPartial(partial(0, [0, 1]), now: $1) }
        }
        village.run(for: .minutes(1))
        village.kill(2)
        village.restart(2, learning: village.flip(3, .up, from: .down))
        let before = village.told.count
        village.act(2) { $0.dropPartials(Names.check, ladder: [Names.node(2)], now: $1) }
        village.run(for: .minutes(1))
        #expect(village.told.filter { $0.notice.ordinal == 1 }.isEmpty)
        #expect(village.told.count - before <= 1)
    }

    @Test func `a side that changes before it could tell tells once, as what it is now`() {
        var village = Village(3)
        village.receivers = [Names.oncall: .refuses]
        village.learn(village.flip(1, .up, from: nil))
        for number in village.all {
            village.act(number) { $0.tellPartial(partial(0, [0, 1, 2]), now: $1) }
        }
        village.run(for: .seconds(10))
        village.kill(0)
        for number in [1, 2] {
            village.act(number) { $0.tellPartial(partial(1, [1, 2]), now: $1) }
        }
        village.receivers = [:]
        village.run(for: .minutes(10))
        #expect(village.told.count == 1)
        #expect(village.told.first?.notice.confirmedBy == [1, 2].map(Names.node))
    }

    @Test func `withdrawn, it is told to nobody else and keeps its end for those who heard`() {
        var village = Village(
            3,
            routes: [
                Route(contact: Names.oncall, on: .both), Route(contact: Names.chat, on: .both),
            ])
        village.receivers = [Names.chat: .refuses]
        village.learn(village.flip(1, .up, from: nil))
        for number in village.all {
            village.act(number) { $0.tellPartial(partial(0, [0, 1]), now: $1) }
        }
        village.run(for: .seconds(10))
        for number in village.all {
            village.act(number) { $0.withdrawPartials(Names.check, now: $1) }
        }
        village.receivers = [:]
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.contact) == [Names.oncall])
        for number in village.all {
            village.act(number) { $0.dropPartials(Names.check, now: $1) }
        }
        village.run(for: .minutes(10))
        #expect(village.told.map(\.notice.contact) == [Names.oncall, Names.oncall])
        #expect(village.told.map(\.notice.ordinal) == [0, 1])
    }
}

import MeshChecks
import MeshCore
import MeshEngine
import MeshNotices
import MeshVerdicts
import Testing

@testable import MeshSimulator

/// What a node that asks for looks, deliveries and writes gets from the world. The nodes themselves
/// are configured without checks, so that only the tests ask.
struct WatchingTests {
    private let world: World
    private let definition: CheckDefinition

    private static let withoutChecks: PlanSkew = {
        var skew = PlanSkew()
        skew.lacksChecks = [0, 1]
        return skew
    }()

    init() throws {
        var setup = WorldSetup(nodes: 3, zones: 3, seed: 5, duration: .minutes(5))
        setup.watch.checkCount = 2
        setup.watch.contactCount = 1
        for place in 0..<3 { setup.watch.skewByPlace[place] = Self.withoutChecks }
        setup.plan.add(.kill(2, silently: false), at: .seconds(200))
        setup.plan.add(.start(2), at: .seconds(210))
        world = World(setup)
        world.wanted = [.looks, .notices, .checks]
        var table = world.watch.checks
        definition = try #require(table.plan(nil).checks.first)
        _ = run(for: .seconds(10))
    }

    /// Everything that happened within `span`.
    private func run(for span: TimeSpan) -> [(at: Instant, what: Happening)] {
        let end = world.now + span
        var happened: [(Instant, Happening)] = []
        while let next = world.queue.nextDeadline, next <= end, world.step() {
            happened += world.happenings.map { (world.now, $0) }
        }
        world.now = max(world.now, end)
        return happened
    }

    private func look(by place: Int) {
        let order = LookOrder(
            token: LookToken(1), check: definition.id, definition: definition.definition,
            due: world.now)
        world.perform(.look(order), of: place)
    }

    private func observations(
        _ happened: [(at: Instant, what: Happening)]
    ) -> [Observation] {
        happened.compactMap { entry in
            if case .looked(_, _, let observation) = entry.what { observation } else { nil }
        }
    }

    private func notice(epoch: UInt32 = 1) -> Notice {
        let flip = FlipID(Bytes16(high: 1, low: UInt64(epoch)))
        let contact = world.watch.checks.contacts[0]
        return Notice(
            id: NoticeID(
                flip: flip, contact: contact, kind: .flip, ordinal: 0,
                using: FakeCryptography()),
            incident: IncidentID(of: definition.id, beginning: flip, using: FakeCryptography()),
            kind: .flip, ordinal: 0, check: definition.id, contact: contact, flip: flip,
            epoch: epoch, state: .down, previous: .up, since: WallTime(milliseconds: 0),
            reason: .none, confirmedBy: [], isPartialView: false)
    }

    private func deliver(by place: Int) {
        world.perform(
            .deliver(DeliveryOrder(token: DeliveryToken(1), notice: notice())), of: place)
    }

    private func answers(_ happened: [(at: Instant, what: Happening)]) -> [Delivery] {
        happened.compactMap { entry in
            if case .answered(_, _, let delivery) = entry.what { delivery } else { nil }
        }
    }

    // MARK: Looks

    @Test func `a refusing target answers within a round trip, a hanging one at the timeout`() {
        world.apply(.target(0, .refusing))
        look(by: 0)
        let refusals = observations(run(for: .milliseconds(100)))
        #expect(refusals.map(\.outcome) == [.saw(.down, Reason("connection refused"))])
        world.apply(.target(0, .hanging))
        look(by: 0)
        #expect(observations(run(for: .milliseconds(1_900))).isEmpty)
        #expect(observations(run(for: .milliseconds(200))).count == 1)
    }

    @Test func `a dead uplink shows everything down, an unrouted one abstains`() {
        world.apply(.uplink(1, .dead))
        look(by: 1)
        look(by: 0)
        let seen = observations(run(for: .seconds(3)))
        #expect(seen.map(\.outcome) == [.saw(.up, .none), .saw(.down, Reason("timed out"))])
        world.apply(.uplink(1, .unrouted))
        look(by: 1)
        #expect(
            observations(run(for: .seconds(3))).map(\.outcome) == [.abstained(.noResources)])
    }

    @Test func `a hanging checker never answers`() {
        world.apply(.checkerHangs(0, true))
        look(by: 0)
        #expect(observations(run(for: .seconds(30))).isEmpty)
    }

    @Test func `a paused process reads the answer when it goes on, a dead one never`() {
        look(by: 0)
        look(by: 1)
        world.apply(.pause(0))
        world.apply(.kill(1, silently: false))
        world.apply(.start(1))
        #expect(observations(run(for: .seconds(5))).isEmpty)
        world.apply(.resume(0))
        #expect(observations(run(for: .seconds(1))).isEmpty, "read at once, in this very step")
        #expect(world.watch.sights.lookCount == 1)
    }

    @Test func `a liar's looks are no sights`() {
        world.apply(.lie(0, .saysDown))
        look(by: 0)
        #expect(observations(run(for: .seconds(1))).map(\.outcome).count == 1)
        #expect(world.watch.sights.sights(of: 0).isEmpty)
        look(by: 1)
        _ = run(for: .seconds(1))
        #expect(world.watch.sights.sights(of: 0).map(\.zone) == [1])
    }

    // MARK: Telling

    @Test func `the request of a sender that dies arrives`() {
        deliver(by: 0)
        world.apply(.kill(0, silently: true))
        #expect(answers(run(for: .seconds(5))).isEmpty)
        #expect(world.watch.receivers.acceptances.map(\.process) == [0])
    }

    @Test func `a provider that loses its answer has the notice, and the sender does not know`() {
        world.apply(.receiver(contact: 0, place: 0, .losesAnswer))
        deliver(by: 0)
        #expect(answers(run(for: .seconds(5))) == [.failed(Reason("timed out"))])
        deliver(by: 1)
        #expect(answers(run(for: .seconds(5))) == [.sent])
        #expect(world.watch.receivers.repeatedCount == 1)
    }

    @Test func `a hanging provider neither takes nor answers`() {
        world.apply(.receiver(contact: 0, place: nil, .hangs))
        deliver(by: 0)
        #expect(answers(run(for: .seconds(60))).isEmpty)
        #expect(world.watch.receivers.acceptances.isEmpty)
    }

    @Test func `who lacks a contact fails at once`() {
        var skew = Self.withoutChecks
        skew.lacksContacts = [0]
        world.apply(.reconfigure(0, skew))
        deliver(by: 0)
        #expect(answers(run(for: .milliseconds(5))) == [.failed(Reason("unknown contact"))])
    }

    // MARK: Disks and clocks

    @Test func `what was stored is there after a restart, and gone with the disk`() {
        world.perform(.store(StoredItem(key: [1], value: [2]), token: StoreToken(1)), of: 2)
        world.perform(.store(StoredItem(key: [3], value: [4]), token: nil), of: 2)
        world.perform(.store(StoredItem(key: [1], value: nil), token: nil), of: 2)
        let kept = world.processes[2].disk.storedItems
        #expect(kept.contains(StoredItem(key: [3], value: [4])))
        #expect(!kept.contains { $0.key == [1] })
        world.apply(.kill(2, silently: false))
        world.apply(.eraseDisk(2))
        #expect(world.processes[2].disk.storedItems.isEmpty)
    }

    @Test func `a wall clock that jumps shows it`() {
        let before = world.wallClock(of: 0).time(at: world.processes[0].local(world.now))
        world.apply(.jumpWallClock(0, milliseconds: 3_600_000))
        let after = world.wallClock(of: 0).time(at: world.processes[0].local(world.now))
        #expect(after.milliseconds - before.milliseconds == 3_600_000)
    }
}

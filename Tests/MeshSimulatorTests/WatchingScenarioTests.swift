import MeshChecks
import MeshCore
import MeshNotices
import Testing

@testable import MeshSimulator

/// Whether the engine that is linked does anything about checks.
private let nodesLook: Bool = {
    guard let scenario = ScenarioCatalog.scenario(named: "alone") else { return false }
    var request = Scenario.Request(nodes: 1, zones: 1, duration: .minutes(2))
    request.checks = 1
    let simulation = Simulation(scenario, request)
    while simulation.world.now < .zero + .minutes(1), simulation.step() {}
    return simulation.world.watch.sights.lookCount > 0
}()

/// Every story about checks, small: no promise is broken, and each shows what it is there to show.
@Suite(.enabled(if: nodesLook, "nodes do not look at their checks yet"))
struct WatchingScenarioTests {
    @Test(arguments: ScenarioCatalog.watching.map(\.name))
    func `no promise is broken in a story about checks`(name: String) throws {
        for loss in [0, 50_000] {
            let simulation = try run(name, loss: loss, seed: 11)
            #expect(simulation.log.first.map(\.text).isEmpty, "\(name) at loss \(loss)")
        }
    }

    @Test(arguments: ["steady", "chaos", "clone", "zone-lost", "rolling-restart", "no-disk"])
    func `no promise is broken where nodes come and go and targets fail`(name: String) throws {
        let simulation = try run(name, loss: 0, seed: 7) { $0.checks = 20 }
        #expect(simulation.log.first.map(\.text).isEmpty)
    }

    // MARK: What each story is there to show

    @Test func `a node alone by configuration tells of every outage and its end`() throws {
        let simulation = try run("alone")
        #expect(states(simulation) == [.down: 6, .up: 6])
    }

    @Test func `a node that never met its peers looks, and decides and tells nothing`() throws {
        let world = try run("never-synced").world
        #expect(world.watch.sights.lookCount > 0)
        #expect(world.watch.truth.flips.isEmpty)
        #expect(world.watch.receivers.acceptances.isEmpty)
    }

    @Test(arguments: ["two-one-dies", "three-both-die"])
    func `who is left without a majority certifies nothing`(name: String) throws {
        let simulation = try run(name)
        #expect(states(simulation)[.down] == nil)
    }

    @Test(arguments: ["three-one-dies", "five-two-die", "two-forgotten"])
    func `who is left with a majority goes on`(name: String) throws {
        #expect(states(try run(name))[.down] == 6)
    }

    @Test func `a thousand targets that fail in one second are all told within thirty`() throws {
        let simulation = try run("many-fail") {
            $0.checks = 1_000
            $0.delay = 0
        }
        #expect(simulation.alerts.detection.count == 1_000)
        let last = try #require(simulation.alerts.detection.max)
        #expect(last <= 30)
    }

    @Test(arguments: ["uplink-dies", "cut-3-2-blind", "dissenter-dies"])
    func `what only some see down is told to nobody`(name: String) throws {
        #expect(states(try run(name)).isEmpty)
    }

    @Test func `a target that fails from one zone only is no outage`() throws {
        let simulation = try run("one-zone-sees")
        let first = try #require(outages(simulation).map(\.at).min())
        let failedForAll = try #require(simulation.world.watch.targets.changedAt.min())
        #expect(first > failedForAll)
        #expect(outages(simulation).count == 6)
    }

    @Test func `what does not last is no outage where it has to`() throws {
        let checks = outages(try run("delay")).map(\.check).sorted()
        #expect(checks == [0, 2, 4])
    }

    @Test(arguments: [
        "sender-killed-before-claim", "sender-killed-after-claim", "sender-killed-sending",
        "sender-killed-after-yes", "sender-paused", "claimant-paused",
    ])
    func `a sender that is struck down costs no notice, and at most a repetition`(
        name: String
    ) throws {
        let simulation = try run(name)
        let acceptances = simulation.world.watch.receivers.acceptances.filter {
            $0.notice.kind == .flip
        }
        #expect(Set(acceptances.map(\.notice.id)).count == 12)
        #expect(acceptances.count <= 12 + 3, "each blow costs one at most")
        #expect(simulation.log.count == 0)
    }

    @Test func `a contact that only some know is told by one of them`() throws {
        #expect(states(try run("contact-unknown-to-most")) == [.down: 6, .up: 6])
    }

    @Test func `an outage through which all nodes were killed is told once`() throws {
        #expect(states(try run("all-killed")) == [.down: 6, .up: 6])
    }

    @Test func `who signs two verdicts under one number is found out`() throws {
        #expect(try run("liar-equivocates").world.watch.truth.equivocationCount > 0)
    }

    @Test func `one who only wants to hear of outages hears of nothing else`() throws {
        let acceptances = try run("one-sided-alerts").world.watch.receivers.acceptances
        let offline = acceptances.filter { $0.contact == 1 }.map(\.notice.state)
        let online = acceptances.filter { $0.contact == 2 }.map(\.notice.state)
        #expect(Set(offline) == [.down])
        #expect(Set(online) == [.up])
    }

    // MARK: How fast

    @Test func `the first request leaves soon after a target has stopped`() throws {
        let simulation = try run("prompt") { Self.hurry(&$0) }
        let (median, last) = (simulation.alerts.detection.median, simulation.alerts.detection.max)
        #expect(simulation.alerts.detection.count == 10)
        #expect(try #require(median) <= 0.6)
        #expect(try #require(last) <= 1.8)
    }

    @Test func `it leaves soon even if the first owner dies with the target`() throws {
        let simulation = try run("prompt-first-owner-killed") { Self.hurry(&$0) }
        #expect(simulation.alerts.detection.count == 10)
        #expect(try #require(simulation.alerts.detection.max) <= 6)
    }

    private static func hurry(_ request: inout Scenario.Request) {
        request.checks = 10
        request.interval = .seconds(1)
        request.delay = 0
    }

    // MARK: Support

    private func outages(_ simulation: Simulation) -> [Receivers.Acceptance] {
        simulation.world.watch.receivers.acceptances.filter {
            $0.notice.kind == .flip && $0.notice.state == .down
        }
    }

    /// How many notices of flips were accepted, by what they told.
    private func states(_ simulation: Simulation) -> [TargetState: Int] {
        var counts: [TargetState: Int] = [:]
        for acceptance in simulation.world.watch.receivers.acceptances
        where acceptance.notice.kind == .flip {
            counts[acceptance.notice.state, default: 0] += 1
        }
        return counts
    }

    private func run(
        _ name: String, loss: Int = 0, seed: UInt64 = 1,
        _ change: (inout Scenario.Request) -> Void = { _ in }
    ) throws -> Simulation {
        let scenario = try #require(ScenarioCatalog.scenario(named: name))
        var request = Scenario.Request(
            nodes: 5, lossPerMillion: loss, duration: .minutes(3), seed: seed)
        change(&request)
        let simulation = Simulation(scenario, request)
        _ = simulation.run()
        return simulation
    }
}

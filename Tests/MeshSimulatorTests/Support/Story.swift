import MeshChecks
import MeshCore
import MeshMembership
import MeshNotices
import MeshVerdicts
import Testing

@testable import MeshSimulator

/// One run of a named scenario, and what people heard of it.
struct Story {
    let simulation: Simulation
    /// What nodes reported about checks, in order.
    private(set) var reports: [(at: Instant, process: Int, event: CheckEvent)] = []
    /// Who saw what, in order.
    private(set) var looks: [(at: Instant, process: Int, check: CheckID, state: TargetState)] = []
    /// When anybody first held somebody for dead.
    private(set) var firstDeath: Instant?
    private(set) var noticeReports: [(process: Int, event: NoticeEvent)] = []

    /// Runs it to its end, or until `end` where the rest shows nothing and costs much. No promise may
    /// be broken on the way.
    init(
        _ name: String, nodes: Int = 5, checks: Int = 0, loss: Int = 0, seed: UInt64 = 1,
        until end: TimeSpan? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout Scenario.Request) -> Void = { _ in }
    ) throws {
        let scenario = try #require(ScenarioCatalog.scenario(named: name))
        var request = Scenario.Request(
            nodes: nodes, lossPerMillion: loss, duration: .minutes(3), seed: seed)
        request.checks = checks
        change(&request)
        simulation = Simulation(scenario, request)
        simulation.world.wanted.insert(.looks)
        while end.map({ world.now < .zero + $0 }) ?? true, simulation.step() {
            for happening in simulation.world.happenings { note(happening) }
        }
        let violations = simulation.log.first.map(\.text)
        #expect(violations.isEmpty, "\(name) \(seed)", sourceLocation: sourceLocation)
    }

    private mutating func note(_ happening: Happening) {
        switch happening {
        case .checkReported(let process, let event):
            reports.append((world.now, process, event))
        case .looked(let process, let order, let observation):
            guard case .saw(let state, _) = observation.outcome else { return }
            looks.append((world.now, process, order.check, state))
        case .reported(_, .changed(_, _, .dead, _, _, _), _):
            if firstDeath == nil { firstDeath = world.now }
        case .noticeReported(let process, let event): noticeReports.append((process, event))
        default: break
        }
    }

    var world: World { simulation.world }

    /// Every acceptance of a notice about a check's state, repetitions included, in order.
    var told: [Receivers.Acceptance] {
        world.watch.receivers.acceptances.filter { $0.notice.kind == .flip }
    }

    func told(_ state: TargetState) -> [Receivers.Acceptance] {
        told.filter { $0.notice.state == state }
    }

    /// How often each state was told.
    var counts: [TargetState: Int] {
        told.reduce(into: [:]) { $0[$1.notice.state, default: 0] += 1 }
    }

    /// How long after the first fault that put a check's target into `condition` it was told, by
    /// acceptance.
    func delays(_ state: TargetState, after condition: TargetCondition) -> [TimeSpan] {
        told(state).compactMap { acceptance in
            moment { $0 == .target(acceptance.check, condition) }.map { acceptance.at - $0 }
        }
    }

    /// When the plan's first fault of a kind was due.
    func moment(of isWanted: (Fault) -> Bool) -> Instant? {
        world.setup.plan.entries.filter { isWanted($0.fault) }.map(\.at).min()
            .map { Instant.zero + $0 }
    }

    /// When the plan's last fault of a kind was due.
    func lastMoment(of isWanted: (Fault) -> Bool) -> Instant? {
        world.setup.plan.entries.filter { isWanted($0.fault) }.map(\.at).max()
            .map { Instant.zero + $0 }
    }

    /// The states that a contact heard about one check, in order.
    func states(of check: Int) -> [TargetState] {
        told.filter { $0.check == check }.map(\.notice.state)
    }
}

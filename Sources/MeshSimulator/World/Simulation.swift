import MeshCore
import MeshEngine
import MeshMembership

/// One run: a world, the invariants that watch it, and the recorders of its figures.
package final class Simulation {
    package let world: World
    package private(set) var log = ViolationLog()
    package private(set) var detections: DetectionRecorder
    package private(set) var deaths = DeathRecorder()
    package private(set) var alerts = AlertRecorder()
    private var invariants: [any Invariant]
    /// For each kind of happening, which invariants asked for it.
    private var interested: [(kind: Happening.Kinds, invariants: [Int])] = []
    private let scenario: Scenario
    private let request: Scenario.Request
    private var lastSecond = 0
    private var nextExamined = 0
    private var nodeSeconds = 0
    private var queuedUpdatesMax = 0

    /// So many member views are looked at per virtual second, a few processes at a time: a small
    /// mesh is examined whole every second, one of a thousand in several minutes.
    private static let viewsExaminedPerSecond = 3_000
    private static let kinds: [Happening.Kinds] = [
        .lives, .sent, .delivered, .reported, .deadlines, .suspicious, .looks, .checks,
        .notices,
    ]

    package init(
        _ scenario: Scenario, _ request: Scenario.Request, sabotage: Sabotage? = nil
    ) {
        self.scenario = scenario
        self.request = request
        var setup = scenario.setup(request)
        setup.sabotage = sabotage
        world = World(setup)
        invariants = Invariants.all(scenario.bounds(request, setup))
        detections = DetectionRecorder(
            joinsCountFrom: Instant.zero + setup.startSpread + .seconds(10))
        var wanted: Happening.Kinds = [.lives, .reported, .checks, .notices]
        for kind in Self.kinds {
            let indices = invariants.indices.filter { invariants[$0].interests.contains(kind) }
            interested.append((kind, indices))
            if !indices.isEmpty { wanted.formUnion(kind) }
        }
        for outsider in setup.outsiders { wanted.formUnion(outsider.interests) }
        world.wanted = wanted
    }

    /// Takes one step and holds it against every invariant. False if the run is over.
    package func step() -> Bool {
        guard world.step() else { return false }
        for happening in world.happenings { show(happening) }
        if !world.outsiders.isEmpty, !world.happenings.isEmpty { world.showHappeningsToOutsiders() }
        if world.counts.seconds != lastSecond {
            lastSecond = world.counts.seconds
            passSecond()
        }
        return true
    }

    package func run() -> Figures {
        while step() {}
        return figures()
    }

    private func show(_ happening: Happening) {
        let kind = happening.kind
        for entry in interested where kind.contains(entry.kind) {
            for index in entry.invariants {
                invariants[index].observe(happening, in: world, log: &log)
            }
        }
        if kind == .lives || kind == .reported {
            detections.observe(happening, in: world)
            deaths.observe(happening, in: world)
        } else if kind == .checks || kind == .notices {
            alerts.observe(happening, in: world)
        }
    }

    private func passSecond() {
        for index in invariants.indices { invariants[index].inspect(world, log: &log) }
        var views = 0
        for _ in world.processes.indices where views < Self.viewsExaminedPerSecond {
            nextExamined = (nextExamined + 1) % world.processes.count
            guard world.isRunning(nextExamined) else { continue }
            let members = world.members(of: nextExamined)
            views += max(members.count, 1)
            for index in invariants.indices {
                invariants[index].examine(members, of: nextExamined, in: world, log: &log)
            }
        }
        nodeSeconds += world.runningCount
        let sampled = world.processes[world.counts.seconds % world.processes.count]
        queuedUpdatesMax = max(queuedUpdatesMax, sampled.node?.queuedUpdatesCount ?? 0)
    }

    private var missedCount: Int {
        invariants.reduce(0) { $0 + (($1 as? NothingMissed)?.missedCount ?? 0) }
    }

    private var judgedCount: Int {
        invariants.reduce(0) { $0 + (($1 as? NothingMissed)?.judgedCount ?? 0) }
    }

    package func figures() -> Figures {
        let setup = world.setup
        var figures = Figures(
            scenario: scenario.name, nodes: request.nodes, zones: setup.zoneCount,
            lossPerMillion: setup.conditions.lossPerMillion, seed: setup.seed,
            virtual: setup.duration, violations: log.count, violatedInvariants: log.invariants,
            firstViolation: log.first.first?.text,
            detections: detections, deaths: deaths, checks: setup.watch.checkCount, alerts: alerts,
            nodeHours: Double(nodeSeconds) / 3_600,
            counts: world.counts, packetsInFlightMax: world.packets.countMax,
            queuedUpdatesMax: queuedUpdatesMax, trace: world.traceHash)
        let measured = (setup.duration - (world.traffic.measuringSince - .zero)).inSeconds
        var storage = Distribution()
        for process in world.processes where process.state == .running {
            let members = process.node?.members.count ?? 0
            if members > 0 {
                storage.add(Double(process.node?.memberStorageByteCount ?? 0) / Double(members))
            }
            guard process.startedAt <= world.traffic.measuringSince + setup.startSpread else {
                continue
            }
            let sent = world.traffic.measured(process.number)
            figures.bytesPerSecond.add(Double(sent.bytes) / measured)
            figures.datagramBytesPerSecond.add(Double(sent.datagramBytes) / measured)
            figures.packetsPerSecond.add(Double(sent.datagrams) / measured)
        }
        figures.bytesPerMemberEntry = storage.mean
        figures.watching = WatchFigures(world, missed: missedCount, judged: judgedCount)
        return figures
    }
}

extension Happening {
    /// Which kinds of interest this one answers.
    var kind: Kinds {
        switch self {
        case .started, .ended, .paused, .resumed: .lives
        case .sent: .sent
        case .delivered(_, _, _, .genuine, _): .delivered
        case .delivered: [.delivered, .suspicious]
        case .reported: .reported
        case .deadlineHandled: .deadlines
        case .looked: .looks
        case .flipped, .checkReported: .checks
        case .ordered, .accepted, .answered, .noticeReported: .notices
        }
    }
}

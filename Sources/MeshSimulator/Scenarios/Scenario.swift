import MeshChecks
package import MeshCore
package import MeshMembership

/// A named run: what is wrong with the network, what fails when, and how long it must last to show
/// something. The request says how large, the seed which of its many ways.
package struct Scenario: Sendable {
    package let name: String
    /// What happens, in a sentence for `--list`.
    package let story: String
    /// Fewer nodes, and the story cannot happen, or promises what so few cannot keep.
    package let nodesMin: Int
    /// It says itself which targets fail; elsewhere some do, by chance.
    private let hasOwnTargets: Bool
    private let prepare: @Sendable (inout Stage) -> Void

    init(
        _ name: String, _ story: String, nodesMin: Int = 1, hasOwnTargets: Bool = false,
        _ prepare: @escaping @Sendable (inout Stage) -> Void
    ) {
        self.name = name
        self.story = story
        self.nodesMin = nodesMin
        self.hasOwnTargets = hasOwnTargets
        self.prepare = prepare
    }

    /// What the caller chooses.
    package struct Request: Sendable {
        package var nodes: Int
        package var zones: Int
        package var lossPerMillion: Int
        package var duration: TimeSpan
        package var seed: UInt64
        package var parameters = MembershipParameters()
        package var checks = 0
        package var contacts = 1
        package var interval = TimeSpan.seconds(10)
        package var delay = 1
        package var confirmations = 3

        package init(
            nodes: Int, zones: Int = 3, lossPerMillion: Int = 0, duration: TimeSpan = .minutes(10),
            seed: UInt64 = 1
        ) {
            self.nodes = nodes
            self.zones = zones
            self.lossPerMillion = lossPerMillion
            self.duration = duration
            self.seed = seed
        }
    }

    package func setup(_ request: Request) -> WorldSetup {
        var hash = StableHash(seed: request.seed)
        hash.combine(name.utf8)
        var stage = Stage(request, SeededGenerator(seed: hash.finalize()))
        prepare(&stage)
        if !hasOwnTargets { stage.letTargetsFail() }
        return stage.setup
    }

    /// What the protocol promises in this scenario's world.
    package func bounds(_ request: Request, _ setup: WorldSetup) -> Bounds {
        Bounds(
            nodes: setup.placeCount, parameters: request.parameters,
            lossPerMillion: setup.conditions.lossPerMillion, watch: setup.watch)
    }
}

/// What a scenario is written on: the setup, a generator of its own, and the times that matter.
struct Stage: Sendable {
    let request: Scenario.Request
    var setup: WorldSetup
    var generator: SeededGenerator

    init(_ request: Scenario.Request, _ generator: SeededGenerator) {
        self.request = request
        self.generator = generator
        setup = WorldSetup(
            nodes: request.nodes, zones: request.zones, seed: request.seed,
            duration: request.duration)
        setup.parameters = request.parameters
        setup.conditions = NetworkConditions(lossPerMillion: request.lossPerMillion)
        guard request.checks > 0 else { return }
        setup.watch.checkCount = request.checks
        setup.watch.contactCount = request.contacts
        setup.watch.rules = [
            VotingRule(
                confirmations: request.confirmations, delay: request.delay,
                interval: request.interval)
        ]
        setup.watch.timeout = min(.seconds(2), request.interval / 2)
    }

    var nodes: Int { setup.startingCount }
    /// When all have started and found each other.
    var settled: TimeSpan { setup.startSpread + .seconds(30) }
    var bounds: Bounds {
        Bounds(
            nodes: setup.placeCount, parameters: request.parameters,
            lossPerMillion: request.lossPerMillion, watch: setup.watch)
    }
    /// How long the mesh needs to itself at the end for agreement to be judged.
    var rest: TimeSpan {
        let truth = bounds.truth
        let watching = request.checks > 0 ? truth.certification + truth.telling : .zero
        return bounds.agreement + watching + .seconds(70)
    }
    /// The last moment at which something may go wrong.
    var lastFault: TimeSpan { max(setup.duration - rest, settled) }

    /// Lets the run last until `rest` after `end`, if it would be over before.
    mutating func extend(beyond end: TimeSpan) {
        setup.duration = max(setup.duration, end + rest)
    }

    /// Some targets fail and come back: a twentieth of them, at least one. Drawn apart, so that a
    /// world without checks stays the world it was.
    mutating func letTargetsFail() {
        guard request.checks > 0 else { return }
        extend(beyond: settled)
        var own = SeededGenerator(seed: StableHash.of(request.seed, 0x74_6172_6765_7473))
        let conditions: [TargetCondition] = [.refusing, .refusing, .hanging, .degraded]
        for _ in 0..<max(1, request.checks / 20) {
            let check = own.index(below: request.checks)
            let at = own.span(from: settled, to: lastFault)
            let condition = conditions[own.index(below: conditions.count)]
            setup.plan.add(.target(check, condition), at: at)
            let end = at + own.span(from: .seconds(20), to: .seconds(180))
            if end <= lastFault { setup.plan.add(.target(check, .up), at: end) }
        }
    }

    /// Adds places that only faults start, and returns the first one's number.
    mutating func addPlaces(_ count: Int) -> Int {
        defer { setup.placeCount += count }
        return setup.placeCount
    }

    /// `count` different places among those that start by themselves, by chance.
    mutating func choose(_ count: Int) -> [Int] {
        var places = Array(0..<nodes)
        generator.shuffle(&places)
        return Array(places.prefix(count))
    }

    /// A moment between two others, by chance.
    mutating func moment(from start: TimeSpan, to end: TimeSpan) -> TimeSpan {
        generator.span(from: start, to: max(start, end))
    }
}

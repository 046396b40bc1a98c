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
    private let prepare: @Sendable (inout Stage) -> Void

    init(
        _ name: String, _ story: String, nodesMin: Int = 1,
        _ prepare: @escaping @Sendable (inout Stage) -> Void
    ) {
        self.name = name
        self.story = story
        self.nodesMin = nodesMin
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
        return stage.setup
    }

    /// What the protocol promises in this scenario's world.
    package func bounds(_ request: Request, _ setup: WorldSetup) -> Bounds {
        Bounds(
            nodes: setup.placeCount, parameters: request.parameters,
            lossPerMillion: setup.conditions.lossPerMillion)
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
    }

    var nodes: Int { setup.startingCount }
    /// When all have started and found each other.
    var settled: TimeSpan { setup.startSpread + .seconds(30) }
    var bounds: Bounds {
        Bounds(
            nodes: setup.placeCount, parameters: request.parameters,
            lossPerMillion: request.lossPerMillion)
    }
    /// How long the mesh needs to itself at the end for agreement to be judged.
    var rest: TimeSpan { bounds.agreement + .seconds(70) }
    /// The last moment at which something may go wrong.
    var lastFault: TimeSpan { max(setup.duration - rest, settled) }

    /// Lets the run last until `rest` after `end`, if it would be over before.
    mutating func extend(beyond end: TimeSpan) {
        setup.duration = max(setup.duration, end + rest)
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

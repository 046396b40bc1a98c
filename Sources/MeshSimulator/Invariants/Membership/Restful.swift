import MeshCore

/// A quiet mesh is quiet: no question leads to an answer that leads to a question, without end.
package struct Restful: Invariant {
    package static let name = "restful"
    package static let promise =
        "in a whole mesh in which nothing changes nobody sends more than a bounded rate (design 9)"

    private let bounds: Bounds
    /// What each process had sent at the beginning of this stretch.
    private var baseline: [Int] = []
    private var since: Instant?
    private var toldOf: Set<Int> = []

    /// Rates are means over so long.
    private static let stretch = TimeSpan.seconds(10)
    /// Datagrams a second: this, and one more for each node.
    private static let rateBase = 50

    package init(bounds: Bounds) { self.bounds = bounds }

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        guard isQuiet(world) else {
            since = nil
            return
        }
        guard let start = since else { return begin(world) }
        guard world.now - start >= Self.stretch else { return }
        // Who sees everything down calls the other owners with every look.
        let calls = world.watch.targets.blindCount > 0 ? bounds.truth.callsPerSecond : 0
        let limit =
            (Self.rateBase + world.processes.count + calls)
            * Int(Self.stretch.milliseconds / 1_000)
        for process in world.processes where process.state == .running {
            let sent = world.traffic.sent(by: process.number).datagrams - baseline[process.number]
            guard sent > limit, toldOf.insert(process.number).inserted else { continue }
            log.add(
                Self.self, at: world.now,
                "\(process.name) sent \(sent) datagrams within \(Self.stretch.milliseconds / 1_000) s "
                    + "in a mesh in which nothing happens")
        }
        begin(world)
    }

    private mutating func begin(_ world: World) {
        since = world.now
        baseline = world.processes.map { world.traffic.sent(by: $0.number).datagrams }
    }

    private func isQuiet(_ world: World) -> Bool {
        let targets = world.watch.targets
        let changed = max(world.watch.lastDisturbance, targets.lastChange)
        return world.calm.quiet(at: world.now) >= bounds.agreement
            && targets.flappingCount == 0
            && world.watch.liars.isEmpty
            // What a provider does not take is tried again, by one after another.
            && world.watch.receivers.areWell
            && (bounds.checkCount == 0
                || world.now - changed >= bounds.truth.certification + bounds.truth.telling)
    }
}

import MeshCore
import MeshEngine
import MeshMembership

/// While nobody is paused or cut off, nobody who runs is taken for dead, up to the loss that the
/// last look was made for.
///
/// It asks eight times, and four times three relays: with a quarter of the packets lost all of it
/// fails once in some hundred thousand looks, with two fifths once in a few hundred.
package struct NoFalseDeath: Invariant {
    package static let name = "no-false-death"
    package static let promise =
        "a running, reachable process is never dead in anyone's view (Lifeguard; design 4, last look)"

    private let bounds: Bounds

    /// Above this loss figures tell how often it happens; nothing is promised.
    private static let lossMax = 300_000
    /// Up to which loss a process that only TCP reaches is never taken for dead.
    private static let lossWithoutDatagramsMax = 100_000

    /// The longest last look.
    private static let lookMax = TimeSpan.seconds(4)

    package init(bounds: Bounds) { self.bounds = bounds }

    package var interests: Happening.Kinds { .reported }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard
            case .reported(
                let process, .changed(let subject, _, .dead, let generation, _, _), let previous) =
                happening,
            // Whoever is read from disk enters as dead.
            previous != nil,
            world.network.conditions.lossPerMillion <= Self.lossMax,
            world.calm.isUnimpaired(for: bounds.aftermath, at: world.now),
            let identity = world.identities.number(of: subject)
        else { return }
        // A disk that was put back may start under a generation that was used before: what is said
        // of that life is true, and this one does not know it yet. Nobody accuses a new life sooner.
        guard let place = world.livingHolder(of: identity, generation: generation),
            world.now - world.processes[place].startedAt >= .seconds(2)
        else { return }
        // With TCP alone and a quarter of its packets lost, no second is long enough to be sure.
        let start = world.now - Self.lookMax
        guard
            ![place, process].contains(where: {
                world.watch.troubles.has(.datagrams(of: $0), since: start)
            }) || world.network.conditions.lossPerMillion <= Self.lossWithoutDatagramsMax
        else { return }
        log.add(
            Self.self, at: world.now,
            "\(world.processes[process].name) takes \(world.processes[place].name) for dead, "
                + "which runs since \(world.processes[place].startedAt.seconds)")
    }
}

extension World {
    /// The one process that runs `identity`, began with `generation` or a lower one and has come to
    /// it by now: the life that a claim about that generation is about. `nil` while the process is
    /// leaving or two share the key, or if another that shared it went further; then nothing is
    /// promised.
    package func livingHolder(of identity: Int, generation: UInt32) -> Int? {
        var found: Int?
        for process in processes where process.isUp && process.identity == identity {
            guard found == nil, !process.isLeaving else { return nil }
            found = process.number
        }
        guard let found, processes[found].startGeneration <= generation,
            let own = processes[found].node?.member(identities.all[identity].id),
            generation <= own.standing.generation
        else { return nil }
        return found
    }
}

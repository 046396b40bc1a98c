import MeshCore
import MeshEngine
import MeshMembership

/// Counts deaths that were none, suspicions and refutations.
package struct DeathRecorder: Sendable {
    /// Distinct deaths (a subject's incarnation) of processes that ran all the while.
    package private(set) var ofRunning = 0
    /// Of processes that were paused or had been within `afterStall`.
    package private(set) var ofStalled = 0
    /// Of processes that were cut off, or had been within `afterStall`.
    package private(set) var ofCutOff = 0
    /// All reports of such deaths: one death may be reported by everybody.
    package private(set) var reports = 0
    /// Those of them that were about processes that ran all the while: what Lifeguard's authors
    /// count as false positives.
    package private(set) var reportsOfRunning = 0
    package private(set) var suspicions = 0
    package private(set) var refutations = 0
    package private(set) var stalls = 0

    private static let afterStall = TimeSpan.seconds(60)

    private struct Death: Hashable, Sendable {
        var identity: Int
        var generation: UInt32
        var incarnation: UInt32
    }

    /// Only looked up.
    private var counted: Set<Death> = []

    package init() {}

    package mutating func observe(_ happening: Happening, in world: World) {
        guard case .reported(_, let event, let previous) = happening else { return }
        switch event {
        case .changed(let subject, _, let state, let generation, let incarnation, _):
            if state == .suspect { suspicions += 1 }
            guard state == .dead, previous != nil,
                let identity = world.identities.number(of: subject),
                let place = world.livingHolder(of: identity, generation: generation)
            else { return }
            reports += 1
            let kind = kind(of: place, in: world)
            if kind == .running { reportsOfRunning += 1 }
            let death = Death(
                identity: identity, generation: generation, incarnation: incarnation)
            guard counted.insert(death).inserted else { return }
            switch kind {
            case .running: ofRunning += 1
            case .stalled: ofStalled += 1
            case .cutOff: ofCutOff += 1
            }
        case .refuted: refutations += 1
        case .stalled: stalls += 1
        case .removed, .nameConflict, .nameTaken, .collision, .datagramsBlocked, .synced: break
        }
    }

    private enum Kind { case running, stalled, cutOff }

    private func kind(of place: Int, in world: World) -> Kind {
        let process = world.processes[place]
        if process.state == .paused
            || (process.resumedAt > process.startedAt
                && world.now - process.resumedAt < Self.afterStall)
        {
            return .stalled
        }
        if !world.calm.isNetworkWhole || world.now - world.lastHealed < Self.afterStall {
            return .cutOff
        }
        return .running
    }
}

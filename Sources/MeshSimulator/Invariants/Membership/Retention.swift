import MeshCore
import MeshMembership

/// The dead are remembered for as long as was promised and not for ever, and never forgotten by a
/// minority.
package struct Retention: Invariant {
    package static let name = "retention"
    package static let promise =
        "the dead are dropped 24 h after their end, and only by a majority (design 4 and 5)"

    private let bounds: Bounds
    /// When anybody first took the identity for dead, left or forgotten, by identity.
    private var endedSince: [Instant?] = []

    package init(bounds: Bounds) { self.bounds = bounds }

    package var interests: Happening.Kinds { .reported }

    package mutating func observe(
        _ happening: Happening, in world: World, log: inout ViolationLog
    ) {
        guard case .reported(let process, let event, let previous) = happening else { return }
        switch event {
        case .changed(let subject, _, let state, _, _, _):
            guard let identity = world.identities.number(of: subject) else { return }
            let missing = identity + 1 - endedSince.count
            if missing > 0 { endedSince.append(contentsOf: repeatElement(nil, count: missing)) }
            if state.isReachable {
                endedSince[identity] = nil
            } else if endedSince[identity] == nil {
                endedSince[identity] = world.now
            }
        case .removed(let subject):
            judge(process, dropping: subject, previous, in: world, log: &log)
        case .refuted, .nameConflict, .nameTaken, .collision, .datagramsBlocked, .stalled, .synced:
            break
        }
    }

    private func judge(
        _ process: Int, dropping subject: NodeID, _ previous: ViewTable.View?, in world: World,
        log: inout ViolationLog
    ) {
        guard let identity = world.identities.number(of: subject) else { return }
        let name = world.processes[process].name
        if identity < endedSince.count, let since = endedSince[identity],
            world.now - since < bounds.retention - bounds.retentionSlack
        {
            log.add(
                Self.self, at: world.now,
                "\(name) dropped \(world.name(of: subject)), ended at \(since.seconds), early")
        }
        guard previous?.standing.state == .dead, world.isMinority(process) else { return }
        log.add(
            Self.self, at: world.now,
            "\(name) dropped \(world.name(of: subject)) without a majority")
    }

    package mutating func inspect(_ world: World, log: inout ViolationLog) {
        // Only worlds without impairment promise when: a minority's time stands still.
        guard world.counts.seconds % 60 == 0, world.calm.lastImpairment == nil else { return }
        for identity in endedSince.indices {
            guard let since = endedSince[identity],
                world.now - since >= bounds.retention + bounds.retentionSlack
            else { continue }
            let holder = world.processes.first {
                $0.state == .running
                    && world.views.view(of: identity, by: $0.number)?.standing.state == .dead
            }
            guard let holder else { continue }
            log.add(
                Self.self, at: world.now,
                "\(holder.name) still remembers \(world.identities.all[identity].name), dead since "
                    + since.seconds)
            endedSince[identity] = nil
        }
    }
}

extension World {
    /// Whether fewer than half of those whom the process knows can be reached from it.
    func isMinority(_ process: Int) -> Bool {
        var known = 1
        for identity in identities.all where identity.number != processes[process].identity {
            let state = views.view(of: identity.number, by: process)?.standing.state
            if state?.isKnown ?? false { known += 1 }
        }
        let reachable = processes.count {
            $0.state == .running && network.reachability.isConnected(process, $0.number)
        }
        return 2 * reachable < known
    }
}
